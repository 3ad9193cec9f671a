"""Limits that hang on a date among the facts: what becomes of them when the date is typed, and when it is typed anew (`on_move`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zhike.clocks.actions import stop_clocks
from zhike.clocks.models import Clock
from zhike.clocks.redating import Redate, redate_clocks
from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline
from zhike.handbook.conditions import holds
from zhike.handbook.limits import as_date, date_fact

if TYPE_CHECKING:
    from zhike.duties.following import Happening

BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DONE = (Clock.State.KEPT, Clock.State.LATE)


def follow_dates(what: Happening, facts: Mapping[str, Any]) -> list[tuple[Deadline, str]]:
    """Move the limits whose date changed; answers with the clauses to be started now, each with the event that starts it.

    One query where the handbook has such a clause, and one more where a date is there that no clock was counted from.
    """
    dated = _dated(what.book, what.process)
    if not dated or what.closes:
        return []
    known = {} if what.is_new else _clocks_of(what.subject, [clause.id for clause in dated])
    starts: list[tuple[Deadline, str]] = []
    moves: list[tuple[Deadline, Clock]] = []
    for clause in dated:
        clocks = known.get(clause.id, [])
        if as_date(facts.get(date_fact(clause) or "")) is None:
            continue
        if not clocks:
            event = _begun(what, clause) if holds(clause.when, facts) else None
            starts += [(clause, event)] if event else []
        elif clause.on_move != "keep" and (changed := [c for c in clocks if _is_other(clause, c, facts)]):
            running = [clock for clock in changed if clock.state in Clock.UNDECIDED]
            moves += [(clause, clock) for clock in running]
            if not running and _is_owed_again(clause, clocks[-1], facts):
                starts.append((clause, _cause(what, clause)))
    return starts + _move(what, moves, facts)


def _dated(book: Book, process: str | None) -> tuple[Deadline, ...]:
    """A clause that no event starts is one of cases: it is owed from when its date is known."""
    return tuple(one for one, at in book.dated if at in (None, process) and (one.starts or process))


def _clocks_of(subject: tuple[str, int], clauses: Sequence[str]) -> dict[str, list[Clock]]:
    kind, number = subject
    rows = Clock.objects.filter(subject_kind=kind, subject_id=number, clause__in=clauses, watches="").order_by("id")
    found: dict[str, list[Clock]] = {}
    for clock in rows:
        found.setdefault(clock.clause, []).append(clock)
    return found


def _is_other(clause: Deadline, clock: Clock, facts: Mapping[str, Any]) -> bool:
    name = date_fact(clause) or ""
    return as_date(clock.facts.get(name)) != as_date(facts.get(name))


def _is_owed_again(clause: Deadline, last: Clock, facts: Mapping[str, Any]) -> bool:
    """What was done for the old date, where the clause wants it done for the new one too."""
    done = clause.on_move == "owe_again" and last.state in DONE
    return done and _is_other(clause, last, facts) and holds(clause.when, facts)


def _begun(what: Happening, clause: Deadline) -> str | None:
    """The event since which the limit waits for its date; None where it does not, or where this very deed starts it."""
    if not clause.starts:
        return what.happened[0] if what.happened else None
    earlier: Iterable[str] = () if what.is_new else what.earlier(BEGINNING)
    begun = started_by(clause, (*earlier, *what.happened))
    return begun if begun not in what.happened else None


def started_by(clause: Deadline, events: Iterable[str]) -> str | None:
    """Of a case's events the one since which the limit runs, or would if its date were known; None where none does."""
    begun = "case.opened" if "case.opened" in clause.starts else None
    ending = {*clause.until, *clause.until_all, *clause.voids}
    for event in events:
        begun = event if event in clause.starts else None if event in ending else begun
    return begun


def _cause(what: Happening, clause: Deadline) -> str:
    return next((event for event in what.happened if event in clause.starts), what.happened[0])


def _move(
    what: Happening, moves: Sequence[tuple[Deadline, Clock]], facts: Mapping[str, Any]
) -> list[tuple[Deadline, str]]:
    """The clauses of clocks that had run out, and begin anew because their date is still to come."""
    dates = [
        Redate(clock.pk, what.book, clause, what.kept_facts(clause, facts), what.calendar(clause))
        for clause, clock in moves
    ]
    if not dates:
        return []
    excused, anew = redate_clocks(dates, at=what.now, by=what.by)
    if over := [*excused, *anew]:
        named = [clause.id for clause, clock in moves if clock.pk in over]
        stop_clocks(what.subject, named, at=what.now, by=what.by, cancel=True, only=over)
    return [(clause, _cause(what, clause)) for clause, clock in moves if clock.pk in anew]
