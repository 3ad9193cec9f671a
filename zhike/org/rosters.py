"""What somebody works on a day: the weekly pattern, the days that differ from it, less the leave that was approved.

A window belongs to the day it begins on, as in every calendar: a night shift of Monday ends on Tuesday morning. Days nobody
planned are in no roster; there the calendar of the clause counts.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from zhike.handbook.calendars import Window, parse_window
from zhike.org.models import ShiftDay, ShiftPattern, ShiftRequest, ShiftType, Staff

ZONE = ZoneInfo(settings.TIME_ZONE)
"""Shifts are written in the time of the house."""
MINUTE = dt.timedelta(minutes=1)
ONE_DAY = dt.timedelta(days=1)
Span = tuple[dt.datetime, dt.datetime]
T = TypeVar("T", ShiftPattern, ShiftDay, ShiftRequest)


@dataclass(frozen=True, slots=True)
class Planned:
    """One day of somebody's roster."""

    shift: ShiftType | None
    """None: off."""
    windows: tuple[Window, ...]
    """What is left of the shift after leave."""
    differs: bool = False
    """It differs from the weekly pattern, or there is none."""
    on_leave: bool = False
    """Leave takes part of it, or all."""


Roster = Mapping[dt.date, Planned]


def rosters(people: Collection[int], first: dt.date, last: dt.date) -> dict[int, dict[dt.date, Planned]]:
    """{person: {day: what he works}} from `first` to `last`, days nobody planned left out. Four queries for any number."""
    if not people:
        return {}
    types = {shift.pk: shift for shift in ShiftType.objects.all()}
    patterns = _grouped(
        ShiftPattern.objects.filter(staff_id__in=people, since__lte=last).filter(Q(until=None) | Q(until__gte=first))
    )
    single = _grouped(ShiftDay.objects.filter(staff_id__in=people, day__range=(first, last)))
    leave = _grouped(_leave(people, first, last))
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    return {
        person: _roster(days, types, patterns[person], {each.day: each for each in single[person]}, leave[person])
        for person in people
    }


def _leave(people: Collection[int], first: dt.date, last: dt.date) -> Iterable[ShiftRequest]:
    """Approved leave that touches these days, or the morning after a night shift of the last."""
    approved = ShiftRequest.objects.filter(staff_id__in=people, kind="leave", state="approved")
    return approved.filter(ends_at__gt=midnight(first), begins_at__lt=midnight(last + 2 * ONE_DAY))


def _grouped(rows: Iterable[T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for row in rows:
        found[row.staff_id].append(row)
    return found


def _roster(
    days: Sequence[dt.date],
    types: Mapping[int, ShiftType],
    patterns: Sequence[ShiftPattern],
    single: Mapping[dt.date, ShiftDay],
    leave: Sequence[ShiftRequest],
) -> dict[dt.date, Planned]:
    away = [(row.begins_at, row.ends_at) for row in leave if row.begins_at and row.ends_at]
    found: dict[dt.date, Planned] = {}
    for day in days:
        pattern = next((p for p in patterns if p.since <= day and (p.until is None or day <= p.until)), None)
        number = single[day].shift_id if day in single else _turn(pattern, day)
        if day not in single and pattern is None:
            continue
        shift = types.get(number) if number is not None else None
        whole = windows_of(shift)
        left = _without(day, whole, away)
        found[day] = Planned(shift, left, differs=day in single, on_leave=left != whole)
    return found


def _turn(pattern: ShiftPattern | None, day: dt.date) -> int | None:
    """The shift whose turn it is: the weeks follow each other from the Monday of the pattern's first week."""
    if pattern is None or not pattern.shifts:
        return None
    monday = pattern.since - dt.timedelta(days=pattern.since.weekday())
    return pattern.shifts[(day - monday).days % len(pattern.shifts)]


def windows_of(shift: ShiftType | None) -> tuple[Window, ...]:
    return tuple(sorted(parse_window(text) for text in shift.windows)) if shift is not None else ()


def _without(day: dt.date, windows: tuple[Window, ...], away: Sequence[Span]) -> tuple[Window, ...]:
    """The windows with the leave cut out, to the minute."""
    for begin, end in away:
        gone = (minutes_into(day, begin), minutes_into(day, end))
        windows = tuple(part for window in windows for part in _cut(window, gone))
    return windows


def _cut(window: Window, gone: Window) -> Iterable[Window]:
    before, after = (window[0], min(window[1], gone[0])), (max(window[0], gone[1]), window[1])
    return [part for part in (before, after) if part[0] < part[1]]


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, ZONE)


def minutes_into(day: dt.date, moment: dt.datetime, zone: ZoneInfo = ZONE) -> int:
    """Whole minutes from the midnight of that day to the moment; below zero before it."""
    local = moment.astimezone(zone).replace(tzinfo=None)
    return (local - dt.datetime.combine(day, dt.time.min)) // MINUTE


def spans(day: dt.date, planned: Planned) -> list[Span]:
    """The windows of a day as moments."""
    return [(midnight(day) + begin * MINUTE, midnight(day) + end * MINUTE) for begin, end in planned.windows]


def on_shift(at: dt.datetime, people: Collection[int] | None = None) -> dict[int, dt.datetime]:
    """{person: until when} of everybody at work who is on shift at that moment; of those asked about, where some are.

    Who has no roster is not on shift: nobody knows. Five queries, whatever the number.
    """
    if people is None:
        today = at.astimezone(ZONE).date()
        planned = Q(shift_patterns__since__lte=today) | Q(shift_days__day__range=(today - ONE_DAY, today))
        people = set(Staff.objects.filter(planned, is_active=True).values_list("pk", flat=True))
    else:
        people = set(Staff.objects.filter(pk__in=people, is_active=True).values_list("pk", flat=True))
    today = at.astimezone(ZONE).date()
    found: dict[int, dt.datetime] = {}
    for person, roster in rosters(people, today - ONE_DAY, today).items():
        ends = [
            end for day, planned_day in roster.items() for begin, end in spans(day, planned_day) if begin <= at < end
        ]
        if ends:
            found[person] = max(ends)
    return found
