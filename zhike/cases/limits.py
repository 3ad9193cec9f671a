"""Which clocks and duties a deed stops, starts, pauses, settles and ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from zhike.cases import extensions
from zhike.cases.deed import Deed
from zhike.cases.deeds import standing_deeds
from zhike.cases.facts import Facts
from zhike.cases.holders import principals_for
from zhike.clocks import queries as clock_queries
from zhike.clocks.actions import Start, cancel_clocks, pause_clocks, resume_clocks, start_clocks, stop_clocks
from zhike.clocks.models import Clock
from zhike.clocks.rosters import counts_by_holder
from zhike.clocks.timing import calendar_of_clock, counted_from
from zhike.duties.actions import Owe, end, owe, settle
from zhike.duties.models import Obligation
from zhike.duties.queries import owed
from zhike.handbook.calendars import due_at
from zhike.handbook.clauses import Deadline, Duty
from zhike.handbook.conditions import holds
from zhike.handbook.limits import stops


def apply_limits(deed: Deed) -> None:
    """Stop what the deed's events stop, then start what they start: a clock that one event both stops and starts begins anew.

    What an event voids it does not stop; what it pauses, it pauses last. An extension is granted once all is settled.
    """
    facts = deed.facts()
    if not deed.opening:
        _void(deed)
        _stop(deed, facts)
    _start(deed, facts)
    _pause(deed)
    deed.standing = None
    facts = deed.facts()
    _settle(deed, facts)
    _owe(deed, facts)
    _end(deed, facts)
    extensions.grant(deed)
    deed.standing = None


def _void(deed: Deed) -> None:
    """An upheld appeal, say: neither kept nor broken."""
    for event in deed.happened:
        named = [clause.id for clause in deed.book.listening_to("voids", deed.process.id, event)]
        if named:
            cancel_clocks(deed.subject, named, at=deed.now, by=deed.viewer.principal, why=event)


def _stop(deed: Deed, facts: Facts) -> None:
    running = [clock for clock in clock_queries.open_clocks(deed.subject) if not clock.watches]
    named = {clause.id: clause for event in deed.happened for clause in deed.book.stopped_by(deed.process.id, event)}
    stopped = {c.clause for c in running if c.clause in named and _stops(deed, named[c.clause], c, facts)}
    if stopped:
        stop_clocks(deed.subject, sorted(stopped), at=deed.now, by=deed.viewer.principal)
    if "case.closed" in deed.happened:
        left = [c.clause for c in running if c.clause not in stopped and not c.survives_close]
        if left:
            stop_clocks(deed.subject, left, at=deed.now, by=deed.viewer.principal, cancel=True)


def _stops(deed: Deed, clause: Deadline, clock: Clock, facts: Facts) -> bool:
    happened = [*(_since(deed, clock.started_at) if clause.until_all else ()), *deed.happened]
    too_early = None
    if clause.not_before is not None:
        calendar = calendar_of_clock(clock)
        too_early = due_at(calendar, counted_from(clock), clause.not_before, zone=deed.book.handbook.zone)
    return any(
        stops(clause, event, facts, happened=happened, now=deed.now, not_before=too_early) for event in deed.happened
    )


def _since(deed: Deed, at: dt.datetime) -> Iterable[str]:
    """Events of this case from `at` on, as clauses name them."""
    rows = standing_deeds(deed.case.pk).filter(at__gte=at)
    for payload in rows.order_by("id").values_list("payload", flat=True):
        yield f"action.{payload['action']}"
        if payload["stage"] != payload["stage_before"]:
            yield from (f"stage.{payload['stage_before']}.left", f"stage.{payload['stage']}.entered")


def _start(deed: Deed, facts: Facts) -> None:
    found: dict[str, Start] = {}
    for event in deed.happened:
        for clause in deed.book.speaking_of("deadline", deed.process.id, event):
            if isinstance(clause, Deadline) and holds(clause.when, facts):
                found.setdefault(clause.id, _start_of(deed, clause, event, facts))
    if found:
        start_clocks(list(found.values()))


def _start_of(deed: Deed, clause: Deadline, event: str, facts: Facts) -> Start:
    case = deed.case
    return Start(
        book=deed.book,
        version_id=deed.version_id,
        clause=clause,
        subject=deed.subject,
        holders=principals_for(case, deed.book, clause.holder),
        held_as=",".join(clause.holder),
        key=f"case:{case.pk}/{clause.id}/{event}/{case.version}",
        at=deed.now,
        calendar=_calendar(deed, clause),
        audience=tuple(case.audience),
        facts={name: facts.get(name) for name in (*clause.when, *_dated_by(clause))},
    )


def _dated_by(clause: Deadline) -> list[str]:
    """The facts that a limit hangs on besides its start."""
    named = (clause.since_fact, clause.before, clause.due and clause.due.fact, clause.cap and clause.cap.since_fact)
    return [name for name in named if name]


def _calendar(deed: Deed, clause: Deadline) -> str | None:
    """The clause's calendar; `by_department` means the one the responsible department keeps."""
    if clause.calendar == "by_department":
        return (deed.case.department.calendar or None) if deed.case.department else None
    return None if counts_by_holder(clause) else clause.calendar


