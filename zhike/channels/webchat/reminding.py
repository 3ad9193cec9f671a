"""A visitor who left nothing but a mail address is asked the second, and last, time by mail: from a mailbox of the same house.

The mail is a message of his conversation like every other, so that what became of it stands there. It passes the gate of short messages:
what a handbook says of hours in which nobody is written to holds for mails of this kind too.
"""

from __future__ import annotations

import datetime as dt

from zhike.channels.email import outbox
from zhike.channels.email.answering import may_answer, most_a_day
from zhike.channels.email.models import Mailbox
from zhike.channels.sms.gate import Asking, ask_gate, uses_of
from zhike.channels.sms.models import Purpose
from zhike.conversations.events import MessageWritten
from zhike.conversations.messages import add_message
from zhike.conversations.models import Conversation, Message, Survey
from zhike.conversations.written import locked, write
from zhike.handbook.common import Text
from zhike.journal.ledger import write_uses
from zhike.org.principals import SYSTEM

SUBJECT = Text(zh="请评价我们的在线咨询", en="How was our chat?")


def is_asked_again(survey: Survey, now: dt.datetime) -> bool:
    """Claim the second, and last, time; False when it has been taken, or he has answered."""
    return bool(Survey.objects.filter(pk=survey.pk, answered_at=None, reminded_at=None).update(reminded_at=now))


def language_of(conversation: Conversation) -> str:
    """The one he writes in."""
    return "en" if conversation.address is not None and conversation.address.language.startswith("en") else "zh"


def remind_by_mail(survey: Survey, words: str, to: str, now: dt.datetime) -> bool:
    """In the caller's transaction; False where no mailbox may send it, a clause forbids it, or he has been asked already."""
    conversation = survey.conversation
    mailbox = _mailbox_of(conversation)
    if mailbox is None or not may_answer(to, now, most_a_day(mailbox, now)):
        return False
    verdict = ask_gate(Asking(to, Purpose.SERVICE, conversation.handbook), now)
    write_uses(uses_of(verdict, conversation.handbook, ("conversation", conversation.pk), now))
    if not (verdict.allowed or verdict.until) or not is_asked_again(survey, now):
        return False
    held = locked(conversation.pk)
    message = add_message(
        held, side=Message.Side.SYSTEM, author=SYSTEM, words=words, key=f"survey/{survey.pk}/again", now=now,
        state=Message.State.SENDING, extra={"auto": True, "subject": SUBJECT.say(language_of(held))},
    )  # fmt: skip
    write(held, [MessageWritten(held.number, message.pk, message.seq, message.side)], now=now, by=SYSTEM)
    outbox.enqueue(message, mailbox, now=now, to=to, not_before=verdict.until)
    return True


def _mailbox_of(conversation: Conversation) -> Mailbox | None:
    """The first in use of the same handbook."""
    rows = Mailbox.objects.select_related("inbox").filter(inbox__handbook=conversation.handbook, inbox__is_active=True)
    return rows.order_by("pk").first()
