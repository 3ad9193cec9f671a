"""What a supervisor does in somebody else's conversation: whisper, assign. Taking it over is in `handing.py`."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from zhike.conversations import refusals
from zhike.conversations.actions import say
from zhike.conversations.events import Whispered
from zhike.conversations.handing import end_offer, offer
from zhike.conversations.models import Conversation, Message
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.written import locked, write
from zhike.org.models import Staff
from zhike.org.principals import Viewer


def whisper(conversation: Conversation, viewer: Viewer, words: str, *, key: str, now: dt.datetime) -> Message:
    """An internal note that pops up before whoever has the conversation. Raises ConversationRefused where nobody has it."""
    with transaction.atomic():
        held = locked(conversation.pk)
        if held.owner_id is None:
            raise ConversationRefused(refusals.NOBODY)
        known = Message.objects.filter(conversation=held, key=key[:80]).first()
        if known is not None:
            return known
        message = say(conversation, viewer, words=words, key=key, now=now, internal=True)
        message.extra = {"to": held.owner_id}
        message.save(update_fields=["extra"])
        held = locked(conversation.pk)
        write(held, [Whispered(held.number, held.owner_id or 0, message.seq)], now=now, by=viewer.principal)
    return message


def assign(conversation: Conversation, staff: Staff, viewer: Viewer, *, now: dt.datetime) -> Conversation:
    """Show it to one colleague, whoever was shown it before; it becomes his when he takes it."""
    with transaction.atomic():
        held = locked(conversation.pk)
        if held.state == Conversation.State.OFFERED and held.offered_to_id != staff.pk:
            end_offer(conversation, now=now, declined=False, by=viewer.principal)
        return offer(conversation, staff, now=now, until=None, by=viewer.principal)
