"""A message that could not be sent is sent again: by a person, once for each press."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from zhike.conversations import refusals
from zhike.conversations.events import MessageWritten
from zhike.conversations.models import Message
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.written import locked, write
from zhike.org.principals import Viewer


def send_again(message: Message, viewer: Viewer, *, now: dt.datetime) -> Message:
    """Back to `sending`, and its adapter hears of it as of a new one. Raises ConversationRefused when it has not failed.

    Of one that may have gone out a person decides; the product never does.
    """
    with transaction.atomic():
        conversation = locked(message.conversation_id)
        message.refresh_from_db()
        if message.state not in (Message.State.FAILED, Message.State.UNKNOWN):
            raise ConversationRefused(refusals.NOT_FAILED)
        message.state, message.why, message.why_values = Message.State.SENDING, "", {}
        message.save(update_fields=["state", "why", "why_values"])
        fact = MessageWritten(conversation.number, message.pk, message.seq, message.side, message.internal)
        write(conversation, [fact], now=now, by=viewer.principal)
    return message
