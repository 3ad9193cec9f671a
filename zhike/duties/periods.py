"""Periods of a duty: the day, week, shift or interval in which something is owed, as half-open spans of time.

Periods begin at midnight of the handbook's zone. One that is entered in the middle begins where it was entered.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from types import MappingProxyType
from zoneinfo import ZoneInfo

from zhike.handbook.book import Book
from zhike.handbook.calendars import Calendar, at_time, due_at
from zhike.handbook.clauses import Duty
from zhike.handbook.common import Duration, Facts, Unit
from zhike.handbook.limits import Beginning, as_date, beginning_at, due_moment, duration_in, limit_of
from zhike.handbook.periods import next_occasion, period_of
from zhike.handbook.structure import Occasion

NO_FACTS: Facts = MappingProxyType({})
ONE_DAY = dt.timedelta(days=1)
INSTANT = dt.timedelta(microseconds=1)
FIRST = "first"
"""The label of the period before the regular ones."""
FAR = 1500
"""Days without a shift after which a calendar is taken to be closed for good."""


@dataclass(frozen=True, slots=True)
class Period:
    label: str
    """"once", "first", "2025-06-11", "2025-W24", "2025-06", "2025-Q2", "2025"; for a shift or an interval the moment it begins; for a
    checkpoint the start of the series and its number: "2025-06-11T09:00+08:00/2"."""
    begins_at: dt.datetime
    ends_at: dt.datetime | None
    """The first moment after it; what is done at that very moment is still in time."""


class UnknownPeriod(ValueError):
    """The clause does not say what its way of repeating needs: no interval, no calendar, an occasion nobody dated."""


def once(book: Book, clause: Duty, at: dt.datetime, facts: Facts = NO_FACTS) -> Period:
    """The period of something owed once: from `at` to its limit, without end where another clause times it, or while
    the date among the facts that limits it is not known.
    """
    if clause.within is not None:
        return Period("once", at, _after(book, clause, at, limit_of(book, clause)))
    return Period("once", at, _due(book, clause, at, facts))


def first_period(book: Book, clause: Duty, at: dt.datetime, facts: Facts = NO_FACTS) -> Period | None:
    """The period `first` gives: from the date it names (`after`), or from `at`, to its limit. None where the clause has none, or where
    it would be over already: then the regular one counts.
    """
    if clause.first is None or clause.first.within is None:
        return None
    within = duration_in(book, clause.first.within)
    since = beginning_at(facts.get(clause.first.after), at, within, book.handbook.zone) or Beginning(at)
    ends = _after(book, clause, since.moment, within, since.at)
    return Period(FIRST, since.moment, ends) if ends > at else None


def current_period(
    book: Book, clause: Duty, at: dt.datetime, facts: Facts = NO_FACTS, after: dt.date | None = None
) -> Period:
    """The period of `clause` that holds `at`, from `at` on. On a day off the coming working day, between two shifts the coming
    one; of an occasion the first day later than `after`. Or UnknownPeriod.
    """
    match clause.every:
        case "interval":
            return Period(_label(at), at, _after(book, clause, at, _interval(book, clause), clause.at))
        case "checkpoints":
            return _checkpoint(book, clause, at, 1)
        case "shift":
            return _shift(book, clause, at)
        case "occasion":
            yesterday = at.astimezone(ZoneInfo(book.handbook.zone)).date() - ONE_DAY
            return _occasion(book, clause, at, max(yesterday, after or yesterday), facts)
        case _:
            period = _on(book, clause, at)
            bounds = _bounded(book, clause, period)
            if bounds.ends_at is not None and bounds.ends_at <= at:
                assert period.ends_at is not None
                bounds = _bounded(book, clause, _on(book, clause, period.ends_at))
            return Period(bounds.label, max(bounds.begins_at, at), bounds.ends_at)


def following_period(book: Book, clause: Duty, period: Period, done_at: dt.datetime | None = None) -> Period | None:
    """The period after `period`; None after the last checkpoint. An interval runs from when it was last done, or from when
    it fell due. Raises UnknownPeriod.
    """
    assert period.ends_at is not None
    match clause.every:
        case _ if period.label == FIRST and clause.every not in ("interval", "shift", "occasion"):
            return _following(book, clause, done_at or period.ends_at)
        case "interval":
            since_done = done_at is not None and clause.counted_from == "done"
            return current_period(book, clause, done_at if since_done and done_at else period.ends_at)
        case "checkpoints":
            start, _, number = period.label.rpartition("/")
            coming = int(number) + 1
            if coming > len(clause.checkpoints):
                return None
            return _checkpoint(book, clause, dt.datetime.fromisoformat(start), coming)
        case "shift":
            return _shift(book, clause, period.ends_at)
        case "occasion":
            return _occasion(book, clause, period.ends_at, _day_of(book, period))
        case _:
            return _following(book, clause, period.begins_at)


def _following(book: Book, clause: Duty, inside: dt.datetime) -> Period:
    """The whole period after the one `inside` lies in, however its own share was bounded."""
    ends = _on(book, clause, inside).ends_at
    assert ends is not None
    return _bounded(book, clause, _on(book, clause, ends))


def _day_of(book: Book, period: Period) -> dt.date:
    """The day of an occasion; of a first period the day it ends."""
    assert period.ends_at is not None
    last = period.ends_at.astimezone(ZoneInfo(book.handbook.zone)).date()
    return last if period.label == FIRST else dt.date.fromisoformat(period.label)


def _bounded(book: Book, clause: Duty, period: Period) -> Period:
    """A calendar period cut to what the clause says of it: times of day (`window`), or the moment its share is due (`due`)."""
    begins, ends = period.begins_at, period.ends_at
    if clause.window is not None and ends is not None:
        begins = _at(book, begins, clause.window[0])
        ends = _at(book, ends - INSTANT, clause.window[1])
    if clause.due is not None and clause.due.every is not None:
        ends = _due(book, clause, begins, NO_FACTS) or ends
    return Period(period.label, begins, ends)


def _at(book: Book, moment: dt.datetime, time: str) -> dt.datetime:
    """That time of day on the day of `moment`."""
    local = moment.astimezone(ZoneInfo(book.handbook.zone))
    return at_time(None, dt.datetime.combine(local.date(), dt.time.min, local.tzinfo), time)


def _due(book: Book, clause: Duty, begins: dt.datetime, facts: Facts) -> dt.datetime | None:
    """The moment `due` names; None where it is an event, or not known yet."""
    if clause.due is None:
        return None
    return due_moment(book, clause.due, begins, facts, book.calendar(clause.calendar) if clause.due.working else None)


def _after(book: Book, clause: Duty, at: dt.datetime, amount: Duration, hour: str | None = None) -> dt.datetime:
    """So long after `at`, moved to `hour` of that day: in working time where the clause or its limit says so, else on the wall."""
    return due_at(_calendar(book, clause, amount), at, amount, at=hour, zone=book.handbook.zone)


def _calendar(book: Book, clause: Duty, amount: Duration) -> Calendar | None:
    working = clause.time == "working" or amount.unit in (Unit.working_day, Unit.working_hour)
    return book.calendar(clause.calendar) if working or clause.calendar else None


def _interval(book: Book, clause: Duty) -> Duration:
    if clause.interval is None:
        raise UnknownPeriod(f"{clause.id} repeats after an interval but names none")
    return duration_in(book, clause.interval)


def _checkpoint(book: Book, clause: Duty, start: dt.datetime, number: int) -> Period:
    """The `number`-th checkpoint after `start`, owed since the one before it."""
    if not clause.checkpoints:
        raise UnknownPeriod(f"{clause.id} names no checkpoints")
    times = [_after(book, clause, start, one) for one in clause.checkpoints[:number]]
    return Period(f"{_label(start)}/{number}", times[-2] if number > 1 else start, times[-1])


def _shift(book: Book, clause: Duty, at: dt.datetime) -> Period:
    """The open time of the calendar that holds `at`, else the next."""
    calendar = book.calendar(clause.calendar)
    if calendar is None:
        raise UnknownPeriod(f"{clause.id} is owed every shift, but no calendar says when one is")
    day = at.astimezone(calendar.zone).date() - ONE_DAY
    for ahead in range(FAR):
        for begins, ends in calendar.spans_of(day + ahead * ONE_DAY):
            if ends > at:
                return Period(_label(begins), max(begins, at), ends)
    raise UnknownPeriod(f"{clause.id}: its calendar is never open after {at.isoformat()}")


def is_own_day(book: Book, clause: Duty) -> bool:
    """Whether its occasion is a date among the facts of whom it is owed for, which returns each year: a birthday."""
    return clause.every == "occasion" and all(one.id != clause.occasion for one in book.handbook.occasions)


def _named(book: Book, clause: Duty, facts: Facts) -> Occasion | None:
    """The occasion of the handbook, or the day of the year that a date among the facts names."""
    if not is_own_day(book, clause):
        return next(one for one in book.handbook.occasions if one.id == clause.occasion)
    day = as_date(facts.get(clause.occasion or ""))
    return None if day is None else Occasion(id="own_day", title=clause.title, yearly=f"{day:%m-%d}")


def _occasion(book: Book, clause: Duty, at: dt.datetime, after: dt.date, facts: Facts = NO_FACTS) -> Period:
    """Until the next day of the occasion after `after`, or the time of day it names."""
    found = _named(book, clause, facts)
    day = next_occasion(found, after) if found else None
    if found is None or day is None:
        raise UnknownPeriod(f"{clause.id}: no day is known of the occasion {clause.occasion}")
    midnight = dt.datetime.combine(day, dt.time.min, ZoneInfo(book.handbook.zone))
    ends = at_time(None, midnight, found.at or (clause.window[1] if clause.window else "24:00"))
    if ends <= at:
        return _occasion(book, clause, at, day, facts)
    begins = max(at, at_time(None, midnight, clause.window[0])) if clause.window else at
    return Period(day.isoformat(), begins, ends)


def _on(book: Book, clause: Duty, moment: dt.datetime) -> Period:
    calendar = book.calendar(clause.calendar) if clause.every == "working_day" else None
    try:
        span = period_of(clause.every, moment, book.handbook.zone, calendar)
    except ValueError as error:
        raise UnknownPeriod(f"{clause.id}: {error}") from error
    return Period(span.key, span.begins, span.ends)


def _label(moment: dt.datetime) -> str:
    """A moment as the label of a period, short enough for its column."""
    return moment.isoformat(timespec="seconds")
