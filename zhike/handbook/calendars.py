"""Working time as sets of intervals, and the two questions asked of it: when is it due, and how much has passed?

A calendar is a weekly pattern of windows (several a day, past midnight allowed), without the days off of a holiday
table, with its
make-up workdays, or a personal roster of dated windows instead. A window belongs to the day on which it begins: the
night shift that
begins on the eve of a holiday is worked to its end.

Definitions, because people argue about them:

- seconds, minutes and hours are counted: through open windows with a calendar, on the wall without one;
- a day, week, month or year leads to the same time of day on that date, whatever the calendar; a month that is too
  short ends on its last day;
- the n-th working day is the n-th day after the starting day on which a window begins, at the same time of day as the
  start. Friday 16:00
  plus one working day is Monday 16:00. A start on a day off counts from that day: Saturday 10:00 plus one working day
  is Monday 10:00;
- what is paused does not count: the limit moves by as much counted time as was paused. A pause that has not ended
  adds nothing yet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from zhike.handbook import structure
from zhike.handbook.common import Duration, Unit
from zhike.handbook.holidays import HolidayTable

__all__ = ["Calendar", "HolidayTable", "NeverOpen", "Pause", "due_at", "due_before", "elapsed"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHANGHAI = ZoneInfo("Asia/Shanghai")
_FULL_DAY = 24 * 60
_FAR = 1500
"""Days without a window after which a calendar is taken to be closed for good."""

Window = tuple[int, int]
"""Minutes after midnight; an end beyond 1440 lies on the next day."""
Span = tuple[dt.datetime, dt.datetime]


class NeverOpen(ValueError):
    """The calendar has no open time within four years of the moment asked about."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that does not count. `until` None: it still lasts."""

    since: dt.datetime
    until: dt.datetime | None = None


def parse_time(text: str) -> int:
    """`"09:30"` -> 570, `"24:00"` -> 1440. Raises ValueError."""
    hours, separator, minutes = text.strip().partition(":")
    if not (separator and hours.isdigit() and minutes.isdigit() and len(minutes) == 2):
        raise ValueError(f"'{text}' is not a time of day such as 09:30 or 24:00")
    value = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or value > _FULL_DAY:
        raise ValueError(f"'{text}' is not a time of day such as 09:30 or 24:00")
    return value


def parse_window(text: str) -> Window:
    """`"13:30-18:00"` -> (810, 1080); `"22:00-06:00"` -> (1320, 1800). Raises ValueError."""
    begin, separator, end = text.partition("-")
    if not separator:
        raise ValueError(f"'{text}' is not a window such as 09:00-12:00")
    first, last = parse_time(begin), parse_time(end)
    if first in (last, _FULL_DAY):
        raise ValueError(f"the window '{text}' is empty")
    return (first, last if last > first else last + _FULL_DAY)


def parse_days(text: str) -> tuple[int, ...]:
    """`"mon-fri"` -> (0, 1, 2, 3, 4); `"sat"`, `"mon,wed"`, `"daily"` alike. Raises ValueError."""
    if text == "daily":
        return tuple(range(7))
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise ValueError(f"'{text}' is not a day such as mon, mon-fri, sat,sun or daily")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += range(begin, end + 1) if begin <= end else [*range(begin, 7), *range(end + 1)]
    return tuple(found)


