"""Every write to a clock. Each runs in the caller's transaction, which holds the subject; each writes its fact and its
ledger line.

Whatever happens at a moment comes after everything that ran out before it: an action first breaches the clocks it
touches that are past their due time, so the outcome depends on the moment of the deed and never on whether a worker was
quick.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zhike.clocks.events import (
    ClockCancelled,
    ClockExtended,
    ClockPaused,
    ClockReassigned,
    ClockResumed,
    ClockStarted,
    ClockStopped,
)
from zhike.clocks.firing import fire_due, overtake
from zhike.clocks.models import Clock
from zhike.clocks.restoring import restore_clocks
from zhike.clocks.retiming import retime
from zhike.clocks.rosters import counts_by_holder, handed
from zhike.clocks.rows import insert_clocks, locked, update_clocks
from zhike.clocks.timing import (
    Plan,
    calendar_of_clock,
    counted_from,
    due_from_history,
    late_minutes,
    next_moment_of,
    own_minutes,
    pauses_of,
    pending_of,
    plan,
    retarget,
    used_minutes,
    warn_anew,
)
from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline, Duty
from zhike.handbook.common import Duration, Text
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.journal.ledger import Use
from zhike.org.models import Assignment
from zhike.org.principals import SYSTEM, keys_of

__all__ = [
    "ClockRefused", "Start", "cancel_clocks", "extend_clock", "fire_due", "overtake", "pause_clock", "pause_clocks",
    "readdress_clocks", "reassign_clock", "restore_clocks", "resume_clock", "resume_clocks", "start_clocks", "stop_clocks",
    "stop_these", "stop_watch",
]  # fmt: skip

Subject = tuple[str, int]
State = Clock.State


class ClockRefused(Exception):
    """What somebody asked of a clock cannot be done; `words` say why."""

    def __init__(self, words: Text) -> None:
        super().__init__(words.en)
        self.words = words


SAME_PERSON = Text(zh="申请延期的人不能自己批准。", en="Whoever asks for more time cannot grant it.")
NO_REASON = Text(zh="请写明延期的原因。", en="Say why more time is needed.")
NOT_RUNNING = Text(
    zh="这只钟已经到期或已停止，不能再延期。", en="This clock has run out or was stopped; it can no longer be extended."
)


@dataclass(frozen=True, slots=True)
class Start:
    """A clock to be started. `held_as`: the roles the holders come from, with commas; `at`: when it is started."""

    book: Book
    version_id: int
    clause: Deadline | Duty
    subject: Subject
    holders: Sequence[str]
    held_as: str
    key: str
    """Makes it idempotent: a key that was used before starts nothing."""
    at: dt.datetime
    calendar: str | None = None
    """The name of the calendar to count in, as the caller looked it up; None: the handbook's own where the limit is in
    working time and the clause names none, else the wall."""
    audience: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the start rested on, and the facts its limit hangs on: `since_fact`, `before`, `due.fact`."""
    due_at: dt.datetime | None = None
    """A fixed moment instead of the clause's limit."""
    begins_at: dt.datetime | None = None
    """From when it counts, where that is later than `at`: it waits until then."""
    watches: str = ""
    lapses: bool = False
    charged: Sequence[str] = ()
    """Principals a breach is counted against, where not the holders."""


def start_clocks(starts: Sequence[Start]) -> list[Clock]:
    """Start clocks with one statement; answers with those that are new.

    A key that was used starts nothing; neither does a clause whose clock is still open on that subject, unless it says
    `each`. Where every one of several holders must act (`share: all`) each gets a clock of his own.
    """
    clocks = insert_clocks([clock for start in starts for clock in _new_clocks(start)])
    running = [clock for clock in clocks if clock.state == State.RUNNING]
    uses = [_use(clock, "applied", clock.started_at) for clock in running]
    _record(running, lambda clock: (clock.started_at, SYSTEM, _started(clock)), uses)
    return clocks


def _started(clock: Clock) -> ClockStarted:
    return ClockStarted(clock.pk, clock.holders, clock.held_as, clock.due_at, clock.watches)


def _new_clocks(start: Start) -> list[Clock]:
    """The clocks of a start; none while a date it hangs on is not known yet."""
    if isinstance(start.clause, Deadline) and start.clause.share == "all" and len(start.holders) > 1:
        parts = [([holder], f"#{n}") for n, holder in enumerate(start.holders, 1)]
    else:
        parts = [(list(start.holders), "")]
    begins_at = start.begins_at or start.at
    found = []
    timed: Plan | None = None
    for holders, part in parts:
        if timed is None or counts_by_holder(start.clause):
            timed = plan(start.book, start.clause, begins_at, start.facts, start.calendar, start.due_at, holders)
        if timed is not None and not (_is_excused(start.clause) and timed.due_at < begins_at):
            found.append(_new_clock(start, timed, holders, part))
    return found


