"""When a clock runs out, warns, and how much of it is used: always computed from its own history.

The history is: when it started, its limit, its calendar, the pauses and the extensions granted. Nothing here adds
seconds to a stored deadline, so a pause over a lunch break, a holiday or a night costs exactly the working minutes it
covered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zhike.clocks.models import Clock
from zhike.handbook.book import Book
from zhike.handbook.calendars import Calendar, Pause, due_at, elapsed
from zhike.handbook.clauses import Deadline, Duty
from zhike.handbook.common import Duration, Parameter, Unit, parse_duration
from zhike.org.handbooks import book_of

Limit = dict[str, Any]
"""See Clock.limit."""

CALENDAR_UNITS = frozenset({Unit.working_hour, Unit.working_day})


def limit_of(book: Book, clause: Deadline | Duty) -> Duration:
    """The limit a clause sets, with the value a manager gave its parameter. Raises ValueError where it sets none."""
    within = clause.within
    if isinstance(within, Parameter):
        within = Duration.model_validate(parse_duration(book.parameter(within.param)))
    if within is None:
        raise ValueError(f"{clause.id} sets no limit of its own")
    return within


def calendar_name(duration: Duration | None, time: str, named: str | None) -> str | None:
    """Which calendar a limit is counted in: the one named, "" for the handbook's own, None for wall time."""
    if named:
        return named
    in_working_time = time == "working" or (duration is not None and duration.unit in CALENDAR_UNITS)
    return "" if in_working_time else None


def calendar_of(book: Book, name: str | None) -> Calendar | None:
    """The compiled calendar of a stored name. Raises KeyError for a name the handbook does not know."""
    return None if name is None else book.calendar(name or None)


def calendar_of_clock(clock: Clock) -> Calendar | None:
    """The calendar a stored clock is counted in; asks for its handbook only when it has one."""
    name = clock.limit.get("calendar")
    return None if name is None else calendar_of(book_of(clock.version_id), name)


def pauses_of(stored: Iterable[Sequence[str | None]]) -> tuple[Pause, ...]:
    """The stored pauses as the engine takes them; an open one has no end."""
    return tuple(Pause(moment(start), moment(end) if end else None) for start, end in stored if start)


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def due_of(
    limit: Mapping[str, Any], start: dt.datetime, calendar: Calendar | None, pauses: Sequence[Pause] = ()
) -> dt.datetime:
    """When a limit that began at `start` runs out. A fixed date stays where it is, whatever was paused."""
    if limit.get("until"):
        return moment(limit["until"])
    return due_at(calendar, start, duration_of(limit), pauses=tuple(pauses), at=limit.get("at"), zone=limit["zone"])


def duration_of(stored: Mapping[str, Any]) -> Duration:
    return Duration(amount=stored["amount"], unit=Unit(stored["unit"]))


def due_from_history(clock: Clock, calendar: Calendar | None) -> dt.datetime:
    """`due_at` of a clock from its start, limit, closed pauses and extensions. The last pause must have ended."""
    pauses = pauses_of(clock.pauses)
    due = due_of(clock.limit, clock.started_at, calendar, pauses)
    for granted in clock.extensions:
        due = due_at(calendar, due, duration_of(granted), pauses=pauses, zone=clock.limit["zone"])
    return due


def own_minutes(calendar: Calendar | None, start: dt.datetime, end: dt.datetime, pauses: Sequence[Pause] = ()) -> float:
    """Minutes from `start` to `end` as the clock counts them: in its calendar, without its pauses. Never below zero."""
    if end <= start:
        return 0.0
    if calendar is None and not pauses:
        return (end - start).total_seconds() / 60
    return elapsed(calendar, start, end, pauses=tuple(pauses)).total_seconds() / 60


def used_minutes(clock: Clock, end: dt.datetime, calendar: Calendar | None = None) -> float:
    """Minutes a clock used up to `end`."""
    return own_minutes(calendar, clock.started_at, end, pauses_of(clock.pauses))


def late_minutes(clock: Clock, end: dt.datetime, calendar: Calendar | None = None) -> float:
    """Minutes from its due time to `end`, as the clock counts them: 0 when `end` is in time."""
    return own_minutes(calendar, clock.due_at, end)


def warnings_of(
    shares: Iterable[float],
    start: dt.datetime,
    due: dt.datetime,
    minutes: float,
    calendar: Calendar | None = None,
    pauses: Sequence[Pause] = (),
) -> list[dt.datetime]:
    """The moments at which `shares` (percent, ascending) of the limit of `minutes` own minutes are used up, none after
    `due`.
    """
    seconds = [minutes * 60 * share / 100 for share in shares]
    if calendar is None and not pauses:
        moments = [start + dt.timedelta(seconds=after) for after in seconds]
    else:
        moments = [_after(calendar, start, after, pauses) for after in seconds]
    return [min(moment, due) for moment in moments]


def _after(calendar: Calendar | None, start: dt.datetime, seconds: float, pauses: Sequence[Pause]) -> dt.datetime:
    whole = max(1, round(seconds))
    return due_at(calendar, start, Duration(amount=whole, unit=Unit.second), pauses=tuple(pauses))


def next_moment_of(clock: Clock) -> dt.datetime:
    """When something happens next to a clock: it begins, warns, or reaches the first instant that is too late."""
    if clock.state == Clock.State.WAITING:
        return clock.started_at
    return clock.warn_at[0] if clock.warn_at else clock.over_at
