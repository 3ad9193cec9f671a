"""Queues with what waits, seats with who does what since when and what is in his hands, and what needs somebody now. Six queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from zhike.clocks.models import Clock
from zhike.clocks.queries import open_clocks_by_subject
from zhike.conversations.access import visible_conversations
from zhike.conversations.estimate import handling_by_queue
from zhike.conversations.in_hand import queues_answered
from zhike.conversations.models import Conversation, Presence
from zhike.conversations.rights import supervises
from zhike.handbook.book import Book
from zhike.handbook.structure import Queue
from zhike.org.handbooks import book_of, in_force
from zhike.org.models import Staff
from zhike.org.principals import Viewer
from zhike.web.base import times
from zhike.web.base.deadlines import Deadline, deadline_of
from zhike.web.case_page.page import say
from zhike.web.workbench.words import medium_icon, medium_word, presence_word, state_word, who_of

MOST = 400
"""Conversations a floor reads; more are counted."""
MOST_ALARMS = 8
"""Conversations that have run out of time, by name; the others are counted, and stand with their queue or seat."""
ORDER = (
    Presence.State.NOT_READY,
    Presence.State.READY,
    Presence.State.BUSY,
    Presence.State.WRAP_UP,
    Presence.State.AWAY,
    Presence.State.OFF,
)
State = Conversation.State
THERE = (Presence.State.READY, Presence.State.BUSY, Presence.State.WRAP_UP)


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation on the floor."""

    conversation: Conversation
    who: str
    icon: str
    medium: str
    state: str
    deadline: Deadline | None


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who answers: what he does since when, until when at most, and what he has in hand."""

    staff: Staff
    presence: str
    word: str
    since: str
    reason: str
    late: bool
    """The limit of this state has passed."""
    talks: list[Talk]

    @property
    def place(self) -> str:
        """Its row on the page."""
        return f"seat-{self.staff.pk}"

    @property
    def present(self) -> bool:
        return self.presence not in (Presence.State.OFF, Presence.State.AWAY)


@dataclass(frozen=True, slots=True)
class Line:
    """A queue: how many wait, the longest for how long, who is free to take them."""

    handbook: str
    id: str
    title: str
    waiting: list[Talk]
    longest: str
    ready: int
    estimate: str = ""

    @property
    def place(self) -> str:
        """Its row on the page."""
        return f"line-{self.handbook}-{self.id}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that needs somebody now; `number` is the conversation, `place` where on the floor it stands."""

    kind: str
    words: str
    number: str = ""
    deadline: Deadline | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Floor:
    lines: list[Line]
    seats: list[Seat]
    alarms: list[Alarm] = field(default_factory=list)
    overdue: int = 0
    """Conversations that have run out of time, named among the alarms or not."""
    complete: bool = True


def floor_of(viewer: Viewer, now: dt.datetime) -> Floor:
    """Of the queues below this viewer."""
    books = [book_of(version.pk) for version in in_force(now)]
    queues = [
        (book, _queue(book, name)) for book, name in queues_answered(viewer, books) if supervises(viewer, book, name)
    ]
    found = list(_live(viewer, queues)[: MOST + 1]) if queues else []
    clocks = open_clocks_by_subject("conversation", [each.pk for each in found]) if found else {}
    talks = {each.pk: _talk(each, clocks.get(each.pk, ()), now) for each in found[:MOST]}
    people = list(_people(queues)) if queues else []
    seats = sorted((_seat(person, talks.values(), now) for person in people), key=_place)
    handled = handling_by_queue([book.name for book, _ in queues], now) if queues else {}
    lines = [_line(book, queue, list(talks.values()), people, handled, now) for book, queue in queues]
    overdue = _overdue(list(talks.values()))
    return Floor(lines, seats, _alarms(lines, seats, overdue[:MOST_ALARMS]), len(overdue), len(found) <= MOST)


def _queue(book: Book, name: str) -> Queue:
    return next(queue for queue in book.handbook.queues if queue.id == name)


def _live(viewer: Viewer, queues: Sequence[tuple[Book, Queue]]) -> QuerySet[Conversation]:
    names = {book.name for book, _ in queues}
    found = visible_conversations(viewer).filter(state__in=Conversation.LIVE, handbook__in=names)
    return found.select_related("customer", "address", "owner", "offered_to").order_by("-priority", "opened_at", "pk")


