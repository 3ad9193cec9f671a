"""To whom a conversation can be handed: who answers its queue, what they do now, how much they have in hand."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from zhike.conversations.access import queue_of, roles_of
from zhike.conversations.models import Conversation, Presence
from zhike.handbook.book import Book
from zhike.handbook.structure import Queue
from zhike.org.models import Staff
from zhike.org.principals import Viewer

ORDER = (
    Presence.State.READY,
    Presence.State.BUSY,
    Presence.State.WRAP_UP,
    Presence.State.NOT_READY,
    Presence.State.AWAY,
    Presence.State.OFF,
)
HAS = Q(conversations__state__in=(Conversation.State.OPEN, Conversation.State.OFFERED))


@dataclass(frozen=True, slots=True)
class Colleague:
    staff: Staff
    presence: str
    in_hand: int


def colleagues_of(conversation: Conversation, book: Book, viewer: Viewer, *, own_too: bool = False) -> list[Colleague]:
    """Everybody who answers any queue of the handbook or stands above one, who is ready first. One query."""
    roles = {role for queue in book.handbook.queues for role in roles_of(queue, book)} or set(roles_of(None, book))
    people = Staff.objects.filter(
        is_active=True, assignments__handbook=book.name, assignments__role__in=sorted(roles)
    ).exclude(pk=conversation.owner_id or 0)
    if not own_too and viewer.staff is not None:
        people = people.exclude(pk=viewer.staff.pk)
    counted = (
        people.select_related("presence").annotate(in_hand=Count("conversations", filter=HAS, distinct=True)).distinct()
    )
    found = [Colleague(person, _presence(person), person.in_hand) for person in counted]
    return sorted(found, key=lambda each: (ORDER.index(Presence.State(each.presence)), each.in_hand, each.staff.name))


def _presence(person: Staff) -> str:
    presence: Presence | None = getattr(person, "presence", None)
    return presence.state if presence is not None else Presence.State.OFF


def queue_choices(conversation: Conversation, book: Book) -> list[Queue]:
    """The other queues that take this medium."""
    here = queue_of(book, conversation.queue)
    return [queue for queue in book.handbook.queues if queue is not here and conversation.medium in queue.media]
