"""The lists of the workbench: what somebody has in hand, what waits in his queues, what of it he has not read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import RawSQL

from zhike.conversations.access import roles_of, visible_conversations
from zhike.conversations.models import Conversation
from zhike.handbook.book import Book
from zhike.org.principals import Viewer, staff_number

MOST = 300
"""Conversations in one pair of hands that a list reads."""
MOST_WAITING = 50

# Each branch by an index of its own.
IN_HAND = """
SELECT id FROM conversations_conversation WHERE state IN ('offered', 'open') AND owner_id = ANY(%s)
UNION SELECT id FROM conversations_conversation WHERE state = 'waiting' AND owner_id = ANY(%s)
UNION SELECT id FROM conversations_conversation WHERE state = 'offered' AND offered_to_id = %s
UNION SELECT id FROM conversations_conversation
    WHERE state IN ('waiting', 'offered', 'open') AND collaborators @> ARRAY[%s::bigint]
"""
UNREAD = """
SELECT m.conversation_id, count(*) FROM conversations_message AS m
LEFT JOIN conversations_mark AS read ON read.conversation_id = m.conversation_id AND read.principal = %s
WHERE m.conversation_id = ANY(%s) AND m.seq > coalesce(read.seq, 0) AND m.author <> %s AND m.side <> 'system'
GROUP BY m.conversation_id
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A queue with what waits in it."""

    handbook: str
    queue: str
    waiting: int
    longest_since: Any


def in_hand(viewer: Viewer) -> QuerySet[Conversation]:
    """What is offered to him, what he (or an absent colleague he stands in for) has, where he helps: due next first."""
    if viewer.staff is None:
        return Conversation.objects.none()
    owners = [viewer.staff.pk, *(number for number in map(staff_number, viewer.stood_for) if number)]
    ids = RawSQL(IN_HAND, [owners, owners, viewer.staff.pk, viewer.staff.pk])  # noqa: S611 - only values are put in
    found = visible_conversations(viewer).filter(pk__in=ids).select_related("customer", "address", "owner")
    return found.order_by(F("next_due_at").asc(nulls_last=True), "-last_message_at", "pk")


def queues_answered(viewer: Viewer, books: Iterable[Book]) -> list[tuple[Book, str]]:
    """(book, queue id) of every queue one of his roles, or a role below it, answers."""
    return [
        (book, queue.id)
        for book in books
        for queue in book.handbook.queues
        if any(viewer.in_role(book.name, role) for role in roles_of(queue, book))
    ]


def waiting_for(viewer: Viewer, books: Iterable[Book]) -> QuerySet[Conversation]:
    """What waits in his queues, in the order it is to be taken.

    Also what waits in none there is, because the handbook has no queue for the medium, or none of that name any more: it is everybody's
    who answers a queue of the handbook, and would otherwise wait where nobody looks.
    """
    queues = queues_answered(viewer, books)
    known = {queue.id for book, _ in queues for queue in book.handbook.queues}
    his = Q(queue__in=[queue for _, queue in queues]) | ~Q(queue__in=known)
    found = visible_conversations(viewer).filter(
        his, state=Conversation.State.WAITING, handbook__in=[book.name for book, _ in queues]
    )
    return found.select_related("customer", "address", "owner").order_by("-priority", "waiting_since", "id")


def unread(viewer: Viewer, ids: Collection[int]) -> dict[int, int]:
    """How many messages of others he has not read yet, by conversation; nothing for those he has read. One query."""
    return _counts(UNREAD, [viewer.principal, list(ids), viewer.principal]) if ids else {}


def _counts(sql: str, values: Sequence[Any]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return dict(cursor.fetchall())
