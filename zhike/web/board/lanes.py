"""Open clocks as lanes: one a holder, what breaches next at the top, the lane that breaches next at the left."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from zhike.cases.access import visible_cases
from zhike.cases.allowed import may_hand_over
from zhike.cases.models import Case
from zhike.clocks.models import Clock
from zhike.clocks.queries import board as clocks_by_holder
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer, staff_key
from zhike.web.base.deadlines import Deadline, deadline_of
from zhike.web.base.names import Names
from zhike.web.case_page.page import say


@dataclass(frozen=True, slots=True)
class Strip:
    """One clock of one case."""

    deadline: Deadline
    case: Case
    stage: str
    may_hand_over: bool
    """The clock is in its owner's hands, and this viewer may give the case to a colleague of his."""


@dataclass(frozen=True, slots=True)
class Lane:
    holder: str
    strips: list[Strip]

    @property
    def overdue(self) -> int:
        return sum(strip.deadline.state == "overdue" for strip in self.strips)


@dataclass(frozen=True, slots=True)
class Board:
    lanes: list[Lane]
    next: Strip | None
    """What breaches next: the soonest clock that is not overdue yet."""
    counts: dict[str, int]
    complete: bool


def board_of(viewer: Viewer, now: dt.datetime) -> Board:
    """Every open clock of the cases this viewer may see. Five queries: the clocks, their cases, the names."""
    read = clocks_by_holder(viewer.keys)
    clocks = {clock.pk: clock for lane in read.lanes for clock in lane.clocks if clock.subject_kind == "case"}
    ids = {clock.subject_id for clock in clocks.values()}
    cases = {c.pk: c for c in visible_cases(viewer).filter(pk__in=ids).select_related("department").defer("data")}
    books = {book_of(case.handbook_version_id) for case in cases.values()}
    called = Names(now)
    called.ask_holders({p for clock in clocks.values() for p in clock.holders}, books)
    names = called.holders
    strips = {
        pk: _strip(c, cases[c.subject_id], viewer, now, names) for pk, c in clocks.items() if c.subject_id in cases
    }
    lanes = [
        Lane(names.get(r.holder, r.holder), [strips[c.pk] for c in r.clocks if c.pk in strips]) for r in read.lanes
    ]
    ahead = [s for s in strips.values() if s.deadline.state in ("running", "warned")]
    return Board(
        lanes=[lane for lane in lanes if lane.strips],
        next=min(ahead, key=lambda s: s.deadline.due_at, default=None),
        counts={
            state: sum(s.deadline.state == state for s in strips.values()) for state in ("overdue", "warned", "running")
        },
        complete=read.complete,
    )


def _strip(clock: Clock, case: Case, viewer: Viewer, now: dt.datetime, names: dict[str, str]) -> Strip:
    book = book_of(case.handbook_version_id)
    owned = case.owner_id is not None and staff_key(case.owner_id) in clock.holders
    stage = say(book.stage(case.process, case.stage).title)
    return Strip(deadline_of(clock, now, names), case, stage, owned and may_hand_over(case, book, viewer))
