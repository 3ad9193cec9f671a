"""The machine's one answer to who begins a conversation. It holds none of his words, answers no machine, and says so of itself.

At most three a day to one address, or as many as the handbook's parameter `auto_mails_a_day` says: the last guard against two machines
that talk to each other.
"""

from __future__ import annotations

import datetime as dt

from zhike.channels.email.models import Mailbox, Outgoing
from zhike.conversations.events import MessageWritten
from zhike.conversations.messages import add_message
from zhike.conversations.models import Conversation, Message
from zhike.conversations.written import locked, write
from zhike.handbook.parameters import number_asked
from zhike.org.handbooks import book_of, current
from zhike.org.principals import SYSTEM

MOST_A_DAY = 3
"""Where the handbook of the mailbox has no parameter `auto_mails_a_day`."""
DAY = dt.timedelta(days=1)
NEVER = (
    "no-reply@",
    "noreply@",
    "do-not-reply@",
    "donotreply@",
    "mailer-daemon@",
    "postmaster@",
    "bounce",
    "unknown@invalid",
)


def answer_by_machine(conversation: Conversation, mailbox: Mailbox, mail: int, *, now: dt.datetime) -> Message | None:
    """In the caller's transaction; None where nothing is said."""
    to = conversation.address.value if conversation.address else ""
    if not mailbox.auto_answer.strip() or not may_answer(to, now, most_a_day(mailbox, now)):
        return None
    held = locked(conversation.pk)
    message = add_message(
        held, side=Message.Side.SYSTEM, author=SYSTEM, words=mailbox.auto_answer, key=f"auto:{mail}", now=now,
        state=Message.State.SENDING, extra={"auto": True},
    )  # fmt: skip
    write(held, [MessageWritten(held.number, message.pk, message.seq, message.side)], now=now, by=SYSTEM)
    return message


def most_a_day(mailbox: Mailbox, now: dt.datetime) -> int:
    """How many mails of machines one address gets in 24 hours at most. One query."""
    return number_asked(book_of(current(mailbox.inbox.handbook, now).pk), "auto_mails_a_day", MOST_A_DAY)


def may_answer(to: str, now: dt.datetime, most: int = MOST_A_DAY) -> bool:
    """Whether a machine may write to this address now, when no more than `most` are allowed a day."""
    if not to or to.startswith(NEVER):
        return False
    return Outgoing.objects.filter(to=to, is_auto=True, made_at__gt=now - DAY).count() < most
