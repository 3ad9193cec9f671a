"""Between a conversation and the adapter of its medium: may this go out, and what became of it.

An adapter says what its medium does not allow (`@checks("wechat")`) and notes what happened to a message (`mark_delivery`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from zhike.conversations.events import MessageChanged
from zhike.conversations.failures import NONE, Why
from zhike.conversations.models import Conversation, Message
from zhike.conversations.written import locked, write
from zhike.org.principals import SYSTEM


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody is about to send."""

    words: str
    files: Sequence[str] = ()
    """Tokens of attachments."""
    extra: Mapping[str, Any] = field(default_factory=dict)


Check = Callable[[Conversation, Draft, dt.datetime], None]

_checks: dict[str, Check] = {}


def checks(medium: str) -> Callable[[Check], Check]:
    """Register what is asked before something goes out in a medium; it raises ConversationRefused."""

    def register(check: Check) -> Check:
        _checks[medium] = check
        return check

    return register


def check_outgoing(conversation: Conversation, draft: Draft, now: dt.datetime) -> None:
    """Raises ConversationRefused when the conversation's medium does not carry it now."""
    check = _checks.get(conversation.medium)
    if check is not None:
        check(conversation, draft, now)


def mark_delivery(message_id: int, state: str, *, now: dt.datetime, why: Why = NONE, **extra: Any) -> Message | None:
    """Keep what became of a message that was sent; None when there is no such message or nothing changed.

    `state` is one of Message.State. A message that arrived stays so, whatever is heard later; `extra` is added to what the adapter keeps.
    """
    with transaction.atomic():
        number = Message.objects.filter(pk=message_id).values_list("conversation_id", flat=True).first()
        if number is None:
            return None
        conversation = locked(number)
        message = Message.objects.get(pk=message_id)
        if message.state == Message.State.DELIVERED or (message.state, message.why, message.why_values) == (
            state, why.code, why.values
        ):  # fmt: skip
            return None
        message.state, message.why, message.why_values = state, why.code, dict(why.values)
        message.extra = {**message.extra, **extra}
        message.save(update_fields=["state", "why", "why_values", "extra"])
        write(conversation, [MessageChanged(conversation.number, message.seq, state)], now=now, by=SYSTEM)
    return message
