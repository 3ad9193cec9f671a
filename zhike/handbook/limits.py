"""Deadlines and duties as arithmetic: how long, from when, until when, and whether an event really stops one. Pure;
clocks keep rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from zhike.handbook.book import Book
from zhike.handbook.calendars import Calendar, Pause, at_time, due_at, due_before, is_by_the_clock
from zhike.handbook.clauses import Clause, ClauseBase, Deadline, Duty
from zhike.handbook.common import Duration, Facts, Parameter, Unit, parse_duration
from zhike.handbook.conditions import holds
from zhike.handbook.periods import day_of_period
from zhike.handbook.terms import Due

INSTANT = dt.timedelta(microseconds=1)
WORKING = (Unit.working_hour, Unit.working_day)


OVER_CAP = "due.over_cap_agreed"
"""The fact that whoever must agree to a date beyond the cap has agreed."""


class NoLimit(LookupError):
    """The clause has no duration: its limit is a moment (`due`), or another clause sets it."""


def limit_of(book: Book, clause: Deadline | Duty) -> Duration:
    """The limit as a duration, a parameter's value in force included. Raises NoLimit where the clause has none."""
    if clause.within is None:
        raise NoLimit(f"{clause.id} has no limit of its own")
    return duration_in(book, clause.within)


def duration_in(book: Book, within: Duration | Parameter) -> Duration:
    """A length of time as a clause states it, a parameter's value in force included."""
    if isinstance(within, Duration):
        return within
    return Duration.model_validate(parse_duration(book.parameter(within.param)))


def end_of(book: Book, at: dt.datetime, length: Duration) -> dt.datetime:
    """When a length that no clock watches is over: a week is a week on the wall, working days are those of the handbook's calendar."""
    counted = book.calendar(None) if length.unit in WORKING else None
    return due_at(counted, at, length, zone=book.handbook.zone)


@dataclass(frozen=True, slots=True)
class Limit:
    """When a clock runs out and where it warns. `certain` is False where a holiday table is not announced that far."""

    due: dt.datetime
    warn: tuple[dt.datetime, ...]
    certain: bool
    not_before: dt.datetime | None = None


def deadline_due(
    book: Book,
    clause: Deadline,
    start: dt.datetime,
    facts: Facts,
    *,
    calendar: Calendar | None = None,
    pauses: Sequence[Pause] = (),
) -> dt.datetime | None:
    """When a deadline that starts at `start` runs out; None while a date it hangs on is not known yet.

    `calendar` is the one of the clause, of the department or of a person, already looked up; counted only where the
    clause counts
    working time. A limit with `boundary: exclusive` ("before 16:30") runs out one microsecond earlier, because a
    clock's very last
    instant is always in time.
    """
    since = begins(book, clause, start, facts, calendar)
    if since is None:
        return None
    begin = since.moment
    counted = calendar if counts_working_time(clause) else None
    zone = book.handbook.zone
    if clause.before is not None:
        due = _counted_back(book, clause, facts, calendar, zone)
    elif clause.due is not None:
        due = due_moment(book, clause.due, begin, facts, calendar)
    else:
        limit = limit_of(book, clause)
        due = due_at(counted or _for_days(calendar, limit), begin, limit, pauses=pauses, at=since.at, zone=zone)
    if due is None:
        return None
    due = _capped(book, clause, due, start, facts, calendar)
    return due - INSTANT if clause.boundary == "exclusive" else due


def counts_working_time(clause: Deadline) -> bool:
    """Whether only the calendar's time counts: the clause says so, or names a calendar without deferring to it."""
    if clause.time == "working":
        return True
    return clause.time == "wall" and clause.calendar is not None


def _for_days(calendar: Calendar | None, limit: Duration) -> Calendar | None:
    return calendar if limit.unit.value.startswith("working") else None


@dataclass(frozen=True, slots=True)
class Beginning:
    """From when a limit is counted; `at` is the time of day its days end at, None for the same time as it began."""

    moment: dt.datetime
    at: str | None = None


def begins(
    book: Book, clause: Deadline, start: dt.datetime, facts: Facts, calendar: Calendar | None
) -> Beginning | None:
    """From when a deadline that starts at `start` is counted: an earlier fact, a later opening. None while the fact is not known."""
    since: Beginning | None = Beginning(start)
    if clause.since_fact is not None:
        limit = limit_of(book, clause) if clause.within is not None else None
        since = beginning_at(facts.get(clause.since_fact), start, limit, book.handbook.zone)
    if since is None:
        return None
    moment = calendar.next_open(since.moment) if clause.time == "deferred" and calendar else since.moment
    return Beginning(moment, clause.at or since.at)


def beginning_at(value: object, like: dt.datetime, limit: Duration | None, zone: str) -> Beginning | None:
    """The moment a fact names, for a limit to be counted from; None where it names none.

    A day alone is over before anything is counted from it, as the law counts (Civil Code of the PRC, article 201): whole days last to
    24:00 of the last one, hours begin with the next midnight.
    """
    found = as_date(value)
    if found is None or isinstance(found, dt.datetime):
        moment = as_moment(value, like)
        return None if moment is None else Beginning(moment)
    midnight = dt.datetime.combine(found, dt.time.min, ZoneInfo(zone))
    return (
        Beginning(midnight + dt.timedelta(days=1)) if limit and is_by_the_clock(limit) else Beginning(midnight, "24:00")
    )


def _counted_back(
    book: Book, clause: Deadline, facts: Facts, calendar: Calendar | None, zone: str
) -> dt.datetime | None:
    date = as_date(facts.get(clause.before or ""))
    return None if date is None else due_before(calendar, date, limit_of(book, clause), at=clause.at, zone=zone)