def _is_excused(clause: Deadline | Duty) -> bool:
    """Whether a limit that has passed before the clause came to apply is let go."""
    return isinstance(clause, Deadline) and clause.born_late == "excused"


def _new_clock(start: Start, timed: Plan, holders: list[str], part: str) -> Clock:
    clause = start.clause
    begins_at = start.begins_at or start.at
    kind, number = start.subject
    single = isinstance(clause, Deadline) and not clause.each
    clock = Clock(
        version_id=start.version_id,
        handbook=start.book.name,
        clause=clause.id,
        subject_kind=kind,
        subject_id=number,
        key=start.key + part,
        slot=f"{kind}:{number}/{start.book.name}/{clause.id}{part}" if single else start.key + part,
        watches=start.watches,
        each_acts=bool(part),
        lapses=start.lapses,
        strict=clause.boundary == "exclusive",
        holders=holders,
        held_as=start.held_as,
        charged=list(start.charged),
        state=State.WAITING if begins_at > start.at else State.RUNNING,
        started_at=begins_at,
        due_at=timed.due_at,
        target_at=timed.target_at,
        limit=timed.limit,
        warn_at=timed.warn_at,
        survives_close=clause.survives_close,
        until=list(clause.until if isinstance(clause, Deadline) else clause.owes),
        facts=dict(start.facts),
        audience=list(start.audience),
    )
    clock.next_at = next_moment_of(clock)
    return clock


def stop_clocks(
    subject: Subject,
    clauses: Sequence[str],
    *,
    at: dt.datetime,
    by: str,
    cancel: bool = False,
    only: Collection[int] | None = None,
) -> list[Clock]:
    """Stop the open clocks of these clauses: kept when `at` is no later than due, else late. `cancel` ends them undone
    instead; `only` names the clocks meant, where a clause has several open.

    Clocks that watch an obligation are left alone, and so are those of other holders where each must act.
    """
    clocks = [clock for clock in _open(subject, clauses, at) if only is None or clock.pk in only]
    if cancel:
        return _cancel(clocks, at, by, "")
    if any(clock.each_acts for clock in clocks):
        keys = _keys(by)
        clocks = [clock for clock in clocks if not clock.each_acts or not keys.isdisjoint(clock.holders)]
    return _stop(clocks, at, lambda _: by)


def stop_these(stops: Mapping[int, str], *, at: dt.datetime) -> list[Clock]:
    """Stop open clocks of several subjects together: by id, who stops each. As `stop_clocks`."""
    clocks = _after_overtaking({"pk__in": list(stops), "state__in": Clock.OPEN, "watches": ""}, at)
    keys = {by: _keys(by) for by in set(stops.values())} if any(clock.each_acts for clock in clocks) else {}
    his = [clock for clock in clocks if not clock.each_acts or not keys[stops[clock.pk]].isdisjoint(clock.holders)]
    return _stop(his, at, lambda clock: stops[clock.pk])


def stop_watch(keys: Sequence[str], *, at: dt.datetime, by: str, cancel: bool = False) -> list[Clock]:
    """Stop the clocks of these keys that watch something; for the room whose they are."""
    clocks = _after_overtaking({"key__in": list(keys), "state__in": Clock.UNDECIDED}, at)
    return _cancel(clocks, at, by, "") if cancel else _stop(clocks, at, lambda _: by)


def cancel_clocks(
    subject: Subject, clauses: Sequence[str] | None = None, *, at: dt.datetime, by: str, why: str = ""
) -> list[Clock]:
    """End open clocks undone; all of the subject's where `clauses` is None. What was broken stays broken."""
    return _cancel(_open(subject, clauses, at), at, by, why)


def _keys(by: str) -> frozenset[str]:
    """Every principal somebody answers to."""
    if not by.startswith("staff:"):
        return frozenset({by})
    number = int(by.removeprefix("staff:"))
    return keys_of(number, Assignment.objects.filter(staff_id=number))


def _open(subject: Subject, clauses: Sequence[str] | None, at: dt.datetime) -> list[Clock]:
    wanted: dict[str, Any] = {
        "subject_kind": subject[0],
        "subject_id": subject[1],
        "state__in": Clock.OPEN,
        "watches": "",
    }
    return _after_overtaking(wanted if clauses is None else wanted | {"clause__in": list(clauses)}, at)


def _after_overtaking(wanted: Mapping[str, Any], at: dt.datetime) -> list[Clock]:
    """The clocks wanted, locked, after those that ran out before `at` have breached."""
    clocks = locked(**wanted)
    behind = [clock.pk for clock in clocks if clock.next_at and clock.next_at <= at]
    return locked(**wanted) if behind and overtake(behind, at) else clocks


