"""What something that happened does to the limits and duties of its subject, in one order for every room.

A room says what happened (`action.review`, `conversation.asked`, `clock.WARN-05.breached`), what it knows of its subject and who
holds what there; which clauses listen is the handbook's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zhike.clocks import queries as clock_queries
from zhike.clocks.actions import (
    Start,
    cancel_clocks,
    pause_clocks,
    resume_clocks,
    start_clocks,
    stop_clocks,
    stop_these,
)
from zhike.clocks.models import Clock
from zhike.clocks.timing import calendar_of_clock, counted_from
from zhike.duties.actions import Owe, end, fall_due, owe, settle
from zhike.duties.dates import follow_dates
from zhike.duties.models import Obligation
from zhike.duties.queries import owed
from zhike.handbook.book import Book
from zhike.handbook.calendars import due_at
from zhike.handbook.clauses import Clause, Deadline, Duty
from zhike.handbook.conditions import holds
from zhike.handbook.limits import OVER_CAP, as_duty, in_window, stops, waits_for_event

Facts = dict[str, Any]
LISTENING = ("stops", "settles", "pauses", "resumes", "voids", "falls_due")


def _nothing_earlier(_: dt.datetime) -> Iterable[str]:
    return ()


def _every_clock(_: Clock) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something happened to a subject, in the caller's transaction, which holds the subject."""

    book: Book
    version_id: int
    subject: tuple[str, int]
    happened: Sequence[str]
    """Events as clauses name them, in the order in which they came about."""
    now: dt.datetime
    by: str
    mark: str
    """Differs for every happening to the subject, and is the same when the same one is told again."""
    facts: Callable[[bool], Facts]
    """The facts of the subject; True: read anew, because clocks or duties have changed."""
    holders: Callable[[Sequence[str]], list[str]]
    """Roles as principals of this subject."""
    calendar: Callable[[Deadline], str | None]
    """The name of the calendar a limit is counted in here."""
    audience: Sequence[str] = ()
    process: str | None = None
    is_new: bool = False
    """Nothing can run or be owed yet."""
    closes: bool = False
    """The subject ends: what does not survive that ends with it."""
    earlier: Callable[[dt.datetime], Iterable[str]] = _nothing_earlier
    """Events of the subject from a moment on, for clauses that wait for several."""
    concerns: Callable[[Clock], bool] = _every_clock
    """Whether what happened concerns this clock: of several questions only the one that was answered."""
    kept: Mapping[str, Any] = field(default_factory=dict)
    """What the clocks it starts keep beside their facts."""
    agreed: Collection[str] = ()
    """Clauses for which a date beyond their cap was agreed to."""

    def kept_facts(self, clause: Deadline, facts: Mapping[str, Any]) -> Facts:
        """Of the facts those that a clock of this clause rests on, and the date its limit hangs on."""
        named = {name: facts.get(name) for name in (*clause.when, *_dated_by(clause))}
        return named | ({OVER_CAP: True} if clause.id in self.agreed else {})


def follow(what: Happening) -> None:
    """Stop what the events stop, then start what they start: a clock that one event both stops and starts begins anew, unless it is
    counted from an earlier moment or back from a date: then the deed itself was what had to be done in time.

    What an event voids it does not stop; what it pauses, it pauses last.
    """
    follow_all([what])


def follow_all(happenings: Sequence[Happening]) -> None:
    """The same for several subjects at one moment, one happening each: what stops is stopped together, what starts is started together."""
    known = [(what, what.facts(False)) for what in happenings]
    for what in happenings:
        if not what.is_new:
            _void(what)
    dated = {what.subject: follow_dates(what, facts) for what, facts in known}
    _stop([(what, facts) for what, facts in known if not what.is_new])
    if starts := [start for what, facts in known for start in _starts(what, facts, dated[what.subject])]:
        again = {clause.id for found in dated.values() for clause, _ in found}
        _stop_at_once(known, start_clocks(starts), again)
    for what in happenings:
        _pause(what)
        if _touches_duties(what):
            facts = what.facts(True)
            _settle(what, facts)
            _fall_due(what)
            _owe(what, facts)
            _end(what, facts)


def _touches_duties(what: Happening) -> bool:
    """Whether anything may be settled, owed or ended by it: otherwise its facts are not read anew."""
    heard = (
        what.book.settled_by(what.process, event)
        or what.book.speaking_of("duty", what.process, event)
        or what.book.listening_to("falls_due", what.process, event)
        or any(_owed_from(what.book, what.process, event))
        for event in what.happened
    )
    return any(heard) or bool(_unprompted(what)) or _may_end(what)


