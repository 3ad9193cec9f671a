"""What is read about clocks by more than one place. Lists give exactly what the viewer's keys open: the audience is the
gate.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from zhike.clocks.models import Clock
from zhike.clocks.moments import next_of_others
from zhike.clocks.timing import calendar_of_clock, late_minutes, used_minutes

State = Clock.State
Subject = tuple[str, int]

BOARD_MOST = 500
"""Overdue clocks, and clocks still in time, that a board reads: the most pressing ones."""


def open_clocks(subject: Subject) -> list[Clock]:
    """The open clocks of one subject, soonest due first. One query."""
    kind, number = subject
    return list(
        Clock.objects.filter(subject_kind=kind, subject_id=number, state__in=Clock.OPEN).order_by("due_at", "id")
    )


def undecided_clocks(subject: Subject, holder: str) -> list[Clock]:
    """The clocks of one subject that this principal holds, also those that begin later. One query."""
    kind, number = subject
    held = Clock.objects.filter(subject_kind=kind, subject_id=number, holders__contains=[holder])
    return list(held.filter(state__in=Clock.UNDECIDED).order_by("due_at", "id"))


def clocks_of(subject: Subject) -> list[Clock]:
    """Every clock a subject ever had, in the order they started. One query."""
    kind, number = subject
    return list(Clock.objects.filter(subject_kind=kind, subject_id=number).order_by("started_at", "id"))


def open_clocks_by_subject(kind: str, ids: Collection[int]) -> dict[int, list[Clock]]:
    """The open clocks of many subjects of one kind, each list soonest due first. One query."""
    found: dict[int, list[Clock]] = {number: [] for number in ids}
    for clock in Clock.objects.filter(subject_kind=kind, subject_id__in=list(ids), state__in=Clock.OPEN).order_by(
        "due_at", "id"
    ):
        found[clock.subject_id].append(clock)
    return found


SOONEST = """
SELECT subject_id, min(due_at) FROM clocks_clock
WHERE subject_kind = %s AND subject_id = ANY(%s) AND state IN ('running', 'overdue') GROUP BY subject_id
"""


def soonest(kind: str, ids: Collection[int]) -> dict[int, dt.datetime | None]:
    """When the next thing is due on each subject; None where no clock runs. A paused clock is due at no known time. One
    query.
    """
    found: dict[int, dt.datetime | None] = dict.fromkeys(ids)
    with connection.cursor() as cursor:
        cursor.execute(SOONEST, [kind, list(ids)])
        found.update(cursor.fetchall())
    return found


def next_moment() -> dt.datetime | None:
    """When the next warning or breach, or a moment of another room, comes; in the past while workers are behind. One query a room."""
    found = Clock.objects.filter(next_at__isnull=False).order_by("next_at").values_list("next_at", flat=True)[:1]
    return min((at for at in (next(iter(found), None), next_of_others()) if at is not None), default=None)


def open_clocks_of(
    keys: Iterable[str], limit: int = 50, after: tuple[dt.datetime, int] | None = None, kind: str | None = None
) -> list[Clock]:
    """The open clocks that somebody with these keys holds, soonest due first.

    `after` is (due_at, id) of the last row of the page before. Clocks that begin in the future are among them.
    """
    held = _in_order(Clock.objects.filter(holders__overlap=list(keys), state__in=Clock.OPEN), after)
    return list((held.filter(subject_kind=kind) if kind else held)[:limit])


def _in_order(clocks: QuerySet[Clock], after: tuple[dt.datetime, int] | None) -> QuerySet[Clock]:
    if after is not None:
        due, number = after
        clocks = clocks.filter(Q(due_at__gt=due) | Q(due_at=due, id__gt=number), due_at__gte=due)
    return clocks.order_by("due_at", "id")


@dataclass(frozen=True, slots=True)
class Lane:
    """One holder's clocks: the overdue first, then what runs out next."""

    holder: str
    clocks: tuple[Clock, ...]
    overdue: int
    soonest: dt.datetime | None
    """When the first clock still in time runs out."""


@dataclass(frozen=True, slots=True)
class Board:
    lanes: tuple[Lane, ...]
    """The lane with most overdue first, then by what runs out next, then by name."""
    complete: bool
    """False: there are more open clocks than a board reads."""


def board(keys: Iterable[str], *, most: int = BOARD_MOST) -> Board:
    """Who holds which clock, of all the clocks these keys may see. A clock with two holders is in two lanes. Two
    queries.
    """
    seen = Clock.objects.filter(audience__overlap=list(keys))
    overdue = list(seen.filter(state=State.OVERDUE).order_by("due_at", "id")[: most + 1])
    rest = list(seen.filter(state__in=[State.RUNNING, State.PAUSED]).order_by("due_at", "id")[: most + 1])
    lanes: dict[str, list[Clock]] = {}
    for clock in [*overdue[:most], *rest[:most]]:
        for holder in clock.holders:
            lanes.setdefault(holder, []).append(clock)
    ordered = sorted((_lane(holder, clocks) for holder, clocks in lanes.items()), key=_pressing)
    return Board(tuple(ordered), complete=len(overdue) <= most and len(rest) <= most)