def _stop(clocks: list[Clock], at: dt.datetime, by: Callable[[Clock], str]) -> list[Clock]:
    for clock in clocks:
        _close(clock, State.LATE if clock.state == State.OVERDUE else State.KEPT, at, by(clock))
    update_clocks(clocks)
    spent = {clock.pk: _minutes(clock, at) for clock in clocks}
    kept = [clock for clock in clocks if clock.state == State.KEPT]
    _record(
        clocks,
        lambda clock: (
            at,
            by(clock),
            ClockStopped(clock.pk, clock.holders, clock.due_at, *spent[clock.pk], clock.watches, clock.in_target),
        ),
        [_use(clock, "kept", at, spent[clock.pk][0]) for clock in kept],
    )
    return clocks


def _minutes(clock: Clock, at: dt.datetime) -> tuple[float, float]:
    calendar = calendar_of_clock(clock)
    return used_minutes(clock, at, calendar), late_minutes(clock, at, calendar) if clock.state == State.LATE else 0.0


def _cancel(clocks: list[Clock], at: dt.datetime, by: str, why: str) -> list[Clock]:
    overdue = {clock.pk for clock in clocks if clock.state == State.OVERDUE}
    for clock in clocks:
        _close(clock, State.CANCELLED, at, by)
    update_clocks(clocks)
    _record(
        clocks, lambda clock: (at, by, ClockCancelled(clock.pk, clock.holders, clock.pk in overdue, why, clock.watches))
    )
    return clocks


def _close(clock: Clock, state: State, at: dt.datetime, by: str) -> None:
    if clock.state == State.PAUSED:
        _end_pause(clock, at)
        calendar = calendar_of_clock(clock)
        clock.due_at = due_from_history(clock, calendar)
        retarget(clock, calendar)
    clock.state = state
    clock.stopped_at, clock.stopped_by = at, by
    clock.warn_at, clock.next_at = [], None


def pause_clock(clock_id: int, *, at: dt.datetime, by: str, why: str = "") -> list[Clock]:
    """Pause one running clock; any other is left as it is, and so is one with a fixed date."""
    return _pause(_after_overtaking({"pk": clock_id, "state__in": Clock.OPEN}, at), at, by, why)


def pause_clocks(subject: Subject, clauses: Sequence[str], *, at: dt.datetime, by: str, why: str = "") -> list[Clock]:
    """Pause the running clocks of these clauses, for example while the customer is to answer."""
    return _pause(_open(subject, clauses, at), at, by, why)


def _pause(clocks: list[Clock], at: dt.datetime, by: str, why: str) -> list[Clock]:
    running = [clock for clock in clocks if clock.state == State.RUNNING and not clock.limit.get("until")]
    for clock in running:
        clock.state, clock.next_at = State.PAUSED, None
        clock.pauses = [*clock.pauses, [max(at, clock.started_at).isoformat(), None]]
    update_clocks(running)
    _record(running, lambda clock: (at, by, ClockPaused(clock.pk, why)))
    return running


def resume_clock(clock_id: int, *, at: dt.datetime, by: str, why: str = "") -> list[Clock]:
    """Resume one paused clock; any other is left as it is."""
    return _resume(locked(pk=clock_id, state=State.PAUSED), at, by, why)


def resume_clocks(subject: Subject, clauses: Sequence[str], *, at: dt.datetime, by: str, why: str = "") -> list[Clock]:
    """Resume the paused clocks of these clauses. Due times and coming warnings are computed anew from the whole
    history.
    """
    kind, number = subject
    paused = locked(subject_kind=kind, subject_id=number, clause__in=list(clauses), state=State.PAUSED, watches="")
    return _resume(paused, at, by, why)


def _resume(clocks: list[Clock], at: dt.datetime, by: str, why: str) -> list[Clock]:
    for clock in clocks:
        _end_pause(clock, at)
        clock.state = State.RUNNING
        _recompute(clock, *pending_of(clock))
    update_clocks(clocks)
    _record(clocks, lambda clock: (at, by, ClockResumed(clock.pk, clock.due_at, why)))
    return clocks


def _end_pause(clock: Clock, at: dt.datetime) -> None:
    *closed, (start, _) = clock.pauses
    clock.pauses = [*closed, [start, max(at, dt.datetime.fromisoformat(start)).isoformat()]]


def _recompute(clock: Clock, shares: Sequence[float], target: bool = True, *, after: dt.datetime | None = None) -> None:
    """Due time and the warnings at `shares`, from the clock's history."""
    calendar, pauses = calendar_of_clock(clock), pauses_of(clock.pauses)
    clock.due_at = due_from_history(clock, calendar)
    minutes = own_minutes(calendar, counted_from(clock), clock.due_at, pauses)
    clock.limit = {**clock.limit, "minutes": minutes}
    warn_anew(clock, shares, target, after=after)