def is_heard(book: Book, process: str | None, event: str) -> bool:
    """Whether any limit or duty listens to the event at all."""
    started = book.speaking_of("deadline", process, event) or book.speaking_of("duty", process, event)
    return bool(started) or any(book.listening_to(index, process, event) for index in LISTENING)


def _void(what: Happening) -> None:
    """An upheld appeal, say: neither kept nor broken."""
    for event in what.happened:
        named = [clause.id for clause in what.book.listening_to("voids", what.process, event)]
        if named:
            cancel_clocks(what.subject, named, at=what.now, by=what.by, why=event)


def _stop(known: Sequence[tuple[Happening, Facts]]) -> None:
    concerned = [(what, facts, named) for what, facts in known if (named := _stopped_by(what)) or what.closes]
    if not concerned:
        return
    running = _running([what.subject for what, *_ in concerned])
    stopped: dict[int, str] = {}
    for what, facts, named in concerned:
        for clock in running[what.subject]:
            if clock.clause in named and what.concerns(clock) and _stops(what, named[clock.clause], clock, facts):
                stopped[clock.pk] = what.by
    if stopped:
        stop_these(stopped, at=concerned[0][0].now)
    for what, *_ in concerned:
        left = {c.clause for c in running[what.subject] if c.pk not in stopped and not c.survives_close}
        if what.closes and left:
            stop_clocks(what.subject, sorted(left), at=what.now, by=what.by, cancel=True)


def _stopped_by(what: Happening) -> dict[str, Deadline]:
    return {clause.id: clause for event in what.happened for clause in what.book.stopped_by(what.process, event)}


def _running(subjects: Sequence[tuple[str, int]]) -> dict[tuple[str, int], list[Clock]]:
    """Open clocks that watch nothing, soonest due first. One query a kind of subject."""
    found: dict[tuple[str, int], list[Clock]] = {}
    for kind in {kind for kind, _ in subjects}:
        clocks = clock_queries.open_clocks_by_subject(kind, [number for each, number in subjects if each == kind])
        found |= {(kind, number): [clock for clock in some if not clock.watches] for number, some in clocks.items()}
    return found


def _stops(what: Happening, clause: Deadline, clock: Clock, facts: Facts) -> bool:
    if not in_window(what.book, clause, what.now):
        return False
    happened = [*(what.earlier(clock.started_at) if clause.until_all else ()), *what.happened]
    too_early = None
    if clause.not_before is not None:
        calendar = calendar_of_clock(clock)
        too_early = due_at(calendar, counted_from(clock), clause.not_before, zone=what.book.handbook.zone)
    return any(
        stops(clause, event, facts, happened=happened, now=what.now, not_before=too_early) for event in what.happened
    )


def _starts(what: Happening, facts: Facts, dated: Sequence[tuple[Deadline, str]]) -> list[Start]:
    found = {clause.id: _start_of(what, clause, event, facts) for clause, event in dated}
    for event in what.happened:
        for clause in what.book.speaking_of("deadline", what.process, event):
            if isinstance(clause, Deadline) and not waits_for_event(clause) and holds(clause.when, facts):
                found.setdefault(clause.id, _start_of(what, clause, event, facts))
    return list(found.values())


def begin(what: Happening, clause: Deadline) -> None:
    """Begin a limit that another clause applies, where its own condition holds; one that runs already runs on."""
    facts = what.facts(False)
    if not waits_for_event(clause) and holds(clause.when, facts):
        start_clocks([_start_of(what, clause, "applied", facts)])


def _stop_at_once(known: Sequence[tuple[Happening, Facts]], new: Iterable[Clock], again: Collection[str]) -> None:
    """Told within two hours of having learnt of it: the report begins the clock, back then, and ends it."""
    about = {what.subject: (what, facts) for what, facts in known}
    done: dict[int, str] = {}
    for clock in new:
        what, facts = about[(clock.subject_kind, clock.subject_id)]
        clause = what.book.clause(clock.clause)
        counted = isinstance(clause, Deadline) and (clause.since_fact or clause.before or clause.id in again)
        if isinstance(clause, Deadline) and counted and _stops(what, clause, clock, facts):
            done[clock.pk] = what.by
    if done:
        stop_these(done, at=known[0][0].now)


def _start_of(what: Happening, clause: Deadline, event: str, facts: Facts) -> Start:
    kind, number = what.subject
    return Start(
        book=what.book,
        version_id=what.version_id,
        clause=clause,
        subject=what.subject,
        holders=what.holders(clause.holder),
        held_as=",".join(clause.holder),
        key=f"{kind}:{number}/{clause.id}/{event}/{what.mark}"[:120],
        at=what.now,
        calendar=what.calendar(clause),
        audience=tuple(what.audience),
        facts={**what.kept_facts(clause, facts), **what.kept},
        charged=what.holders(clause.charged_to) if clause.charged_to else (),
    )


