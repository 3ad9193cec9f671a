"""Periods of a duty: the day, week or quarter in which something is owed, as half-open spans of time.

Periods begin at midnight of the handbook's zone. One that is entered in the middle begins where it was entered.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from types import MappingProxyType

from zhike.handbook.book import Book
from zhike.handbook.calendars import due_at
from zhike.handbook.clauses import Duty
from zhike.handbook.common import Duration, Facts, Unit
from zhike.handbook.limits import as_moment, limit_of
from zhike.handbook.periods import period_of

NO_FACTS: Facts = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Period:
    label: str
    """"once", "2025-06-11", "2025-W24", "2025-06", "2025-Q2", "2025"."""
    begins_at: dt.datetime
    ends_at: dt.datetime | None
    """The first moment after it; what is done at that very moment is still in time."""


class UnknownPeriod(ValueError):
    """This way of repeating needs facts the room does not have: shifts, occasions, checkpoints."""


def once(book: Book, clause: Duty, at: dt.datetime, facts: Facts = NO_FACTS) -> Period:
    """The period of something owed once: from `at` to its limit, without end where another clause times it, or while
    the date among the facts that limits it is not known.
    """
    if clause.within is None:
        until = as_moment(facts.get(clause.due.fact), at) if clause.due and clause.due.fact else None
        return Period("once", at, until)
    duration = limit_of(book, clause)
    working = duration.unit in (Unit.working_day, Unit.working_hour)
    calendar = book.calendar(clause.calendar) if working or clause.calendar else None
    return Period("once", at, due_at(calendar, at, duration, zone=book.handbook.zone))


def current_period(book: Book, clause: Duty, at: dt.datetime) -> Period:
    """The period of `clause` that holds `at`, from `at` on. On a day off the coming working day. Or UnknownPeriod."""
    if clause.every == "interval":
        return Period(at.isoformat(), at, due_at(None, at, _interval(clause), zone=book.handbook.zone))
    period = _on(book, clause, at)
    return Period(period.label, max(period.begins_at, at), period.ends_at)


def following_period(book: Book, clause: Duty, period: Period, done_at: dt.datetime | None = None) -> Period:
    """The period after `period`. An interval runs from when it was last done, or from when it fell due. Raises
    UnknownPeriod.
    """
    assert period.ends_at is not None
    if clause.every == "interval":
        start = done_at if done_at is not None and clause.counted_from == "done" else period.ends_at
        return current_period(book, clause, start)
    return _on(book, clause, period.ends_at)


def _interval(clause: Duty) -> Duration:
    if clause.interval is None:
        raise UnknownPeriod(f"{clause.id} repeats after an interval but names none")
    return clause.interval


def _on(book: Book, clause: Duty, moment: dt.datetime) -> Period:
    calendar = book.calendar(clause.calendar) if clause.every == "working_day" else None
    try:
        span = period_of(clause.every, moment, book.handbook.zone, calendar)
    except ValueError as error:
        raise UnknownPeriod(f"{clause.id}: {error}") from error
    return Period(span.key, span.begins, span.ends)
