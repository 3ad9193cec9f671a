"""Whether a conversation may begin now: the calendar of the queue it would go to, and the gates on `conversation.opening`.

A gate may ask `somebody_there`: whether anybody who answers the queue is there, whatever he has in hand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from zhike.conversations.access import queue_of
from zhike.conversations.actions import queue_for
from zhike.conversations.estimate import is_anybody_there
from zhike.conversations.judging import judged
from zhike.conversations.models import Conversation, Inbox
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.written import refusal_uses
from zhike.handbook.book import Book
from zhike.handbook.named import asks_for
from zhike.journal.ledger import write_uses
from zhike.org.handbooks import book_of, current
from zhike.org.principals import ANONYMOUS

OPENING = "conversation.opening"
THERE = "somebody_there"


@dataclass(frozen=True, slots=True)
class Hours:
    """`opens_at` is when somebody answers again; None while it is open, and where a clause refuses (`refused`)."""

    is_open: bool
    opens_at: dt.datetime | None = None
    refused: ConversationRefused | None = None


def hours_of(inbox: Inbox, facts: Mapping[str, Any], now: dt.datetime, *, note: bool = False) -> Hours:
    """Whether a visitor with these facts may begin: a queue without a calendar is always open. `note`: somebody really asks, and the
    ledger counts a clause that refuses him.
    """
    version = current(inbox.handbook, now)
    book = book_of(version.pk)
    would_be = Conversation(
        inbox=inbox, medium=inbox.medium, handbook=inbox.handbook, version_id=version.pk, facts=dict(facts), opened_at=now,
        last_message_at=now,
    )  # fmt: skip
    would_be.queue = queue_for(would_be, now)[0]
    queue = queue_of(book, would_be.queue)
    calendar = book.calendar(queue.calendar) if queue is not None and queue.calendar else None
    if calendar is not None and not calendar.is_open(now):
        return Hours(False, calendar.next_open(now))
    refused = _refusal_of(would_be, book, now)
    if refused is None:
        return Hours(True)
    if note:
        with transaction.atomic():
            write_uses(refusal_uses(would_be, OPENING, refused, ANONYMOUS, now))
    return Hours(False, None, refused)


def _refusal_of(would_be: Conversation, book: Book, now: dt.datetime) -> ConversationRefused | None:
    """What the gates say against beginning this conversation, which is no row yet."""
    if not book.speaking_of("gate", None, OPENING):
        return None
    more = {THERE: is_anybody_there(would_be)} if asks_for(book, THERE) else {}
    try:
        judged(would_be, OPENING, now, more)
    except ConversationRefused as refused:
        return refused
    return None
