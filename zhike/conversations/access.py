"""The only way a view gets a conversation, and who may see it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db import connection
from django.db.models import QuerySet

from zhike.conversations.models import Conversation
from zhike.conversations.refusals import NotFound
from zhike.handbook.book import Book
from zhike.handbook.clauses import Visibility
from zhike.handbook.structure import Queue
from zhike.journal.gates import gate_for
from zhike.journal.statements import array_of, rows
from zhike.org.handbooks import roles_answering
from zhike.org.principals import Viewer, customer_key, role_key, staff_key


def visible_conversations(viewer: Viewer) -> QuerySet[Conversation]:
    """Every conversation this viewer may see, unordered."""
    return Conversation.objects.filter(audience__overlap=sorted(viewer.keys))


def conversation_for(viewer: Viewer, number: str) -> Conversation:
    """The conversation with this number. Raises NotFound, also for one that exists and is not for him."""
    found = Conversation.objects.select_related("owner", "customer", "address", "inbox").filter(number=number).first()
    if found is None or not viewer.holds(found.audience):
        raise NotFound(number)
    return found


def conversations_for(asked: Sequence[tuple[Viewer, str]]) -> list[Conversation | None]:
    """The same for several at once, None where there is none for him. One query."""
    numbers = array_of({number for _, number in asked})
    found = {row.number: row for row in rows(Conversation, "WHERE number = ANY(%s::varchar[])", [numbers])}
    seen = [(viewer, found.get(number)) for viewer, number in asked]
    return [row if row is not None and viewer.holds(row.audience) else None for viewer, row in seen]


@gate_for("conversation")
def audiences_of(ids: Collection[int]) -> Mapping[int, Collection[str]]:
    """The gate, as the live feed asks for it. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, audience FROM conversations_conversation WHERE id = ANY(%s)", [array_of(ids)])
        return dict(cursor.fetchall())


def audience_of(conversation: Conversation, book: Book) -> list[str]:
    """Whoever answers its queue and their superiors, its owner, whoever helps, and the customer himself where he is known.

    A visibility clause `of: conversations` names the roles instead of the queue's.
    """
    clause = next(
        (c for c in book.clauses("visibility") if isinstance(c, Visibility) and c.of == "conversations"), None
    )
    roles = [access.role for access in clause.to] if clause else roles_of(queue_of(book, conversation.queue), book)
    people = [conversation.owner_id, conversation.offered_to_id, *conversation.collaborators]
    found = {role_key(book.name, role) for role in roles} | {staff_key(number) for number in people if number}
    if conversation.customer_id:
        found.add(customer_key(conversation.customer_id))
    if conversation.address_id:
        found.add(address_key(conversation.address_id))
    return sorted(found)


def address_key(address_id: int) -> str:
    """The principal of somebody at the other end who has not (yet) been found in the archive."""
    return f"address:{address_id}"


def queue_of(book: Book, name: str) -> Queue | None:
    return next((queue for queue in book.handbook.queues if queue.id == name), None)


def roles_of(queue: Queue | None, book: Book) -> list[str]:
    """Who answers a queue, and whom they report to; without a queue everybody who answers any."""
    answering = queue.answered_by if queue else [role for each in book.handbook.queues for role in each.answered_by]
    return roles_answering(book, answering)
