"""When a clock runs out, warns, and how much of it is used: always computed from its own history.

The history is: when it started, its limit, its calendar, the pauses and the extensions granted. Nothing here adds
seconds to a stored deadline, so a pause over a lunch break, a holiday or a night costs exactly the working minutes it
covered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhike.clocks.models import INSTANT, Clock
from zhike.clocks.rosters import Stretch, counts_by_holder, person_of, rostered
from zhike.handbook.book import Book
from zhike.handbook.calendars import Calendar, Pause, due_at, elapsed, is_by_the_clock
from zhike.handbook.clauses import Deadline, Duty
from zhike.handbook.common import Duration, Unit
from zhike.handbook.limits import Beginning, begins, counts_working_time, deadline_due, limit_of
from zhike.org.handbooks import book_of

Limit = dict[str, Any]
"""See Clock.limit."""

CALENDAR_UNITS = frozenset({Unit.working_hour, Unit.working_day})


@dataclass(frozen=True, slots=True)
class Plan:
    """How a new clock is timed: its limit as it is stored, when it is due and when it warns."""

    limit: Limit
    due_at: dt.datetime
    warn_at: list[dt.datetime]
    target_at: dt.datetime | None = None


def plan(
    book: Book,
    clause: Deadline | Duty,
    start: dt.datetime,
    facts: Mapping[str, Any],
    calendar: str | None = None,
    until: dt.datetime | None = None,
    holders: Sequence[str] = (),
) -> Plan | None:
    """The plan of a clock that starts at `start`; None while a date it hangs on is not known yet.

    `calendar` is the name of the one to count in, `until` a fixed moment instead of the clause's limit; `holders` hold it, for
    a clause that counts by the holder's roster. Raises KeyError for an unknown calendar, NoLimit where the clause sets no limit.
    """
    duration = limit_of(book, clause) if until is None and clause.within is not None else None
    stretches: list[Stretch] = [[start.isoformat(), person_of(holders)]] if counts_by_holder(clause) else []
    name = calendar_name(clause, duration, None if stretches else calendar)
    counted = rostered(calendar_of(book, name), stretches)
    since = Beginning(start)
    if until is None and isinstance(clause, Deadline):
        offered = counted if stretches else calendar_of(book, calendar or name)
        found = _begin_and_due(book, clause, start, facts, offered)
        if found is None:
            return None
        since, due = found
        until = None if _is_a_duration(clause) else due
    else:
        due = until or due_at(counted, start, limit_of(book, clause), zone=book.handbook.zone)
    begin = since.moment
    limit = _limit(book, clause, duration, name) | {"at": since.at}
    limit |= {"until": until and until.isoformat(), "from": begin.isoformat() if begin != start else None}
    limit["minutes"] = own_minutes(counted, begin, due)
    if stretches:
        limit["rosters"] = stretches
    warn_at = warnings_of(limit["warn"], begin, due, limit["minutes"], counted)
    if not isinstance(clause, Deadline) or clause.target is None:
        return Plan(limit, due, warn_at)
    limit["target"] = _target(book, clause, clause.target, name, calendar)
    by = calendar_of(book, limit["target"]["calendar"]) if counted is None else counted
    target = target_at(limit, begin, due, by)
    return Plan(limit, due, with_target(warn_at, limit, target, due), target)


def _target(book: Book, clause: Deadline, target: Duration, counted: str | None, named: str | None) -> dict[str, Any]:
    """The softer limit as it is stored. Counted as the limit is; working days in a calendar even where the limit has none."""
    own = calendar_name(clause, target, named) if counted is None and target.unit in CALENDAR_UNITS else None
    warns = bool(clause.warn if clause.warn is not None else book.warn)
    return {"amount": target.amount, "unit": target.unit.value, "calendar": own, "warns": warns}


def target_at(
    limit: Limit, begin: dt.datetime, due: dt.datetime, calendar: Calendar | None, pauses: Sequence[Pause] = ()
) -> dt.datetime:
    """When the softer limit passes: never after the limit itself."""
    length = duration_of(limit["target"])
    at = None if is_by_the_clock(length) else limit.get("at")
    return min(due, due_at(calendar, begin, length, pauses=tuple(pauses), at=at, zone=limit["zone"]))


def with_target(
    warn_at: Sequence[dt.datetime], limit: Limit, target: dt.datetime | None, due: dt.datetime
) -> list[dt.datetime]:
    """The moments at which something is said: those of the shares, and that at which the target passes."""
    told = target is not None and limit["target"]["warns"] and target < due
    return sorted([*warn_at, target]) if told and target is not None else list(warn_at)


def _begin_and_due(
    book: Book, clause: Deadline, start: dt.datetime, facts: Mapping[str, Any], calendar: Calendar | None
) -> tuple[Beginning, dt.datetime] | None:
    since = begins(book, clause, start, facts, calendar)
    due = deadline_due(book, clause, start, facts, calendar=calendar)
    if since is None or due is None:
        return None
    # The engine takes the last instant off a limit that excludes it; a clock keeps the moment itself and is strict.
    return since, due + INSTANT if clause.boundary == "exclusive" else due


def _is_a_duration(clause: Deadline) -> bool:
    """Whether its due time follows from a start and a length alone, so that a pause can move it."""
    return clause.before is None and clause.due is None and clause.cap is None


def _limit(book: Book, clause: Deadline | Duty, duration: Duration | None, calendar: str | None) -> Limit:
    warn = clause.warn if clause.warn is not None else book.warn
    return {
        "amount": duration.amount if duration else None,
        "unit": duration.unit.value if duration else None,
        "time": clause.time if isinstance(clause, Deadline) else "wall",
        "calendar": calendar,
        "warn": sorted(share for share in warn if share < 100),
        "zone": book.handbook.zone,
    }


def calendar_name(clause: Deadline | Duty, duration: Duration | None, named: str | None) -> str | None:
    """Which calendar a limit is counted in: the one named, "" for the handbook's own, None for the wall.

    A clause that names a calendar which nobody could look up (a department that keeps none) counts on the wall.
    """
    if duration is not None and duration.unit in CALENDAR_UNITS:
        return named or ""
    if isinstance(clause, Duty) or not counts_working_time(clause):
        return None
    return named if clause.calendar and not counts_by_holder(clause) else named or ""


def calendar_of(book: Book, name: str | None) -> Calendar | None:
    """The compiled calendar of a stored name. Raises KeyError for a name the handbook does not know."""
    return None if name is None else book.calendar(name or None)


def calendar_of_clock(clock: Clock) -> Calendar | None:
    """The calendar a stored clock is counted in; asks for its handbook only when it has one."""
    name = clock.limit.get("calendar")
    return (
        None if name is None else rostered(calendar_of(book_of(clock.version_id), name), clock.limit.get("rosters", ()))
    )


def pauses_of(stored: Iterable[Sequence[str | None]]) -> tuple[Pause, ...]:
    """The stored pauses as the engine takes them; an open one has no end."""
    return tuple(Pause(moment(start), moment(end) if end else None) for start, end in stored if start)


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def duration_of(stored: Mapping[str, Any]) -> Duration:
    return Duration(amount=stored["amount"], unit=Unit(stored["unit"]))


def counted_from(clock: Clock) -> dt.datetime:
    """The moment a clock's limit is counted from: its start, or a later opening, or an earlier fact."""
    return moment(clock.limit["from"]) if clock.limit.get("from") else clock.started_at