def _dated_by(clause: Deadline) -> list[str]:
    """The facts that a limit hangs on besides its start."""
    named = (clause.since_fact, clause.before, clause.due and clause.due.fact, clause.cap and clause.cap.since_fact)
    return [name for name in named if name]


def _pause(what: Happening) -> None:
    """Resume first: what one event resumes and pauses stays paused."""
    for index, change in (("resumes", resume_clocks), ("pauses", pause_clocks)):
        for event in what.happened:
            named = [clause.id for clause in what.book.listening_to(index, what.process, event)]
            if named:
                change(what.subject, named, at=what.now, by=what.by, why=event)


def _settle(what: Happening, facts: Facts) -> None:
    if what.is_new:
        return
    for event in what.happened:
        if what.book.settled_by(what.process, event):
            settle(what.subject, what.book, event, at=what.now, by=what.by, facts=facts)


def _fall_due(what: Happening) -> None:
    """What had to be done before this happened, and was not, is missed."""
    if what.is_new:
        return
    for event in what.happened:
        if what.book.listening_to("falls_due", what.process, event):
            fall_due(what.subject, what.book, event, at=what.now, by=what.by)


def _owe(what: Happening, facts: Facts) -> None:
    due = [
        _owed_now(what, clause, facts)
        for event in what.happened
        for clause in _owed_from(what.book, what.process, event)
        if holds(clause.when, facts)
    ]
    due += [
        _owed_now(what, clause, facts)
        for clause in _unprompted(what)
        if holds(clause.when, facts)
        and not (clause.until and holds(clause.until, facts))
        and not _was_owed(what, clause)
    ]
    if due:
        _settle_at_once(what, facts, owe(due))


def _owed_now(what: Happening, clause: Duty, facts: Facts) -> Owe:
    return Owe(
        book=what.book,
        version_id=what.version_id,
        clause=clause,
        subject=what.subject,
        holders=what.holders(clause.holder),
        at=what.now,
        audience=tuple(what.audience),
        facts=facts,
    )


def _unprompted(what: Happening) -> Sequence[Duty]:
    """Duties that no event begins; asked after every deed, and not where the case ends with it."""
    acted = any(event.startswith("action.") for event in what.happened)
    return what.book.unprompted(what.process) if acted and not what.closes else ()


def _was_owed(what: Happening, clause: Duty) -> bool:
    """What is owed once is not owed again because its condition still holds."""
    if clause.every != "once" or what.is_new:
        return False
    kind, number = what.subject
    return Obligation.objects.filter(subject_kind=kind, subject_id=number, clause=clause.id).exists()


def _owed_from(book: Book, process: str | None, event: str) -> Iterable[Duty]:
    """The duties an event begins; deadlines that end with an event are owed as well. Those over a population have a room of their own."""
    for clause in book.speaking_of("duty", process, event):
        if isinstance(clause, Duty):
            yield clause
    for clause in book.speaking_of("deadline", process, event):
        if isinstance(clause, Deadline) and waits_for_event(clause):
            yield as_duty(clause)


def _settle_at_once(what: Happening, facts: Facts, new: Iterable[Obligation]) -> None:
    """A deed may do at once what it makes owed, where the clause says by what (`owes_when`): the customer was told
    before more time was asked for.
    """
    for row in new:
        clause = what.book.clause(row.clause)
        if isinstance(clause, Duty) and clause.owes_when:
            for event in set(what.happened) & set(clause.starts) & set(clause.owes):
                settle(what.subject, what.book, event, at=what.now, by=what.by, facts=facts, clauses=[row.clause])


def _end(what: Happening, facts: Facts) -> None:
    if not _may_end(what):
        return
    over = [
        row.clause
        for row in owed(what.subject)
        if _is_over(what.book, row.clause, facts) or (what.closes and not row.survives_close)
    ]
    if over:
        end(what.subject, list(dict.fromkeys(over)), at=what.now)


def _may_end(what: Happening) -> bool:
    return not what.is_new and (what.closes or any(_until(clause) for clause in what.book.clauses("duty")))


def _until(clause: Clause) -> bool:
    return isinstance(clause, Duty) and bool(clause.until)


def _is_over(book: Book, clause_id: str, facts: Facts) -> bool:
    clause = book.clause(clause_id)
    return isinstance(clause, Duty) and bool(clause.until) and holds(clause.until, facts)