def _lane(holder: str, clocks: Sequence[Clock]) -> Lane:
    running = [clock.due_at for clock in clocks if clock.state == State.RUNNING]
    return Lane(
        holder, tuple(clocks), sum(clock.state == State.OVERDUE for clock in clocks), min(running, default=None)
    )


def _pressing(lane: Lane) -> tuple[int, bool, dt.datetime | None, str]:
    return (-lane.overdue, lane.soonest is None, lane.soonest, lane.holder)


@dataclass(frozen=True, slots=True)
class Minutes:
    """Of a stopped clock, in its own time; `late` is None while nobody stopped it."""

    used: float | None
    late: float | None


def minutes_of(clock_ids: Collection[int]) -> dict[int, Minutes]:
    """Minutes used and late of many clocks; the ledger's lines name theirs under `detail.clock`. One query.

    A line "broken" is written at the very moment a clock runs out, when nobody knows yet how late it will be; here it
    is known.
    """
    return minutes_in(Clock.objects.filter(pk__in=list(clock_ids)))


def minutes_in(clocks: Iterable[Clock]) -> dict[int, Minutes]:
    """The same of clocks that were read already."""
    return {clock.pk: _minutes(clock) for clock in clocks}


def ages_of(clock_ids: Collection[int], now: dt.datetime) -> dict[int, float]:
    """Minutes that have gone by so far of the clocks that are still to be stopped, in their own time. One query."""
    running = Clock.objects.filter(pk__in=list(clock_ids), state__in=Clock.OPEN)
    return {clock.pk: used_minutes(clock, now, calendar_of_clock(clock)) for clock in running}


def _minutes(clock: Clock) -> Minutes:
    if clock.stopped_at is None or clock.state not in (State.KEPT, State.LATE):
        return Minutes(None, None)
    calendar = calendar_of_clock(clock)
    late = late_minutes(clock, clock.stopped_at, calendar) if clock.state == State.LATE else 0.0
    return Minutes(used_minutes(clock, clock.stopped_at, calendar), late)


@dataclass(frozen=True, slots=True)
class Sums:
    """How a clause's clocks that were due in a span of time ended. What is not yet due is in none of the figures."""

    kept: int = 0
    late: int = 0
    """Done after the limit."""
    undone: int = 0
    """Ran out and not done: still open, missed for good, or ended undone after the limit."""
    by_holder: dict[str, int] = field(default_factory=dict)
    """Broken clocks of each holder, or of whom the clause charges instead; a clock shared by two counts for both."""

    @property
    def due(self) -> int:
        return self.kept + self.late + self.undone

    @property
    def on_time(self) -> float | None:
        """Share kept, 0 to 1; None where nothing was due."""
        return self.kept / self.due if self.due else None


DUE = (
    Q(state=State.KEPT)
    | Q(state__in=[State.LATE, State.OVERDUE, State.MISSED])
    | Q(state=State.CANCELLED, stopped_at__gt=F("due_at"))
)


def sums(handbook: str, clause: str, since: dt.datetime, before: dt.datetime) -> Sums:
    """The clocks of a clause with a due time from `since` to before `before` that were kept or ran out. Two queries.

    A clock stopped in time counts as soon as it is stopped; one cancelled in time counts nowhere.
    """
    rows = Clock.objects.filter(handbook=handbook, clause=clause, due_at__gte=since, due_at__lt=before).filter(DUE)
    counts = dict(rows.values_list("state").annotate(n=Count("id")).values_list("state", "n"))
    kept, late = counts.pop(State.KEPT, 0), counts.pop(State.LATE, 0)
    with connection.cursor() as cursor:
        cursor.execute(BROKEN_BY_HOLDER, [handbook, clause, since, before])
        by_holder = dict(cursor.fetchall())
    return Sums(kept, late, sum(counts.values()), by_holder)


BROKEN_BY_HOLDER = """
SELECT holder, count(*) FROM clocks_clock, unnest(CASE WHEN charged = '{}' THEN holders ELSE charged END) AS holder
WHERE handbook = %s AND clause = %s AND due_at >= %s AND due_at < %s
    AND (state IN ('late', 'overdue', 'missed') OR (state = 'cancelled' AND stopped_at > due_at))
GROUP BY holder ORDER BY count(*) DESC, holder
"""