def due_from_history(clock: Clock, calendar: Calendar | None) -> dt.datetime:
    """`due_at` of a clock from its start, limit, closed pauses and extensions. The last pause must have ended.

    A fixed date stays where it is, whatever was paused.
    """
    limit, pauses = clock.limit, pauses_of(clock.pauses)
    if limit.get("until"):
        due = moment(limit["until"])
    else:
        start, at = counted_from(clock), limit.get("at")
        due = due_at(calendar, start, duration_of(limit), pauses=pauses, at=at, zone=limit["zone"])
    for granted in clock.extensions:
        due = due_at(calendar, due, duration_of(granted), pauses=pauses, zone=limit["zone"])
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
    return own_minutes(calendar, counted_from(clock), end, pauses_of(clock.pauses))


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


def pending_of(clock: Clock) -> tuple[list[float], bool]:
    """Of a clock's warnings those still to come: the shares, and whether its target is yet to pass."""
    target = clock.target_at in clock.warn_at
    count = len(clock.warn_at) - target
    return clock.limit["warn"][-count:] if count else [], target


def warn_anew(clock: Clock, shares: Sequence[float], target: bool = True, *, after: dt.datetime | None = None) -> None:
    """Put the clock's target and its warnings into the row, unsaved, from its history: those at `shares` and, with `target`, that at
    which the target passes; only what comes later than `after`.
    """
    calendar, begin, pauses = calendar_of_clock(clock), counted_from(clock), pauses_of(clock.pauses)
    told = warnings_of(shares, begin, clock.due_at, clock.limit["minutes"], calendar, pauses)
    retarget(clock, calendar)
    told = with_target(told, clock.limit, clock.target_at if target else None, clock.due_at)
    clock.warn_at = [moment for moment in told if after is None or moment > after]
    clock.next_at = next_moment_of(clock)


def retarget(clock: Clock, calendar: Calendar | None) -> None:
    """When the target of a clock passes, from its history; the last pause must have ended."""
    if stored := clock.limit.get("target"):
        own = stored["calendar"]
        by = calendar if calendar is not None or own is None else calendar_of(book_of(clock.version_id), own)
        clock.target_at = target_at(clock.limit, counted_from(clock), clock.due_at, by, pauses_of(clock.pauses))


def next_moment_of(clock: Clock) -> dt.datetime:
    """When something happens next to a clock: it begins, warns, or reaches the first instant that is too late."""
    if clock.state == Clock.State.WAITING:
        return clock.started_at
    return clock.warn_at[0] if clock.warn_at else clock.over_at
