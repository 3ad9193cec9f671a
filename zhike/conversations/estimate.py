"""Which place a conversation has in its queue, and how long it will probably wait: from the handling times measured there."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from zhike.conversations.access import queue_of
from zhike.conversations.candidates import capacity_of
from zhike.conversations.models import Conversation
from zhike.conversations.written import book_for

MEASURED = 50
"""Handling times that count: the last so many."""
RECENT = dt.timedelta(hours=8)

BEFORE = """
SELECT count(*) FROM conversations_conversation WHERE state = 'waiting' AND handbook = %(handbook)s AND queue = %(queue)s
    AND (priority > %(priority)s OR (priority = %(priority)s AND (waiting_since, id) < (%(since)s, %(id)s)))
"""
HANDLED = """
SELECT avg(extract(epoch FROM closed_at - accepted_at))::float8 FROM (
    SELECT closed_at, accepted_at FROM conversations_conversation
    WHERE state = 'closed' AND accepted_at IS NOT NULL AND handbook = %s AND queue = %s AND closed_at > %s
    ORDER BY closed_at DESC LIMIT %s
) AS last
"""
THERE = """
SELECT count(*) FROM conversations_presence AS p WHERE state IN ('ready', 'busy', 'wrap_up')
    AND EXISTS (SELECT FROM org_assignment AS a WHERE a.staff_id = p.staff_id AND a.handbook = %s AND a.role = ANY(%s))
"""


@dataclass(frozen=True, slots=True)
class Place:
    """`ahead` wait before it; `seconds` it will probably take, None where nobody is there or nothing was measured."""

    ahead: int
    seconds: int | None


def place_of(conversation: Conversation, now: dt.datetime) -> Place | None:
    """Its place among those who wait; None when it does not wait. Three queries."""
    if conversation.state != Conversation.State.WAITING or conversation.waiting_since is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            BEFORE,
            {
                "handbook": conversation.handbook, "queue": conversation.queue, "priority": conversation.priority,
                "since": conversation.waiting_since, "id": conversation.pk,
            },
        )  # fmt: skip
        ahead = int(cursor.fetchone()[0])
    return Place(ahead, seconds_until(conversation, ahead, now))


def seconds_until(conversation: Conversation, ahead: int, now: dt.datetime) -> int | None:
    """Seconds until somebody takes one before whom `ahead` others wait: measured handling time over the hands there are."""
    handled = handling_seconds(conversation.handbook, conversation.queue, now)
    hands = _hands(conversation)
    if handled is None or not hands:
        return None
    return math.ceil(handled * (ahead + 1) / hands)


def handling_seconds(handbook: str, queue: str, now: dt.datetime) -> float | None:
    """The mean from taking to closing of the last ones closed in the queue; None where none was lately. One query."""
    with connection.cursor() as cursor:
        cursor.execute(HANDLED, [handbook, queue, now - RECENT, MEASURED])
        value: float | None = cursor.fetchone()[0]
    return value


HANDLED_BY_QUEUE = """
SELECT handbook, queue, avg(extract(epoch FROM closed_at - accepted_at))::float8 FROM conversations_conversation
WHERE state = 'closed' AND accepted_at IS NOT NULL AND handbook = ANY(%s) AND closed_at > %s GROUP BY handbook, queue
"""


def handling_by_queue(handbooks: Collection[str], now: dt.datetime) -> dict[tuple[str, str], float]:
    """The mean seconds from taking to closing by (handbook, queue), of what was closed lately. One query for all queues."""
    with connection.cursor() as cursor:
        cursor.execute(HANDLED_BY_QUEUE, [sorted(handbooks), now - RECENT])
        return {(handbook, queue): seconds for handbook, queue, seconds in cursor.fetchall()}


PRESENT = """
SELECT EXISTS (SELECT FROM conversations_presence AS p JOIN org_assignment AS a ON a.staff_id = p.staff_id
    WHERE p.state IN ('ready', 'busy', 'wrap_up', 'not_ready') AND a.handbook = %s AND a.role = ANY(%s))
"""


def is_anybody_there(conversation: Conversation) -> bool:
    """Whether anybody who answers its queue is there, free or not; in a queue of nobody's, nobody. One query."""
    book = book_for(conversation)
    queue = queue_of(book, conversation.queue)
    if queue is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute(PRESENT, [book.name, list(queue.answered_by)])
        return bool(cursor.fetchone()[0])


def _hands(conversation: Conversation) -> int:
    book = book_for(conversation)
    queue = queue_of(book, conversation.queue)
    if queue is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(THERE, [book.name, list(queue.answered_by)])
        return int(cursor.fetchone()[0]) * capacity_of(book, queue, conversation.medium)
