"""Which clocks and duties a deed stops, starts, settles and ends."""

from __future__ import annotations

from zhike.cases.deed import Deed
from zhike.cases.facts import Facts
from zhike.cases.holders import principals_for
from zhike.clocks import queries as clock_queries
from zhike.clocks.actions import Start, start_clocks, stop_clocks
from zhike.duties.actions import Owe, end, owe, settle
from zhike.duties.queries import owed
from zhike.handbook.clauses import Deadline, Duty
from zhike.handbook.conditions import holds


def apply_limits(deed: Deed) -> None:
    """Stop what the deed's events stop, then start what they start: a clock that one event both stops and starts begins anew."""
    facts = deed.facts()
    _stop(deed)
    _start(deed, facts)
    _settle(deed)
    _owe(deed, facts)
    _end(deed, facts)


def _stop(deed: Deed) -> None:
    if deed.opening:
        return
    running = clock_queries.open_clocks(deed.subject)
    named = {c.id for event in deed.happened for c in deed.book.stopped_by(deed.process.id, event)}
    stopped = [clock.clause for clock in running if clock.clause in named]
    if stopped:
        stop_clocks(deed.subject, list(dict.fromkeys(stopped)), at=deed.now, by=deed.viewer.principal)
    if "case.closed" in deed.happened:
        left = [c.clause for c in running if c.clause not in named and not c.survives_close]
        if left:
            stop_clocks(deed.subject, left, at=deed.now, by=deed.viewer.principal, cancel=True)


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
        facts={name: facts.get(name) for name in clause.when},
    )


def _calendar(deed: Deed, clause: Deadline) -> str | None:
    """The clause's calendar; `by_department` means the one the responsible department keeps."""
    if clause.calendar == "by_department":
        return (deed.case.department.calendar or None) if deed.case.department else None
    return clause.calendar


def _settle(deed: Deed) -> None:
    if deed.opening:
        return
    for event in deed.happened:
        if deed.book.settled_by(deed.process.id, event):
            settle(deed.subject, deed.book, event, at=deed.now, by=deed.viewer.principal)


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
        )
        for event in deed.happened
        for clause in deed.book.speaking_of("duty", deed.process.id, event)
        if isinstance(clause, Duty) and holds(clause.when, facts)
    ]
    if due:
        owe(due)


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