def _pause(deed: Deed) -> None:
    """Resume first: what one event resumes and pauses stays paused."""
    for index, change in (("resumes", resume_clocks), ("pauses", pause_clocks)):
        for event in deed.happened:
            named = [clause.id for clause in deed.book.listening_to(index, deed.process.id, event)]
            if named:
                change(deed.subject, named, at=deed.now, by=deed.viewer.principal, why=event)


def _settle(deed: Deed, facts: Facts) -> None:
    if deed.opening:
        return
    for event in deed.happened:
        if deed.book.settled_by(deed.process.id, event):
            settle(deed.subject, deed.book, event, at=deed.now, by=deed.viewer.principal, facts=facts)


def _owe(deed: Deed, facts: Facts) -> None:
    due = [
        Owe(
            book=deed.book,
            version_id=deed.version_id,
            clause=clause,
            subject=deed.subject,
            holders=principals_for(deed.case, deed.book, clause.holder),
            at=deed.now,
            audience=tuple(deed.case.audience),
            facts=facts,
        )
        for event in deed.happened
        for clause in deed.book.speaking_of("duty", deed.process.id, event)
        if isinstance(clause, Duty) and holds(clause.when, facts)
    ]
    if due:
        _settle_at_once(deed, facts, owe(due))


def _settle_at_once(deed: Deed, facts: Facts, new: Iterable[Obligation]) -> None:
    """A deed may do at once what it makes owed, where the clause says by what (`owes_when`): the customer was told
    before more time was asked for.
    """
    for row in new:
        clause = deed.book.clause(row.clause)
        if isinstance(clause, Duty) and clause.owes_when:
            for event in set(deed.happened) & set(clause.starts) & set(clause.owes):
                settle(
                    deed.subject,
                    deed.book,
                    event,
                    at=deed.now,
                    by=deed.viewer.principal,
                    facts=facts,
                    clauses=[row.clause],
                )


def _end(deed: Deed, facts: Facts) -> None:
    open_duties = [] if deed.opening else list(owed(deed.subject))
    if not open_duties:
        return
    closing = "case.closed" in deed.happened
    over = [d.clause for d in open_duties if _is_over(deed, d.clause, facts) or (closing and not d.survives_close)]
    if over:
        end(deed.subject, list(dict.fromkeys(over)), at=deed.now)


def _is_over(deed: Deed, clause_id: str, facts: Facts) -> bool:
    clause = deed.book.clause(clause_id)
    return isinstance(clause, Duty) and bool(clause.until) and holds(clause.until, facts)
