"""What is mine, by what is due next: the left pane of the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from zhike.cases.models import Case
from zhike.clocks.models import Clock
from zhike.journal.statements import array_of, rows
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.web.base.deadlines import Deadline, deadline_of
from zhike.web.case_page.page import case_url, say

FAR = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """A case of mine with the clock that presses most."""

    case: Case
    stage: str
    deadline: Deadline | None
    own: bool
    """True: that clock is in my hands."""
    place: str = ""
    """The absent colleague whose case it is."""
    current: bool = False

    @property
    def process(self) -> str:
        return say(book_of(self.case.handbook_version_id).process(self.case.process).title)

    @property
    def url(self) -> str:
        return case_url(self.case.number)


UNSEEN = (
    "key",
    "slot",
    "held_as",
    "warn_at",
    "next_at",
    "stopped_by",
    "pauses",
    "extensions",
    "until",
    "facts",
    "audience",
)
"""Fields of a clock that no row of a list shows."""


def open_clocks(case_ids: Iterable[int], whole: int | None = None) -> dict[int, list[Clock]]:
    """Open clocks of these cases by case, soonest first; of the case `whole` the ended ones too. One query."""
    asked = "subject_id = ANY(%s::bigint[]) AND state IN ('running', 'paused', 'overdue')"
    values: list[Any] = [array_of(case_ids)]
    if whole is not None:
        asked, values = f"({asked} OR subject_id = %s)", [*values, whole]
    found: dict[int, list[Clock]] = {}
    unseen = () if whole is not None else UNSEEN
    for clock in rows(Clock, f"WHERE subject_kind = 'case' AND {asked} ORDER BY due_at, id", values, without=unseen):
        found.setdefault(clock.subject_id, []).append(clock)
    return found


def my_rows(
    cases: Sequence[Case], clocks: dict[int, list[Clock]], viewer: Viewer, now: dt.datetime, current: str = ""
) -> list[Row]:
    """Rows of the left pane: my own clocks by their due time, then clocks others hold, then cases without one."""
    found = rows_of(cases, clocks, viewer, now, current)
    return sorted(found, key=lambda r: (not r.own, r.deadline.due_at if r.deadline else FAR, r.case.pk))


def rows_of(
    cases: Sequence[Case], clocks: dict[int, list[Clock]], viewer: Viewer, now: dt.datetime, current: str = ""
) -> list[Row]:
    """A row for each case, in their order; `clocks` by case."""
    seen = Eyes(now, frozenset(viewer.turns), dict(viewer.stands_for), current)
    return [_row(case, clocks.get(case.pk, []), seen) for case in cases]


@dataclass(frozen=True, slots=True)
class Eyes:
    """With what the rows of a page are looked at."""

    now: dt.datetime
    turns: frozenset[str]
    stands_for: dict[int, str]
    current: str
    """Number of the case that is open beside the list."""


def _row(case: Case, clocks: Sequence[Clock], eyes: Eyes) -> Row:
    still = [clock for clock in clocks if clock.state in Clock.OPEN]
    held = [clock for clock in still if not eyes.turns.isdisjoint(clock.holders)]
    pressing = next(iter(held or still), None)
    book = book_of(case.handbook_version_id)
    return Row(
        case=case,
        stage=say(book.stage(case.process, case.stage).title),
        deadline=deadline_of(pressing, eyes.now, {}) if pressing else None,
        own=bool(held),
        current=case.number == eyes.current,
        place=eyes.stands_for.get(case.owner_id or 0, ""),
    )
