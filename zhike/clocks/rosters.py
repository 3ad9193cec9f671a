"""Clocks that count by what their holder works (`calendar: by_holder`).

Such a clock keeps who held it from when on: `limit["rosters"]` is [[moment, id of the person or null], ...]. The time of each
holder is counted by his own roster; while a role held it, and on days nobody planned, by the handbook's own calendar.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from zhike.handbook.calendars import Calendar, Window
from zhike.handbook.clauses import Deadline, Duty
from zhike.org.principals import staff_number
from zhike.org.rosters import Roster, minutes_into, rosters

BY_HOLDER = "by_holder"
HORIZON = dt.timedelta(days=400)
"""So far ahead of a clock's start rosters are read; beyond it the handbook's own calendar counts."""
ONE_DAY = dt.timedelta(days=1)
NEVER, EVER = -(10**9), 10**9
Stretch = Sequence[str | int | None]
"""[moment as ISO text, id of the person or None]."""


def counts_by_holder(clause: Deadline | Duty) -> bool:
    return isinstance(clause, Deadline) and clause.calendar == BY_HOLDER


def person_of(holders: Iterable[str]) -> int | None:
    """The one person among the holders whose roster counts; None where a role holds it, or several people do."""
    people = [number for holder in holders if (number := staff_number(holder)) is not None]
    return people[0] if len(people) == 1 else None


def handed(stretches: Sequence[Stretch], at: dt.datetime, holders: Iterable[str]) -> list[Stretch]:
    """The same history with other holders from `at` on, to the minute."""
    moment = at.replace(second=0, microsecond=0).isoformat()
    return [
        *(each for each in stretches if str(each[0]) < moment or each is stretches[0]),
        [moment, person_of(holders)],
    ]


def rostered(calendar: Calendar | None, stretches: Sequence[Stretch]) -> Calendar | None:
    """The calendar with the rosters of those who held the clock, each from his moment on. Four queries; none without a person."""
    people = {int(number) for _, number in stretches if number is not None}
    if calendar is None or not people:
        return calendar
    begins = [dt.datetime.fromisoformat(str(moment)) for moment, _ in stretches]
    first = begins[0].astimezone(calendar.zone).date() - ONE_DAY
    last = max(begins).astimezone(calendar.zone).date() + HORIZON
    known = rosters(people, first, last)
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    planned = {day for roster in known.values() for day in roster}
    held = [known.get(int(number)) if number is not None else None for _, number in stretches]
    windows = {day: _windows(calendar, day, begins, held) for day in days if day in planned}
    return calendar.with_windows(windows)


def _windows(
    calendar: Calendar, day: dt.date, begins: Sequence[dt.datetime], held: Sequence[Roster | None]
) -> tuple[Window, ...]:
    """The windows that begin on a day, each cut to the time in which its holder held the clock."""
    found: list[Window] = []
    for index, roster in enumerate(held):
        low = NEVER if index == 0 else minutes_into(day, begins[index], calendar.zone)
        high = EVER if index + 1 == len(held) else minutes_into(day, begins[index + 1], calendar.zone)
        for begin, end in _of(calendar, day, roster):
            if max(begin, low) < min(end, high):
                found.append((max(begin, low), min(end, high)))
    return tuple(sorted(found))


def _of(calendar: Calendar, day: dt.date, roster: Roster | None) -> tuple[Window, ...]:
    planned = roster.get(day) if roster is not None else None
    return planned.windows if planned is not None else calendar.windows_of(day)
