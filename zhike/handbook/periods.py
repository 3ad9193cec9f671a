"""Periods in which something is owed: which one a moment lies in, when it begins and ends, and the days they are
counted by.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from zhike.handbook.calendars import DAYS, Calendar, add_months
from zhike.handbook.structure import Occasion

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PeriodSpan:
    """One period: `key` as a row stores it ("2025-06-11", "2025-W24", "2025-06-H1", "2025-06", "2025-Q2", "2025")."""

    key: str
    begins: dt.datetime
    ends: dt.datetime
    """The moment the period is over, its last midnight; not part of it."""

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter((self.key, self.begins, self.ends))


def period_of(
    every: str, moment: dt.datetime, zone: str = "Asia/Shanghai", calendar: Calendar | None = None
) -> PeriodSpan:
    """The period `moment` lies in; unpacks to (key, begins, ends).

    For `working_day` a day off belongs to the next working day (a duty that arises on Sunday is owed on Monday), and
    `calendar` says
    which days those are. `once` and `event` have no end: the key is "once", both ends are the moment. Raises
    ValueError for a period
    that depends on more than the date: a shift, an interval, checkpoints, an occasion.
    """
    place = calendar.zone if calendar else ZoneInfo(zone)
    day = moment.astimezone(place).date()
    if every in ("once", "event"):
        return PeriodSpan("once", moment, moment)
    if every == "working_day":
        day = day if calendar is None or calendar.is_working_day(day) else calendar.nth_working_day(day, 1)
    key, first, last = _days_of(every, day)
    return PeriodSpan(key, _midnight(first, place), _midnight(last, place))


def next_period(
    every: str, span: PeriodSpan, zone: str = "Asia/Shanghai", calendar: Calendar | None = None
) -> PeriodSpan:
    """The period after `span`."""
    return period_of(every, span.ends, zone, calendar)


def _midnight(day: dt.date, place: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, place)


def _days_of(every: str, day: dt.date) -> tuple[str, dt.date, dt.date]:
    """(key, first day, first day of the next period)."""
    match every:
        case "calendar_day" | "working_day" | "day":
            return day.isoformat(), day, day + ONE_DAY
        case "week":
            monday = day - dt.timedelta(days=day.weekday())
            year, week, _ = monday.isocalendar()
            return f"{year}-W{week:02}", monday, monday + dt.timedelta(days=7)
        case "half_month":
            first = day.replace(day=1 if day.day <= 15 else 16)
            after = day.replace(day=16) if day.day <= 15 else add_months(day.replace(day=1), 1)
            return f"{day:%Y-%m}-H{1 if day.day <= 15 else 2}", first, after
        case "calendar_month" | "month":
            first = day.replace(day=1)
            return f"{day:%Y-%m}", first, add_months(first, 1)
        case "calendar_quarter" | "quarter":
            first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
            return f"{day.year}-Q{(day.month - 1) // 3 + 1}", first, add_months(first, 3)
        case "calendar_year" | "year":
            return str(day.year), dt.date(day.year, 1, 1), dt.date(day.year + 1, 1, 1)
    raise ValueError(f"the period '{every}' cannot be told from a date alone")


def day_of_period(every: str, day: dt.date, ahead: int, number: int, calendar: Calendar | None = None) -> dt.date:
    """The `number`-th day (from 1; -1 the last) of the period `ahead` periods after the one `day` lies in.

    With a calendar working days are counted: the third working day of next month.
    """
    first, after = _days_of(every, day)[1:]
    for _ in range(ahead):
        first, after = _days_of(every, after)[1:]
    if calendar is not None:
        if number > 0:
            return calendar.nth_working_day(first - ONE_DAY, number)
        return calendar.nth_working_day(after, number)
    return first + dt.timedelta(days=number - 1) if number > 0 else after + dt.timedelta(days=number)


def yearly_day(month: int, day: int, year: int) -> dt.date:
    """The day of that year; the 29th of February is kept on the 28th in a year that has none."""
    try:
        return dt.date(year, month, day)
    except ValueError:
        return dt.date(year, month, 28)


def next_occasion(occasion: Occasion, after: dt.date) -> dt.date | None:
    """The next day of a named occasion after `after`; None where none is known."""
    found = [day for day in occasion.dates if day > after]
    if occasion.weekday is not None:
        found.append(after + dt.timedelta(days=(DAYS.index(occasion.weekday) - after.weekday() - 1) % 7 + 1))
    if occasion.yearly is not None:
        month, _, day = occasion.yearly.partition("-")
        days = [yearly_day(int(month), int(day), year) for year in (after.year, after.year + 1)]
        found.append(next(one for one in days if one > after))
    return min(found, default=None)
