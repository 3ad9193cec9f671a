"""Open clocks under days off that were not known when they started.

The rule a clock counts by has not changed, only what is known of the calendar, so it is computed anew from its own history.
Nobody becomes late by an announcement: a clock that has run out stays so, and one whose new due time has passed keeps its old.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from zhike.clocks.models import Clock
from zhike.clocks.timing import (
    calendar_of_clock,
    counted_from,
    due_from_history,
    own_minutes,
    pauses_of,
    pending_of,
    warn_anew,
)
from zhike.handbook.calendars import Calendar
from zhike.handbook.holidays import HolidayTable

State = Clock.State
CHUNK = 500
MOVABLE = (State.WAITING, State.RUNNING)
"""A paused clock is computed anew when it resumes, whatever was announced meanwhile."""


@dataclass(frozen=True, slots=True)
class Move:
    """A clock and the due time it would have."""

    clock: Clock
    due_at: dt.datetime

    @property
    def by(self) -> dt.timedelta:
        return self.due_at - self.clock.due_at


def moves(region: str, now: dt.datetime, table: HolidayTable | None = None, *, lock: bool = False) -> Iterator[Move]:
    """Open clocks of the region that are due at another time under `table`; without one, under what is known now."""
    last = 0
    while chunk := _chunk(last, lock=lock):
        last = chunk[-1].pk
        for clock in chunk:
            due = _due(clock, region, table)
            if due is not None and due != clock.due_at and due > now:
                yield Move(clock, due)


def _chunk(after: int, *, lock: bool) -> list[Clock]:
    """Open clocks that count in a calendar and have no fixed date, in the order of their ids."""
    found = Clock.objects.filter(pk__gt=after, state__in=MOVABLE, limit__calendar__isnull=False).exclude(
        limit__calendar=None
    )
    found = found.select_for_update(no_key=True) if lock else found
    return list(found.order_by("id")[:CHUNK])


def _due(clock: Clock, region: str, table: HolidayTable | None) -> dt.datetime | None:
    calendar = calendar_of_clock(clock)
    if clock.limit.get("until") or calendar is None or calendar.holidays is None or calendar.holidays.name != region:
        return None
    return due_from_history(clock, under(calendar, table))


def under(calendar: Calendar, table: HolidayTable | None) -> Calendar:
    """The same calendar with another table of days off."""
    return calendar if table is None else replace(calendar, holidays=table, _known={})


def retime(clock: Clock, due_at: dt.datetime) -> None:
    """Put the new due time and its warnings into the row, unsaved. Warnings that were given are not given again."""
    calendar, begin = calendar_of_clock(clock), counted_from(clock)
    pending = pending_of(clock)
    clock.due_at = due_at
    clock.limit = {**clock.limit, "minutes": own_minutes(calendar, begin, due_at, pauses_of(clock.pauses))}
    warn_anew(clock, *pending)
