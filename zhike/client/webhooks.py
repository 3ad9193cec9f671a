"""For those who receive webhooks: is it from the product, and what does it tell?

event = read_event(body, headers["Zhike-Signature"], [secret])      # the bytes as they came, before anything parsed them
if not seen_before(event["id"]):                                    # the same event may come twice
    ...
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any, TypedDict, cast

TOLERANCE = 300.0
"""Seconds a signature may be old, or ahead."""
VERSION = 1
MOST_PARTS = 20


class BadSignature(ValueError):
    """It was not signed with any of the secrets, not for these bytes, or too long ago. Answer 400 and do nothing."""


class EventCase(TypedDict):
    """The case as it stood when the event was written. `department`: an id, as the API has it."""

    number: str
    handbook: str
    process: str
    stage: str
    status: str
    department: int | None


class WebhookEvent(TypedDict):
    """`id` stays the same on every repetition, `position` grows; `data` depends on the kind (docs/webhooks.md)."""

    version: int
    id: str
    kind: str
    at: str
    position: int | None
    subject: str
    handbook: str
    clauses: list[str]
    case: EventCase | None
    data: dict[str, Any]


def read_event(
    body: bytes, signature: str, secrets: Sequence[str], *, now: float | None = None, tolerance: float = TOLERANCE
) -> WebhookEvent:
    """The event in `body`, once its signature is found good. `secrets`: those in use, two while one is being changed. `now`: seconds
    since 1970, the machine's when left out. Raises BadSignature; ValueError for a version this client does not know."""
    verify(body, signature, secrets, now=now, tolerance=tolerance)
    told = json.loads(body)
    if not isinstance(told, dict) or told.get("version") != VERSION:
        raise ValueError("a payload of another version: renew this client")
    return cast(WebhookEvent, told)


def verify(
    body: bytes, signature: str, secrets: Sequence[str], *, now: float | None = None, tolerance: float = TOLERANCE
) -> None:
    """Raises BadSignature."""
    parts = [part.strip().partition("=") for part in signature.split(",")[:MOST_PARTS]]
    stamps = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1"]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit() and len(stamps[0]) < 16):
        raise BadSignature("no timestamp")
    at = time.time() if now is None else now  # house-rule: clock, a receiver has no clock of ours
    if abs(at - int(stamps[0])) > tolerance:
        raise BadSignature("signed too long ago, or ahead: is this machine's clock right?")
    signed = stamps[0].encode() + b"." + body
    right = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    if not any(hmac.compare_digest(a.encode(), b.encode()) for a in right for b in given):
        raise BadSignature("signed with none of the secrets")
