"""Limits that hang on a date somebody typed, after that date was typed anew.

A limit that still runs goes to where the new date puts it, also into the past: it then runs out at once, unless its clause lets go what
was late when it came to apply (`born_late: excused`). One that has run out stays broken; where the new date is still to come it ends and
is owed anew for that date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhike.clocks.events import ClockRedated
from zhike.clocks.firing import overtake
from zhike.clocks.models import Clock
from zhike.clocks.rows import locked, update_clocks
from zhike.clocks.timing import Plan, calendar_of_clock, due_from_history, plan, warn_anew
from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline
from zhike.journal.actions import NewFact, record

State = Clock.State


@dataclass(frozen=True, slots=True)
class Redate:
    """A clock and the facts as they are now; `calendar` as for a start."""

    clock: int
    book: Book
    clause: Deadline
    facts: Mapping[str, Any]
    calendar: str | None = None


def redate_clocks(dates: Sequence[Redate], *, at: dt.datetime, by: str) -> tuple[list[int], list[int]]:
    """Move clocks that run or wait; answers with those that are now let go, and with those that had run out and are owed anew. Both
    are the caller's to end. In his transaction, which holds their subject.
    """
    overtake([one.clock for one in dates], at)
    rows = {clock.pk: clock for clock in locked(pk__in=[one.clock for one in dates], state__in=Clock.UNDECIDED)}
    excused: list[int] = []
    anew: list[int] = []
    moved: list[tuple[Clock, dt.datetime]] = []
    for one in dates:
        clock = rows.get(one.clock)
        timed = _plan(one, clock) if clock is not None else None
        if clock is None or timed is None:
            continue
        if clock.state == State.OVERDUE:
            anew += [clock.pk] if timed.due_at > at else []
        elif one.clause.born_late == "excused" and timed.due_at < at:
            excused.append(clock.pk)
        else:
            moved.append((clock, clock.due_at))
            _redate(clock, timed, one.facts, at)
    update_clocks([clock for clock, _ in moved])
    record([_fact(clock, before, at, by) for clock, before in moved])
    return excused, anew


def _plan(one: Redate, clock: Clock) -> Plan | None:
    facts = {**clock.facts, **one.facts}
    return plan(one.book, one.clause, clock.started_at, facts, one.calendar, None, clock.holders)


def _redate(clock: Clock, timed: Plan, facts: Mapping[str, Any], at: dt.datetime) -> None:
    """What was granted on top stays granted; warnings begin anew."""
    clock.facts = {**clock.facts, **facts}
    clock.limit, clock.due_at = timed.limit, timed.due_at
    clock.due_at = due_from_history(clock, calendar_of_clock(clock))
    warn_anew(clock, timed.limit["warn"], after=at)


def _fact(clock: Clock, before: dt.datetime, at: dt.datetime, by: str) -> NewFact:
    event = ClockRedated(clock.pk, before, clock.due_at)
    return NewFact(event, at, clock.subject, by, clock.handbook, (clock.clause,), clock.audience)
