"""The left pane: offers, what is in hand, where one helps, what waits. What is due next comes first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.urls import reverse

from zhike.clocks.models import Clock
from zhike.clocks.queries import open_clocks_by_subject
from zhike.conversations.in_hand import MOST, MOST_WAITING, in_hand, unread, waiting_for
from zhike.conversations.models import Conversation
from zhike.handbook.book import Book
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.web.base.deadlines import Deadline, deadline_of
from zhike.web.case_page.page import say
from zhike.web.workbench.words import medium_icon, medium_word, state_word, who_of

Group = Literal["offers", "mine", "helping", "waiting"]
GROUPS: tuple[Group, ...] = ("offers", "mine", "helping", "waiting")
LAST = 2**53


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation in the list."""

    conversation: Conversation
    group: Group
    who: str
    icon: str
    medium: str
    deadline: Deadline | None
    unread: int
    queue: str
    state: str
    current: bool = False

    @property
    def rank(self) -> int:
        """Rows of a group stand by this, lowest first: what is due next; what waits by its place in the queue."""
        conversation = self.conversation
        at = conversation.waiting_since if self.group == "waiting" else conversation.next_due_at
        first = -conversation.priority * 10**11 if self.group == "waiting" else 0
        return first + (int(at.timestamp()) if at else LAST)

    @property
    def url(self) -> str:
        return reverse("workbench:one", args=[self.conversation.number])


@dataclass(frozen=True, slots=True)
class Listed:
    """The whole pane; `clocks` also of the conversation in the middle."""

    rows: dict[Group, list[Row]]
    clocks: dict[int, list[Clock]]


def listed(viewer: Viewer, now: dt.datetime, books: Sequence[Book], current: int = 0) -> Listed:
    """Everything in the pane. Four queries however long it is."""
    mine = list(in_hand(viewer)[:MOST])
    known = {conversation.pk for conversation in mine}
    waiting = [each for each in waiting_for(viewer, books)[:MOST_WAITING] if each.pk not in known]
    found = [*mine, *waiting]
    clocks = clocks_of(found, current)
    rows = rows_of(found, clocks, viewer, now, current)
    return Listed({group: [row for row in rows if row.group == group] for group in GROUPS}, clocks)


def rows_by_id(ids: Collection[int], viewer: Viewer, now: dt.datetime, books: Sequence[Book]) -> list[Row]:
    """Those of these conversations that belong into his pane, as they are now."""
    mine = list(in_hand(viewer).filter(pk__in=ids))
    left = set(ids) - {conversation.pk for conversation in mine}
    found = [*mine, *(waiting_for(viewer, books).filter(pk__in=left) if left else ())]
    return rows_of(found, clocks_of(found), viewer, now)


def clocks_of(found: Sequence[Conversation], also: int = 0) -> dict[int, list[Clock]]:
    """The open clocks of each. One query."""
    ids = {*(conversation.pk for conversation in found), *((also,) if also else ())}
    return open_clocks_by_subject("conversation", ids) if ids else {}


def rows_of(
    found: Sequence[Conversation], clocks: Mapping[int, list[Clock]], viewer: Viewer, now: dt.datetime, current: int = 0
) -> list[Row]:
    """The rows, each group in its order. One query: what is unread."""
    new = unread(viewer, [conversation.pk for conversation in found])
    rows = [row_of(each, viewer, clocks.get(each.pk, ()), new.get(each.pk, 0), now, current) for each in found]
    return sorted(rows, key=lambda row: (GROUPS.index(row.group), row.rank, -row.conversation.pk))


def row_of(
    conversation: Conversation, viewer: Viewer, clocks: Iterable[Clock], new: int, now: dt.datetime, current: int = 0
) -> Row:
    pressing = next((clock for clock in clocks if not clock.watches), None)
    return Row(
        conversation=conversation,
        group=group_of(conversation, viewer),
        who=who_of(conversation),
        icon=medium_icon(conversation.medium),
        medium=medium_word(conversation.medium),
        deadline=deadline_of(pressing, now, {}) if pressing else None,
        unread=0 if conversation.pk == current else new,
        queue=queue_title(conversation),
        state=state_word(conversation),
        current=conversation.pk == current,
    )


def group_of(conversation: Conversation, viewer: Viewer) -> Group:
    staff = viewer.staff.pk if viewer.staff else 0
    if conversation.state == Conversation.State.OFFERED and conversation.offered_to_id == staff:
        return "offers"
    owned = conversation.owner_id is not None and f"staff:{conversation.owner_id}" in {
        viewer.principal,
        *viewer.stood_for,
    }
    if owned:
        return "mine"
    return "helping" if staff in conversation.collaborators else "waiting"


def queue_title(conversation: Conversation) -> str:
    book = book_of(conversation.version_id)
    return next((say(queue.title) for queue in book.handbook.queues if queue.id == conversation.queue), "")