@dataclass(frozen=True)
class Calendar:
    """Open time in a zone. Moments in and out are aware; results are in the calendar's zone."""

    weekly: tuple[tuple[Window, ...], ...]
    """Windows of Monday to Sunday."""
    zone: ZoneInfo = SHANGHAI
    holidays: HolidayTable | None = None
    roster: Mapping[dt.date, tuple[Window, ...]] = field(default_factory=dict)
    """Dated windows that replace the pattern, holidays or not; with `only_roster` there is no pattern."""
    only_roster: bool = False
    id: str = ""
    _known: dict[dt.date, tuple[Span, ...]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, definition: structure.Calendar) -> Calendar:
        """Compiled from its definition in a handbook. Raises ValueError naming what cannot be read."""
        weekly: list[tuple[Window, ...]] = [()] * 7
        for days, windows in definition.weekly.items():
            for day in parse_days(days):
                weekly[day] += tuple(parse_window(window) for window in windows)
        table = HolidayTable.named(definition.holidays) if definition.holidays else None
        week = tuple(tuple(sorted(windows)) for windows in weekly)
        usual = next((windows for windows in week if windows), ())
        dated = {day: week[day.weekday()] or usual for day in definition.extra_workdays}
        dated |= dict.fromkeys(definition.days_off, ())
        return cls(week, ZoneInfo(definition.zone), table, dated, id=definition.id)

    def with_roster(self, days: Mapping[dt.date, Sequence[str]], *, only: bool = True) -> Calendar:
        """This calendar for one person: on those dates the given windows count, an empty list being a day off.

        With `only` nothing else is open; without, other dates follow the pattern.
        """
        roster = {day: tuple(sorted(parse_window(window) for window in windows)) for day, windows in days.items()}
        return replace(self, roster=roster, only_roster=only, _known={})

    def with_windows(self, days: Mapping[dt.date, tuple[Window, ...]]) -> Calendar:
        """This calendar with its own windows on those dates, a day without one being off; other dates follow the pattern."""
        return replace(self, roster={**self.roster, **days}, _known={})

    @property
    def certain_until(self) -> dt.date | None:
        """The last day whose holidays and make-up workdays are announced; None where no table is used, so nothing can
        change.
        """
        return self.holidays.certain_until if self.holidays else None

    def is_certain(self, moment: dt.datetime) -> bool:
        """Whether the answer for this moment can no longer change by an announcement."""
        return self.certain_until is None or moment.astimezone(self.zone).date() <= self.certain_until

    def windows_of(self, day: dt.date) -> tuple[Window, ...]:
        """The windows that begin on that day.

        A make-up workday on a weekday without windows follows the first weekday that has some: Saturday works like
        Monday.
        """
        if day in self.roster or self.only_roster:
            return self.roster.get(day, ())
        own = self.weekly[day.weekday()]
        if self.holidays is None:
            return own
        if self.holidays.is_off(day):
            return ()
        if not own and self.holidays.is_make_up(day):
            return next((windows for windows in self.weekly if windows), ())
        return own

    def is_working_day(self, day: dt.date) -> bool:
        return bool(self.windows_of(day))

    def is_open(self, moment: dt.datetime) -> bool:
        return any(begin <= moment < end for begin, end in self._around(moment))

    def spans_of(self, day: dt.date) -> tuple[Span, ...]:
        """The windows of a day as moments in UTC."""
        known = self._known.get(day)
        if known is None:
            known = tuple((self.moment(day, begin), self.moment(day, end)) for begin, end in self.windows_of(day))
            self._known[day] = known
        return known

    def moment(self, day: dt.date, minutes: int) -> dt.datetime:
        """So many minutes after midnight of that day, by the clock on the wall, in UTC."""
        days, rest = divmod(minutes, _FULL_DAY)
        local = dt.datetime.combine(day + dt.timedelta(days=days), dt.time(rest // 60, rest % 60), self.zone)
        return local.astimezone(dt.UTC)

    def open_from(self, start: dt.datetime) -> Iterator[Span]:
        """Open time after `start`, in order and without overlap; cut at midnight. Raises NeverOpen when none comes."""
        day = start.astimezone(self.zone).date() - dt.timedelta(days=1)
        current: Span | None = None
        idle = 0
        while idle < _FAR:
            for begin, end in self.spans_of(day):
                if end <= start:
                    continue
                if current is None:
                    current = (max(begin, start), end)
                elif begin <= current[1]:
                    current = (current[0], max(current[1], end))
                else:
                    yield current
                    current = (begin, end)
            if current is not None:
                midnight = self.moment(day, _FULL_DAY)
                if current[0] < midnight:
                    yield current[0], min(current[1], midnight)
                current, idle = (max(current[0], midnight), current[1]) if current[1] > midnight else None, 0
            day, idle = day + dt.timedelta(days=1), idle + 1
        raise NeverOpen(f"calendar {self.id or '(without id)'} is not open after {start.isoformat()}")

    def open_before(self, end: dt.datetime) -> Iterator[Span]:
        """Open time before `end`, latest first and without overlap; cut at midnight. Raises NeverOpen when there is
        none.
        """
        day = end.astimezone(self.zone).date()
        for _ in range(_FAR):
            first, last = self.moment(day, 0), min(end, self.moment(day, _FULL_DAY))
            for begin, until in reversed(_merged((*self.spans_of(day - dt.timedelta(days=1)), *self.spans_of(day)))):
                if max(begin, first) < min(until, last):
                    yield max(begin, first), min(until, last)
            day -= dt.timedelta(days=1)
        raise NeverOpen(f"calendar {self.id or '(without id)'} is not open before {end.isoformat()}")

    def next_open(self, moment: dt.datetime) -> dt.datetime:
        """The moment itself while open, else the next opening."""
        return next(self.open_from(moment))[0].astimezone(self.zone)

    def nth_working_day(self, day: dt.date, count: int) -> dt.date:
        """The count-th working day after `day`, or before it for a negative count."""
        step = dt.timedelta(days=1 if count > 0 else -1)
        left, idle = abs(count), 0
        while left:
            day, idle = day + step, idle + 1
            if self.is_working_day(day):
                left, idle = left - 1, 0
            if idle > _FAR:
                raise NeverOpen(f"calendar {self.id or '(without id)'} has no working day near {day}")
        return day

    def _around(self, moment: dt.datetime) -> Iterable[Span]:
        day = moment.astimezone(self.zone).date()
        return (*self.spans_of(day - dt.timedelta(days=1)), *self.spans_of(day))


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


_SECONDS = {Unit.second: 1, Unit.minute: 60, Unit.hour: 3600, Unit.working_hour: 3600}


def is_by_the_clock(duration: Duration) -> bool:
    """Whether it is a number of hours, minutes or seconds rather than of days, weeks or months."""
    return duration.unit in _SECONDS


def due_at(
    calendar: Calendar | None,
    start: dt.datetime,
    duration: Duration,
    *,
    pauses: Sequence[Pause] = (),
    at: str | None = None,
    zone: str = "Asia/Shanghai",
) -> dt.datetime:
    """When so much time after `start` is up. `calendar` None counts on the wall; `at` moves the result to that time
    of its day.

    `zone` says where days begin when there is no calendar. Raises ValueError for working time without a calendar, and
    NeverOpen.
    """
    place = calendar.zone if calendar else ZoneInfo(zone)
    if is_by_the_clock(duration):
        if duration.unit is Unit.working_hour and calendar is None:
            raise ValueError("working hours need a calendar")
        due = _after(calendar, start, dt.timedelta(seconds=duration.amount * _SECONDS[duration.unit]), pauses)
    else:
        due = _moved_by_pauses(
            calendar, start, _same_time(calendar, start.astimezone(place), duration, 1), pauses, duration
        )
    due = due.astimezone(place)
    return due if at is None else at_time(calendar, due, at)


def due_before(
    calendar: Calendar | None, date: dt.date, duration: Duration, *, at: str | None = None, zone: str = "Asia/Shanghai"
) -> dt.datetime:
    """A limit counted back: so much time before a date, or before a moment (a datetime).

    From a date alone, days lead to the end of that earlier day (24:00) unless `at` says otherwise, hours count back
    from its midnight.
    """
    place = calendar.zone if calendar else ZoneInfo(zone)
    is_moment = isinstance(date, dt.datetime)
    moment = date if isinstance(date, dt.datetime) else dt.datetime.combine(date, dt.time.min, place)
    if is_by_the_clock(duration):
        due = _back(calendar, moment, dt.timedelta(seconds=duration.amount * _SECONDS[duration.unit]))
    else:
        due = _same_time(calendar, moment.astimezone(place), duration, -1)
        at = at if at is not None or is_moment else "24:00"
    due = due.astimezone(place)
    return due if at is None else at_time(calendar, due, at)


def elapsed(
    calendar: Calendar | None, start: dt.datetime, end: dt.datetime, pauses: Sequence[Pause] = ()
) -> dt.timedelta:
    """Counted time from `start` to `end`, without the pauses; zero where the end is not after the start."""
    if end <= start:
        return dt.timedelta(0)
    total = _counted(calendar, start, end)
    for begin, last in _merged((max(p.since, start), min(p.until or end, end)) for p in pauses):
        if last > begin:
            total -= _counted(calendar, begin, last)
    return total


def at_time(calendar: Calendar | None, moment: dt.datetime, at: str) -> dt.datetime:
    """The same day at another time: "10:00", "24:00", or the calendar's `open` or `close` on a day with windows."""
    day = moment.date()
    if at in ("open", "close"):
        spans = calendar.spans_of(day) if calendar else ()
        if not spans:
            return moment
        return (spans[0][0] if at == "open" else spans[-1][1]).astimezone(moment.tzinfo)
    minutes = parse_time(at)
    day += dt.timedelta(days=minutes // _FULL_DAY)
    rest = minutes % _FULL_DAY
    return dt.datetime.combine(day, dt.time(rest // 60, rest % 60), moment.tzinfo)


def _after(calendar: Calendar | None, start: dt.datetime, amount: dt.timedelta, pauses: Sequence[Pause]) -> dt.datetime:
    stops = _merged((max(p.since, start), p.until) for p in pauses if p.until and p.until > start and p.until > p.since)
    spans = calendar.open_from(start) if calendar else iter([(start, dt.datetime.max.replace(tzinfo=dt.UTC))])
    for begin, end in _without(spans, stops):
        if end - begin >= amount:
            return begin + amount
        amount -= end - begin
    raise NeverOpen("no open time left")


def _without(spans: Iterator[Span], stops: Sequence[Span]) -> Iterator[Span]:
    """Spans with the stops cut out."""
    for begin, end in spans:
        for off, on in stops:
            if on <= begin or off >= end:
                continue
            if off > begin:
                yield begin, off
            begin = on
        if begin < end:
            yield begin, end


def _back(calendar: Calendar | None, end: dt.datetime, amount: dt.timedelta) -> dt.datetime:
    if calendar is None:
        return end.astimezone(dt.UTC) - amount
    for begin, last in calendar.open_before(end):
        if last - begin >= amount:
            return last - amount
        amount -= last - begin
    raise NeverOpen("no open time left")


def _same_time(calendar: Calendar | None, local: dt.datetime, duration: Duration, sign: int) -> dt.datetime:
    """The same time of day so many days, weeks, months, years or working days away."""
    count = duration.amount * sign
    match duration.unit:
        case Unit.working_day:
            if calendar is None:
                raise ValueError("working days need a calendar")
            day = calendar.nth_working_day(local.date(), count)
        case Unit.day | Unit.week:
            day = local.date() + dt.timedelta(days=count * (7 if duration.unit is Unit.week else 1))
        case _:
            day = add_months(local.date(), count * (12 if duration.unit is Unit.year else 1))
    return dt.datetime.combine(day, local.time(), local.tzinfo)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of another month, or that month's last: 31 January plus one month is 28 or 29 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = dt.date(year + month // 11, (month + 1) % 12 + 1, 1)
    return min(dt.date(year, month + 1, 1) + dt.timedelta(days=day.day - 1), first_of_next - dt.timedelta(days=1))


def _moved_by_pauses(
    calendar: Calendar | None, start: dt.datetime, due: dt.datetime, pauses: Sequence[Pause], duration: Duration
) -> dt.datetime:
    """The limit later by the counted time that was paused; unchanged where nothing was."""
    counting = calendar if duration.unit is Unit.working_day else None
    amount = _counted(counting, start, due)
    ended = [pause for pause in pauses if pause.until]
    if not ended or elapsed(counting, start, due, ended) == amount:
        return due
    return _after(counting, start, amount, ended)


def _counted(calendar: Calendar | None, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    if calendar is None:
        return end - start
    total = dt.timedelta(0)
    try:
        for begin, last in calendar.open_from(start):
            if begin >= end:
                break
            total += min(last, end) - begin
    except NeverOpen:
        pass
    return total
