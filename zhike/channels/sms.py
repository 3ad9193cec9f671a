"""Short messages. The only gateway so far is the local one: it keeps every message in a table and sends nothing.

A real gateway will take over the rows in state `held` in a background job; whoever wants something sent calls
`send_sms` either way.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet

from zhike.channels.models import OutgoingMessage

LONGEST = 500
"""Characters; a message this long is billed as eight."""


def send_sms(to: str, words: str, now: dt.datetime) -> OutgoingMessage:
    """Put a message to a phone number (E.164) on its way, in the caller's transaction if there is one."""
    if not to.startswith("+") or not to[1:].isdigit():
        raise ValueError(f"not a phone number in E.164: {to!r}")
    if len(words) > LONGEST:
        raise ValueError(f"a short message has at most {LONGEST} characters, not {len(words)}")
    with transaction.atomic():
        return OutgoingMessage.objects.create(to=to, words=words, at=now)


def outbox() -> QuerySet[OutgoingMessage]:
    """Every message, the newest first."""
    return OutgoingMessage.objects.order_by("-at", "-id")
