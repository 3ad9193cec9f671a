"""What a provider's adapter offers, whichever provider it is.

An adapter knows its provider's protocol and nothing of templates, consents or tables: a parcel in, an outcome out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from zhike.channels.addresses import BadAddress, parse
from zhike.channels.calling import Reply, call
from zhike.channels.http import Line

NEVER_LEFT = ("name", "refused", "connect", "tls")
"""Faults of calls whose request was never sent."""


@dataclass(frozen=True, slots=True)
class Account:
    """How a provider knows us. `endpoint` is another address than the provider's own, or ""."""

    access_id: str
    secret: str
    region: str = ""
    app_id: str = ""
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message ready to be sent."""

    reference: str
    """Ours, of at most 32 letters, digits and hyphens; it comes back with the receipt."""
    to: str
    words: str
    """Without signature."""
    signature: str
    template: str
    values: tuple[tuple[str, str], ...]
    """(variable, words) in the order of the template."""
    at: dt.datetime
    """When it was first tried, for asking about it later."""
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the provider said."""

    state: Literal["taken", "delivered", "failed", "again", "unknown", "not_found"]
    """`again`: it surely did not take it and may later. `unknown`: it may have taken it. `not_found`: it knows of no such message (yet)."""
    provider_id: str = ""
    code: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one message, as the provider reports it."""

    provider_id: str
    reference: str
    number: str
    delivered: bool
    code: str
    words: str
    segments: int | None = None


@dataclass(frozen=True, slots=True)
class Uplink:
    """What somebody wrote back."""

    key: str
    """Unique with the provider: handed over twice it is taken once."""
    number: str
    words: str


class Unreadable(ValueError):
    """A callback that is not what the provider sends."""


class Gateway(Protocol):
    """One provider."""

    @property
    def needs_template(self) -> bool:
        """It sends registered templates only."""
        ...

    def send(self, parcel: Parcel, now: dt.datetime) -> Outcome: ...

    def ask(self, parcel: Parcel, now: dt.datetime) -> Outcome:
        """What became of a message sent earlier."""
        ...

    def receipts(self, body: bytes) -> Sequence[Receipt]:
        """Raises Unreadable."""
        ...

    def replies(self, body: bytes) -> Sequence[Uplink]:
        """Raises Unreadable."""
        ...

    @property
    def answer(self) -> dict[str, Any]:
        """What the provider wants to hear after a callback."""
        ...


def asked(address: str, line: Line, *, headers: dict[str, str], body: bytes = b"", method: str = "POST") -> Reply:
    """A call to a provider; an address that is none is a call that never left."""
    try:
        return call(parse(address), line=line, method=method, headers=headers, body=body)
    except BadAddress:
        return Reply(fault="refused")


def outcome_of_silence(reply: Reply) -> Outcome | None:
    """For a call without a sound answer: try again when it never left, unknown otherwise; None when there is an answer."""
    if reply.fault:
        state: Literal["again", "unknown"] = "again" if reply.fault in NEVER_LEFT and not reply.reached else "unknown"
        return Outcome(state, code=reply.fault)
    if reply.status >= 500 or not reply.json():
        return Outcome("unknown", code=f"HTTP {reply.status}")
    return None


def number_of(raw: object, country: object = "86") -> str:
    """E.164 of what a provider writes: 13800000000, 8613800000000, +8613800000000; with another `country` than China's a number without it.

    Raises Unreadable.
    """
    digits = str(raw or "").strip()
    code = str(country or "86").strip().lstrip("+")
    if digits.startswith("+"):
        number = digits
    elif code != "86":
        number = f"+{code}{digits}"
    elif len(digits) == 11 and digits.startswith("1"):
        number = f"+86{digits}"
    else:
        number = f"+{digits.removeprefix('00')}"
    if not (number[1:].isascii() and number[1:].isdigit() and 6 <= len(number) <= 17):
        raise Unreadable(f"no number: {digits[:20]!r}")
    return number
