"""Periods of a duty: the day, week or quarter in which something is owed, as half-open spans of time.

Periods begin at midnight of the handbook's zone. One that is entered in the middle begins where it was entered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from zhike.clocks.timing import limit_of
from zhike.handbook.book import Book
from zhike.handbook.calendars import due_at
from zhike.handbook.clauses import Duty
from zhike.handbook.common import Duration, Unit

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    label: str
    """"once", "2025-06-11", "2025-W24", "2025-06", "2025-Q2", "2025"."""
    begins_at: dt.datetime
    ends_at: dt.datetime | None
    """The first moment after it; what is done at that very moment is still in time."""


Days = tuple[str, dt.date, dt.date]
"""Label, first day, first day after."""


class UnknownPeriod(ValueError):
    """This way of repeating needs facts the room does not have: shifts, occasions, checkpoints."""


def once(book: Book, clause: Duty, at: dt.datetime) -> Period:
    """The period of something owed once: from `at` to its limit, without end where another clause times it."""
    if clause.within is None:
        return Period("once", at, None)
    duration = limit_of(book, clause)
    working = duration.unit in (Unit.working_day, Unit.working_hour)
    calendar = book.calendar(clause.calendar) if working or clause.calendar else None
    return Period("once", at, due_at(calendar, at, duration, zone=book.handbook.zone))


def current_period(book: Book, clause: Duty, at: dt.datetime) -> Period:
    """The period of `clause` that holds `at`, from `at` on. On a day off the coming working day. Or UnknownPeriod."""
    if clause.every == "interval":
        return Period(at.isoformat(), at, due_at(None, at, _interval(clause), zone=book.handbook.zone))
    period = _on(book, clause, at.astimezone(ZoneInfo(book.handbook.zone)).date())
    return Period(period.label, max(period.begins_at, at), period.ends_at)


def following_period(book: Book, clause: Duty, period: Period, done_at: dt.datetime | None = None) -> Period:
    """The period after `period`. An interval runs from when it was last done, or from when it fell due. Raises
    UnknownPeriod.
    """
    assert period.ends_at is not None
    if clause.every == "interval":
        start = done_at if done_at is not None and clause.counted_from == "done" else period.ends_at
        return current_period(book, clause, start)
    return _on(book, clause, period.ends_at.astimezone(ZoneInfo(book.handbook.zone)).date())


def _interval(clause: Duty) -> Duration:
    if clause.interval is None:
        raise UnknownPeriod(f"{clause.id} repeats after an interval but names none")
    return clause.interval


def _on(book: Book, clause: Duty, day: dt.date) -> Period:
    if clause.every == "working_day":
        day = _working_day(book, clause, day)
    try:
        label, first, after = _DAYS[clause.every](day)
    except KeyError:
        raise UnknownPeriod(f"{clause.id} repeats {clause.every!r}, which has no period of its own") from None
    return Period(label, _midnight(book, first), _midnight(book, after))


def _working_day(book: Book, clause: Duty, day: dt.date) -> dt.date:
    calendar = book.calendar(clause.calendar)
    if calendar is None or calendar.is_working_day(day):
        return day
    return calendar.nth_working_day(day, 1)


def _midnight(book: Book, day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, ZoneInfo(book.handbook.zone))


def _day(day: dt.date) -> Days:
    return day.isoformat(), day, day + DAY


def _week(day: dt.date) -> Days:
    year, week, weekday = day.isocalendar()
    monday = day - DAY * (weekday - 1)
    return f"{year}-W{week:02}", monday, monday + 7 * DAY


def _half_month(day: dt.date) -> Days:
    label, first, after = _month(day)
    middle = first.replace(day=16)
    return (f"{label}-a", first, middle) if day < middle else (f"{label}-b", middle, after)


def _month(day: dt.date) -> Days:
    first = day.replace(day=1)
    return f"{first:%Y-%m}", first, _months_later(first, 1)


def _quarter(day: dt.date) -> Days:
    quarter = (day.month - 1) // 3
    first = day.replace(month=quarter * 3 + 1, day=1)
    return f"{day.year}-Q{quarter + 1}", first, _months_later(first, 3)


def _year(day: dt.date) -> Days:
    first = day.replace(month=1, day=1)
    return str(day.year), first, _months_later(first, 12)


def _months_later(first: dt.date, months: int) -> dt.date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return dt.date(year, month + 1, 1)


_DAYS: dict[str, Callable[[dt.date], Days]] = {
    "calendar_day": _day,
    "working_day": _day,
    "week": _week,
    "half_month": _half_month,
    "calendar_month": _month,
    "calendar_quarter": _quarter,
    "calendar_year": _year,
}