def _people(queues: Sequence[tuple[Book, Queue]]) -> QuerySet[Staff]:
    """Everybody who answers one of these queues."""
    wanted = Q(pk=None)
    for book, queue in queues:
        wanted |= Q(assignments__handbook=book.name, assignments__role__in=queue.answered_by)
    people = Staff.objects.filter(wanted, is_active=True).distinct().select_related("presence")
    return people.prefetch_related("assignments")


def _talk(conversation: Conversation, clocks: Sequence[Clock], now: dt.datetime) -> Talk:
    pressing = next((clock for clock in clocks if not clock.watches), None)
    return Talk(
        conversation,
        who_of(conversation),
        medium_icon(conversation.medium),
        medium_word(conversation.medium),
        state_word(conversation),
        deadline_of(pressing, now, {}) if pressing else None,
    )


def _seat(person: Staff, talks: Iterable[Talk], now: dt.datetime) -> Seat:
    presence: Presence | None = getattr(person, "presence", None)
    state = presence.state if presence else Presence.State.OFF
    has = [talk for talk in talks if person.pk in (talk.conversation.owner_id, talk.conversation.offered_to_id)]
    return Seat(
        staff=person,
        presence=state,
        word=presence_word(state),
        since=times.span(now - presence.since) if presence else "",
        reason=presence.reason if presence else "",
        late=bool(presence and presence.until and presence.until < now and state != Presence.State.OFF),
        talks=has,
    )


def _place(seat: Seat) -> tuple[bool, int, str]:
    return (not seat.late, ORDER.index(Presence.State(seat.presence)), seat.staff.name)


def _line(
    book: Book,
    queue: Queue,
    talks: Sequence[Talk],
    people: Sequence[Staff],
    handled: Mapping[tuple[str, str], float],
    now: dt.datetime,
) -> Line:
    waiting = [
        talk for talk in talks
        if talk.conversation.state == State.WAITING and (talk.conversation.handbook, talk.conversation.queue) == (book.name, queue.id)
    ]  # fmt: skip
    ready = sum(_ready(person, book, queue) for person in people)
    there = sum(_ready(person, book, queue, THERE) for person in people)
    since = min((talk.conversation.waiting_since or now for talk in waiting), default=None)
    return Line(
        handbook=book.name,
        id=queue.id,
        title=say(queue.title),
        waiting=waiting,
        longest=times.span(now - since) if since else "",
        ready=ready,
        estimate=_estimate(handled.get((book.name, queue.id)), len(waiting), there),
    )


def _estimate(seconds: float | None, waiting: int, there: int) -> str:
    """How long the next one who comes will probably wait; nothing where nobody is there or nothing was measured."""
    if seconds is None or not there:
        return ""
    return times.span(dt.timedelta(seconds=seconds * (waiting + 1) / there))


def _ready(person: Staff, book: Book, queue: Queue, states: Collection[str] = (Presence.State.READY,)) -> bool:
    presence: Presence | None = getattr(person, "presence", None)
    if presence is None or presence.state not in states:
        return False
    return any(held.handbook == book.name and held.role in queue.answered_by for held in person.assignments.all())


def _overdue(talks: Sequence[Talk]) -> list[Talk]:
    """What has run out of time, the longest ago first."""
    found = [talk for talk in talks if talk.deadline is not None and talk.deadline.state == "overdue"]
    return sorted(found, key=lambda talk: talk.deadline.due_at if talk.deadline else talk.conversation.opened_at)


def _alarms(lines: Sequence[Line], seats: Sequence[Seat], overdue: Sequence[Talk]) -> list[Alarm]:
    """What has run out of time first, then queues nobody can take from, then states that last too long."""
    found = [Alarm("overdue", talk.who, talk.conversation.number, talk.deadline) for talk in overdue]
    found += [Alarm("nobody", line.title, place=line.place) for line in lines if line.waiting and not line.ready]
    found += [Alarm("late", seat.staff.name, place=seat.place) for seat in seats if seat.late]
    gone = [seat for seat in seats if seat.presence == Presence.State.OFF and seat.talks]
    found += [Alarm("gone", seat.staff.name, place=seat.place) for seat in gone]
    return found