def extend_clock(
    clock_id: int, more: Duration, *, asked_by: str, approved_by: str, why: str, at: dt.datetime, request: str = ""
) -> Clock:
    """Give a clock that still runs more time. Who asked, who agreed and why are kept with it; warnings begin anew.

    `request`: what it was asked for by, kept too, so that the next request is told from this one.

    Raises ClockRefused when the same person asks and agrees, no reason is given, or it is past its due time.
    """
    if asked_by == approved_by:
        raise ClockRefused(SAME_PERSON)
    if not why.strip():
        raise ClockRefused(NO_REASON)
    found = locked(pk=clock_id, state__in=[State.RUNNING, State.PAUSED])
    if not found or (found[0].state == State.RUNNING and found[0].over_at <= at):
        raise ClockRefused(NOT_RUNNING)
    (clock,) = found
    before = clock.due_at
    words = {"at": at.isoformat(), "asked_by": asked_by, "approved_by": approved_by, "why": why.strip()}
    _grant(clock, more, words | ({"request": request} if request else {}), at)
    update_clocks([clock])
    granted = ClockExtended(clock.pk, before, clock.due_at, asked_by, approved_by, why.strip())
    _record([clock], lambda _: (at, approved_by, granted))
    return clock


def _grant(clock: Clock, more: Duration, words: Mapping[str, str], at: dt.datetime) -> None:
    before = clock.due_at
    granted = {"amount": more.amount, "unit": more.unit.value, **words, "before": before.isoformat()}
    clock.extensions = [*clock.extensions, granted]
    if clock.state == State.PAUSED:
        # Counted when it resumes: until then nobody knows when it is due.
        return
    _recompute(clock, clock.limit["warn"], after=at)
    granted["after"] = clock.due_at.isoformat()


def reassign_clock(
    clock_id: int,
    holders: Sequence[str],
    *,
    at: dt.datetime,
    by: str,
    held_as: str | None = None,
    audience: Sequence[str] | None = None,
    why: str = "",
) -> Clock | None:
    """Hand a clock to other holders; it keeps running, or waiting. None when it has ended or they hold it already."""
    found = locked(pk=clock_id, state__in=Clock.UNDECIDED)
    if not found or found[0].holders == list(holders):
        return None
    (clock,) = found
    before, clock.holders = clock.holders, list(holders)
    if clock.limit.get("rosters"):
        _count_for(clock, at)
    clock.held_as = clock.held_as if held_as is None else held_as
    clock.audience = clock.audience if audience is None else list(audience)
    update_clocks([clock])
    handed = ClockReassigned(clock.pk, before, clock.holders, clock.held_as, clock.key, clock.watches, why)
    _record([clock], lambda _: (at, by, handed))
    return clock


def _count_for(clock: Clock, at: dt.datetime) -> None:
    """From now on the new holder's roster counts; what the one before him used up stays used up."""
    clock.limit = {**clock.limit, "rosters": handed(clock.limit["rosters"], at, clock.holders)}
    if clock.state in (State.RUNNING, State.WAITING) and not clock.limit.get("until"):
        retime(clock, max(due_from_history(clock, calendar_of_clock(clock)), min(clock.due_at, at)))


def readdress_clocks(subject: Subject, audience: Sequence[str]) -> None:
    """Who may see the subject changed: its clocks follow. Nothing is recorded; the subject's room says why."""
    kind, number = subject
    Clock.objects.filter(subject_kind=kind, subject_id=number, state__in=Clock.UNDECIDED).update(
        audience=list(audience)
    )


def _use(clock: Clock, outcome: str, at: dt.datetime, minutes: float | None = None) -> Use:
    return Use(
        at=at,
        handbook=clock.handbook,
        version_id=clock.version_id,
        clause=clock.clause,
        outcome=outcome,
        subject=clock.subject,
        holder=",".join(clock.holders)[:120],
        minutes=minutes,
        late_minutes=0.0 if outcome == "kept" else None,
        detail={"clock": clock.pk, "holders": clock.holders, **_told_with(clock)},
    )


def _told_with(clock: Clock) -> dict[str, Any]:
    """What a line of the ledger says beside: the facts it rested on, and of what is done whether it was within its target."""
    found: dict[str, Any] = {"facts": clock.facts} if clock.facts else {}
    return found if clock.in_target is None else found | {"in_target": clock.in_target}


def _record(
    clocks: Sequence[Clock], tell: Callable[[Clock], tuple[dt.datetime, str, Event]], uses: Sequence[Use] = ()
) -> None:
    if clocks:
        record([_fact(clock, *tell(clock)) for clock in clocks], uses)


def _fact(clock: Clock, at: dt.datetime, actor: str, event: Event) -> NewFact:
    return NewFact(event, at, clock.subject, actor, clock.handbook, (clock.clause,), clock.audience)
