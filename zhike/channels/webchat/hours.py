"""Whether somebody answers now: the calendar of the queue a conversation would go to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zhike.conversations.access import queue_of
from zhike.conversations.actions import queue_for
from zhike.conversations.models import Conversation, Inbox
from zhike.org.handbooks import book_of, current


@dataclass(frozen=True, slots=True)
class Hours:
    """`opens_at` is when somebody answers again; None while it is open."""

    is_open: bool
    opens_at: dt.datetime | None


def hours_of(inbox: Inbox, facts: Mapping[str, Any], now: dt.datetime) -> Hours:
    """The hours of the queue that a visitor with these facts would wait in; a queue without a calendar is always open."""
    version = current(inbox.handbook, now)
    book = book_of(version.pk)
    would_be = Conversation(
        inbox=inbox, medium=inbox.medium, handbook=inbox.handbook, version_id=version.pk, facts=dict(facts), opened_at=now,
        last_message_at=now,
    )  # fmt: skip
    queue = queue_of(book, queue_for(would_be, now)[0])
    calendar = book.calendar(queue.calendar) if queue is not None and queue.calendar else None
    if calendar is None or calendar.is_open(now):
        return Hours(True, None)
    return Hours(False, calendar.next_open(now))