def due_moment(book: Book, due: Due, begin: dt.datetime, facts: Facts, calendar: Calendar | None) -> dt.datetime | None:
    """The moment `due` names, seen from `begin`; days are those of the handbook's zone. None while it is not known: a date nobody has
    typed, an event that has not happened.
    """
    begin = begin.astimezone(calendar.zone if calendar else ZoneInfo(book.handbook.zone))
    if due.fact is not None:
        value = as_date(facts.get(due.fact))
        if value is None or isinstance(value, dt.datetime):
            return value
        day = dt.datetime.combine(value, dt.time.min, begin.tzinfo)
        return at_time(calendar, day, due.at)
    if due.every is not None:
        day_found = day_of_period(due.every, begin.date(), due.ahead, due.day, calendar if due.working else None)
        return at_time(calendar, dt.datetime.combine(day_found, dt.time.min, begin.tzinfo), due.at)
    if due.occasion is not None:
        from zhike.handbook.periods import next_occasion

        occasion = next(one for one in book.handbook.occasions if one.id == due.occasion)
        day_next = next_occasion(occasion, begin.date())
        at = occasion.at or due.at
        return (
            None
            if day_next is None
            else at_time(calendar, dt.datetime.combine(day_next, dt.time.min, begin.tzinfo), at)
        )
    return None


def _capped(
    book: Book, clause: Deadline, due: dt.datetime, start: dt.datetime, facts: Facts, calendar: Calendar | None
) -> dt.datetime:
    """No later than the caps allow."""
    caps: list[dt.datetime] = []
    if clause.due is not None and clause.due.cap is not None and not facts.get(OVER_CAP):
        caps.append(cap_of(book, clause.due.cap, start, calendar))
    if clause.cap is not None:
        zone, within = book.handbook.zone, duration_in(book, clause.cap.within)
        named = clause.cap.since_fact
        since = beginning_at(facts.get(named), start, within, zone) if named else Beginning(start)
        if since is not None:
            counted = calendar if counts_working_time(clause) else None
            caps.append(due_at(counted, since.moment, within, at=since.at, zone=zone))
    return min([due, *caps])


def cap_of(book: Book, cap: Duration, start: dt.datetime, calendar: Calendar | None) -> dt.datetime:
    """The latest a date may be; working days are those of the clause's calendar, else of the handbook's own."""
    counted = calendar or (book.calendar(None) if cap.unit.value.startswith("working") else None)
    return due_at(counted, start, cap, zone=book.handbook.zone)


def stops(
    clause: Deadline,
    event: str,
    facts: Facts,
    *,
    happened: Sequence[str] = (),
    now: dt.datetime | None = None,
    not_before: dt.datetime | None = None,
) -> bool:
    """Whether an event stops the clock: one of `until`, or the last of `until_all`, with the facts the clause asks for.

    `happened` are the events of `until_all` that came earlier. What is done before `not_before` does not count.
    """
    if not_before is not None and now is not None and now < not_before:
        return False
    if not holds(clause.until_when, facts):
        return False
    if event in clause.until:
        return True
    return bool(clause.until_all) and event in clause.until_all and set(clause.until_all) <= {event, *happened}


def in_window(book: Book, clause: Deadline | Duty, at: dt.datetime) -> bool:
    """Whether a deed at `at` lies in the times of day the clause asks for (`window`), their ends included. A window whose end comes
    before its beginning lasts past midnight.
    """
    if clause.window is None:
        return True
    local = at.astimezone(ZoneInfo(book.handbook.zone))
    midnight = dt.datetime.combine(local.date(), dt.time.min, local.tzinfo)
    begins, ends = (at_time(None, midnight, time) for time in clause.window)
    return begins <= at <= ends if begins <= ends else at >= begins or at <= ends


def date_fact(clause: Deadline) -> str | None:
    """The date among the facts that the limit is, or is counted back from; None where it hangs on none."""
    return clause.before or (clause.due.fact if clause.due is not None else None)


def waits_for_event(clause: Deadline) -> bool:
    """Whether its limit is something that happens (`due.event`): nobody knows when, so it is owed rather than timed."""
    return clause.due is not None and clause.due.event is not None


def as_duty(clause: Clause) -> Duty:
    """A clause as something owed: a duty itself, or a deadline whose limit is an event."""
    if isinstance(clause, Duty):
        return clause
    assert isinstance(clause, Deadline)
    same = {name: getattr(clause, name) for name in ClauseBase.model_fields}
    return Duty.model_construct(
        **same, kind="duty", starts=clause.starts, owes=clause.until or clause.until_all, owes_when=clause.until_when,
        holder=clause.holder, due=clause.due, survives_close=clause.survives_close, warn=clause.warn, missed=clause.breach,
    )  # fmt: skip


def settles(clause: Duty, event: str, facts: Facts) -> bool:
    """Whether an event counts towards a duty."""
    return event in clause.owes and holds(clause.owes_when, facts)


def as_moment(value: object, like: dt.datetime) -> dt.datetime | None:
    """A fact as a moment: a datetime, an ISO text, a date (its midnight in the zone of `like`); None where it is
    neither.
    """
    found = as_date(value)
    if found is None or isinstance(found, dt.datetime):
        return found.replace(tzinfo=like.tzinfo) if isinstance(found, dt.datetime) and found.tzinfo is None else found
    return dt.datetime.combine(found, dt.time.min, like.tzinfo)


def as_date(value: object) -> dt.date | None:
    """A fact as a date or a moment; ISO texts are read."""
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str):
        return None
    try:
        return dt.date.fromisoformat(value) if len(value) == 10 else dt.datetime.fromisoformat(value)
    except ValueError:
        return None
