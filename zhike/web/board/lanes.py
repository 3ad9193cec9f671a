"""Open clocks as lanes: one a holder, what breaches next at the top, the lane that breaches next at the left."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from zhike.cases.access import visible_cases
from zhike.cases.models import Case
from zhike.clocks.models import Clock
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.web.base.deadlines import Deadline, deadline_of
from zhike.web.base.names import names_of
from zhike.web.case_page.page import say

MOST = 300
"""Clocks on a board; beyond that nobody reads it, and the count says how many more there are."""


@dataclass(frozen=True, slots=True)
class Strip:
    """One clock of one case."""

    deadline: Deadline
    case: Case
    stage: str


@dataclass(slots=True)
class Lane:
    holder: str
    strips: list[Strip] = field(default_factory=list)

    @property
    def overdue(self) -> int:
        return sum(strip.deadline.state == "overdue" for strip in self.strips)


@dataclass(frozen=True, slots=True)
class Board:
    lanes: list[Lane]
    next: Strip | None
    """What breaches next: the soonest clock that is not overdue yet."""
    counts: dict[str, int]
    more: int


def board_of(viewer: Viewer, now: dt.datetime) -> Board:
    """Every open clock of the cases this viewer may see. Five queries, whatever the number."""
    visible = visible_cases(viewer)
    running = Clock.objects.filter(subject_kind="case", state__in=Clock.OPEN, subject_id__in=visible.values("pk"))
    clocks = list(running.order_by("due_at", "id")[: MOST + 1])
    more = running.count() - MOST if len(clocks) > MOST else 0
    cases = visible.select_related("department").defer("data").in_bulk([clock.subject_id for clock in clocks[:MOST]])
    books = {book_of(case.handbook_version_id) for case in cases.values()}
    names = names_of({p for clock in clocks for p in clock.holders}, books)
    strips = [_strip(clock, cases[clock.subject_id], now, names) for clock in clocks[:MOST] if clock.subject_id in cases]
    upcoming = next((s for s in strips if s.deadline.state in ("running", "warned")), None)
    return Board(_lanes(strips), upcoming, _counts(strips), more)


def _strip(clock: Clock, case: Case, now: dt.datetime, names: dict[str, str]) -> Strip:
    stage = book_of(case.handbook_version_id).stage(case.process, case.stage)
    return Strip(deadline_of(clock, now, names), case, say(stage.title))


def _lanes(strips: list[Strip]) -> list[Lane]:
    """In the order in which their first clock is due."""
    found: dict[str, Lane] = {}
    for strip in strips:
        found.setdefault(strip.deadline.holder, Lane(strip.deadline.holder)).strips.append(strip)
    return list(found.values())


def _counts(strips: list[Strip]) -> dict[str, int]:
    states = ("overdue", "warned", "running")
    return {state: sum(strip.deadline.state == state for strip in strips) for state in states}
