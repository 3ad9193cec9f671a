"""What the adapter does when it hears of messages: those that are to be sent by mail are put on their way in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

from zhike.channels.email import outbox
from zhike.channels.email.models import Mailbox
from zhike.conversations.events import MessageWritten
from zhike.conversations.failures import reason
from zhike.conversations.models import Medium, Message
from zhike.conversations.outgoing import mark_delivery
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to

NO_MAILBOX = reason(
    "mail.no_mailbox",
    zh="这个入口没有设置邮箱，无法发出。",
    en="This inbox has no mailbox set up; nothing can be sent.",
)


@reacts_to(MessageWritten)
def send_by_mail(events: Sequence[Recorded[MessageWritten]]) -> None:
    numbers = [
        event.payload.message
        for event in events
        if not event.payload.internal and event.payload.side != Message.Side.CUSTOMER
    ]
    if not numbers:
        return
    rows = Message.objects.filter(pk__in=numbers, state=Message.State.SENDING, conversation__medium=Medium.EMAIL)
    at = {event.payload.message: event.at for event in events}
    for message in rows.select_related("conversation__address").order_by("pk"):
        mailbox = Mailbox.objects.select_related("inbox").filter(inbox=message.conversation.inbox_id).first()
        if mailbox is None:
            mark_delivery(message.pk, Message.State.FAILED, now=at[message.pk], why=NO_MAILBOX)
        else:
            outbox.enqueue(message, mailbox, now=at[message.pk])
