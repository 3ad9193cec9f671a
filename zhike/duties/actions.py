"""Every write to what is owed. Each runs in the caller's transaction, which holds the subject.

An obligation with an end is watched by a clock, which warns, breaches and keeps the ledger. One without an end of its
own (`limit_of`: another clause times it) keeps its own lines in the ledger. docs/clocks.md says when each kind counts
as kept, missed or ended.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from zhike.clocks.actions import Start, overtake, start_clocks, stop_watch
from zhike.clocks.models import Clock
from zhike.duties.counting import clause_of, count_streaks, count_tries, counts_as_done
from zhike.duties.events import (
    DutyEnded,
    DutyExhausted,
    DutyMet,
    DutyMissed,
    DutyOwed,
    DutyRestored,
    DutyStreak,
)
from zhike.duties.models import Obligation
from zhike.duties.periods import (
    Period,
    UnknownPeriod,
    current_period,
    first_period,
    following_period,
    is_own_day,
    once,
)
from zhike.duties.queries import last_days, standing_of
from zhike.duties.rows import RESTORE, insert_obligations
from zhike.handbook.book import Book
from zhike.handbook.clauses import Duty
from zhike.handbook.common import Facts
from zhike.handbook.limits import as_duty, in_window, settles
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.journal.ledger import Use, write_uses
from zhike.org.handbooks import book_of
from zhike.org.principals import SYSTEM

Subject = tuple[str, int]
State = Obligation.State


@dataclass(frozen=True, slots=True)
class Owe:
    """Something to be owed from `at` on. `held_as` names the roles the holders come from, with commas; the clause's
    where empty.
    """

    book: Book
    version_id: int
    clause: Duty
    subject: Subject
    holders: Sequence[str]
    at: dt.datetime
    audience: Sequence[str] = ()
    held_as: str = ""
    facts: Facts = field(default_factory=dict)
    """Where the limit is a date among them (`due.fact`)."""


def owe(dues: Sequence[Owe]) -> list[Obligation]:
    """Open obligations; answers with those that are new.

    A clause that is still owed by its subject is not owed twice, unless every event counts for itself (`every: event`).
    """
    standing = standing_of({due.subject for due in dues})
    kept = last_days([(due.subject, due.clause.id) for due in dues if is_own_day(due.book, due.clause)])
    wanted: dict[tuple[Any, ...], tuple[Owe, Period]] = {}
    for due in dues:
        period = _begun(due, kept.get((due.subject, due.clause.id)))
        if period is None:
            continue
        key = (due.subject, due.book.name, due.clause.id)
        if due.clause.every == "event":
            wanted[(*key, period.begins_at)] = (due, period)
        elif key not in standing:
            wanted.setdefault(key, (due, period))
    rows = [(_with_streak(_obligation(due, period)), due.at) for due, period in wanted.values()]
    return _open(rows, {due.version_id: due.book for due in dues})


def _begun(due: Owe, after: dt.date | None) -> Period | None:
    """Its first period; None where nothing can be owed now: no day of the occasion is known any more."""
    try:
        return _first_period(due, after)
    except UnknownPeriod:
        return None


def _first_period(due: Owe, after: dt.date | None) -> Period:
    clause = due.clause
    if clause.every in ("once", "event"):
        return once(due.book, clause, due.at, due.facts)
    if (first := first_period(due.book, clause, due.at, due.facts)) is not None:
        return first
    now = current_period(due.book, clause, due.at, due.facts, after)
    return (following_period(due.book, clause, now) or now) if clause.begins == "next_period" else now


def _obligation(due: Owe, period: Period) -> Obligation:
    kind, number = due.subject
    clause = due.clause
    return Obligation(
        version_id=due.version_id,
        handbook=due.book.name,
        clause=clause.id,
        subject_kind=kind,
        subject_id=number,
        period=period.label,
        every=clause.every,
        begins_at=period.begins_at,
        ends_at=period.ends_at,
        holders=list(due.holders),
        held_as=due.held_as or ",".join(clause.holder),
        owes=list(clause.owes),
        times=clause.times,
        survives_close=clause.survives_close,
        audience=list(due.audience),
    )


def _with_streak(row: Obligation) -> Obligation:
    """What is owed anew goes on counting where the subject's last obligation of the clause stopped. One query, where a clause counts."""
    if clause_of(row).streak is not None:
        rows = Obligation.objects.filter(clause=row.clause, subject_kind=row.subject_kind, subject_id=row.subject_id)
        row.streak = rows.filter(handbook=row.handbook).order_by("-id").values_list("streak", flat=True).first() or 0
    return row


def _open(rows: Sequence[tuple[Obligation, dt.datetime]], books: dict[int, Book]) -> list[Obligation]:
    """Insert obligations, each with the moment at which it came to be owed; a later one's clock waits until its period
    begins.
    """
    causes = {id(row): at for row, at in rows}
    new = insert_obligations([row for row, _ in rows])
    start_clocks([_watch(row, books[row.version_id], causes[id(row)]) for row in new if row.ends_at is not None])
    record_each(
        new,
        lambda row: (causes[id(row)], SYSTEM, DutyOwed(row.pk, row.period, row.holders, row.begins_at, row.ends_at)),
        [_use(row, "applied", row.begins_at) for row in new if row.ends_at is None],
    )
    return new


def _watch(row: Obligation, book: Book, at: dt.datetime) -> Start:
    """The clock of an obligation: it lapses with its period where a missed one cannot be made up."""
    clause = as_duty(book.clause(row.clause))
    return Start(
        book=book,
        version_id=row.version_id,
        clause=clause,
        subject=row.subject,
        holders=row.holders,
        held_as=row.held_as,
        key=row.watch_key,
        at=at,
        begins_at=row.begins_at,
        audience=row.audience,
        due_at=row.ends_at,
        watches="duty",
        lapses=row.recurs,
    )


def settle(
    subject: Subject,
    book: Book,
    event: str,
    at: dt.datetime,
    by: str,
    facts: Facts | None = None,
    clauses: Sequence[str] | None = None,
) -> list[Obligation]:
    """`event` happened to the subject: what it owes and this settles is met; answers with what was met, in time or
    late.

    Only what has begun can be met. A period that ended before `at` is missed first, and stays so. `facts` decide where
    a clause asks for more than the event (`owes_when`); without them the event suffices. `clauses`: only what these owe.
    """
    rows = [
        row
        for row in _current(subject, at, clauses)
        if row.handbook == book.name
        and event in row.owes
        and row.begins_at <= at
        and in_window(book, clause_of(row), at)
    ]
    heard = rows
    rows = _one_a_clause(row for row in rows if facts is None or settles(clause_of(row), event, facts))
    used_up = count_tries(heard, rows, facts or {}, at)
    rows += [row for row in used_up if row not in rows and counts_as_done(row)]
    running = count_streaks(rows, facts or {})
    for row in rows:
        row.done += 1
    met = [row for row in rows if row.done >= row.times]
    stop_watch([row.watch_key for row in met if row.ends_at], at=at, by=by)
    late = {row.pk for row in met if row.state == State.MISSED}
    for row in met:
        row.state = State.MISSED if row.pk in late else State.MET
        row.is_open, row.settled_at, row.settled_by = False, at, by
    Obligation.objects.bulk_update(rows, ["done", "state", "is_open", "settled_at", "settled_by", "streak"])
    record_each(used_up, lambda row: (at, by, _exhausted(row)))
    record_each(running, lambda row: (at, by, DutyStreak(row.pk, row.streak, row.holders, row.held_as, row.version_id)))
    write_uses([_use(row, "kept", at) for row in met if row.ends_at is None])
    record_each(met, lambda row: (at, by, DutyMet(row.pk, row.period, row.holders, row.pk in late)))
    roll_over(met)
    return met


def _exhausted(row: Obligation) -> DutyExhausted:
    return DutyExhausted(row.pk, len(row.tries), row.holders, row.held_as, row.version_id)


def _one_a_clause(rows: Iterable[Obligation]) -> list[Obligation]:
    """One deed settles one obligation of a clause: the one that ends first."""
    chosen: dict[str, Obligation] = {}
    for row in sorted(rows, key=lambda row: (row.ends_at is None, row.ends_at, row.begins_at, row.pk)):
        chosen.setdefault(row.clause, row)
    return list(chosen.values())


def _current(subject: Subject, at: dt.datetime, clauses: Sequence[str] | None = None) -> list[Obligation]:
    """What is open on the subject at `at`, locked, after every period that ended before `at` was missed.

    Clocks are locked before obligations, as the worker does, so that the two never wait for each other.
    """
    while True:
        rows = _select_open(subject, clauses)
        keys = [row.watch_key for row in rows if row.state == State.OWED and _is_past(row, at)]
        if not keys or not overtake(list(Clock.objects.filter(key__in=keys).values_list("pk", flat=True)), at):
            break
    ids = [row.pk for row in rows]
    list(Clock.objects.select_for_update(no_key=True).filter(key__in=[row.watch_key for row in rows]).order_by("id"))
    return list(
        Obligation.objects.select_for_update(no_key=True).filter(pk__in=ids, is_open=True).order_by("begins_at", "id")
    )


def _is_past(row: Obligation, at: dt.datetime) -> bool:
    """Whether its time is over at `at`; the very instant is in time, unless the clause says otherwise (`boundary: exclusive`)."""
    if row.ends_at is None or row.ends_at > at:
        return False
    return row.ends_at < at or clause_of(row).boundary == "exclusive"


def _select_open(subject: Subject, clauses: Sequence[str] | None) -> list[Obligation]:
    kind, number = subject
    rows = Obligation.objects.filter(subject_kind=kind, subject_id=number, is_open=True)
    return list(rows if clauses is None else rows.filter(clause__in=list(clauses)))


def end(subject: Subject, clauses: Sequence[str], at: dt.datetime, by: str = SYSTEM) -> list[Obligation]:
    """These clauses are no longer owed: what ends them holds, or the subject closed.

    A recurring duty ends without a verdict on the period that was running. One owed once, which nothing but the close
    can end, was never done and is missed.
    """
    rows = _current(subject, at, clauses)
    undone = [row for row in rows if row.state == State.OWED and not row.recurs and not _until(row)]
    ended = [row for row in rows if row.state == State.OWED and row not in undone]
    stop_watch([row.watch_key for row in rows if row.ends_at], at=at, by=by, cancel=True)
    for row in rows:
        row.is_open = False
    for row in ended:
        row.state, row.settled_at, row.settled_by = State.ENDED, at, by
    for row in undone:
        row.state = State.MISSED
    Obligation.objects.bulk_update(rows, ["state", "is_open", "settled_at", "settled_by"])
    write_uses([_use(row, "broken", at) for row in undone])
    record_each(ended, lambda row: (at, by, DutyEnded(row.pk, row.period)))
    record_each(undone, lambda row: (at, by, _missed(row)))
    return rows


def _until(row: Obligation) -> bool:
    return bool(clause_of(row).until)


def miss(ids: Sequence[int]) -> list[Obligation]:
    """The clocks of these obligations ran out: what is still owed is missed, and the next period begins."""
    rows = list(
        Obligation.objects.select_for_update(no_key=True).filter(pk__in=list(ids), state=State.OWED).order_by("id")
    )
    for row in rows:
        row.state, row.is_open = State.MISSED, not row.recurs
    Obligation.objects.bulk_update(rows, ["state", "is_open"], batch_size=500)
    record_each(rows, lambda row: (row.ends_at or row.begins_at, SYSTEM, _missed(row)))
    roll_over(rows)
    return rows


def fall_due(subject: Subject, book: Book, event: str, at: dt.datetime, by: str) -> list[Obligation]:
    """`event` happened before which something had to be done (`due.event`): what is still owed then is missed.

    What came to be owed at that very moment is not yet due.
    """
    rows = [
        row
        for row in _current(subject, at)
        if row.handbook == book.name and row.state == State.OWED and row.begins_at < at and _due_at_event(row) == event
    ]
    stop_watch([row.watch_key for row in rows if row.ends_at], at=at, by=by, cancel=True)
    for row in rows:
        row.state, row.is_open = State.MISSED, False
    Obligation.objects.bulk_update(rows, ["state", "is_open"])
    write_uses([_use(row, "broken", at) for row in rows])
    record_each(rows, lambda row: (at, SYSTEM, _missed(row)))
    roll_over(rows)
    return rows


def _due_at_event(row: Obligation) -> str | None:
    due = clause_of(row).due
    return due.event if due else None


def _missed(row: Obligation) -> DutyMissed:
    return DutyMissed(row.pk, row.period, row.holders, row.held_as, row.version_id)


def roll_over(rows: Iterable[Obligation]) -> None:
    """The next period of what recurs begins where this one ends, whenever this one was settled."""
    following = [
        (after, row.settled_at or row.ends_at or row.begins_at)
        for row in rows
        if row.recurs and (after := next_of(row)) is not None
    ]
    if following:
        _open(following, {row.version_id: book_of(row.version_id) for row, _ in following})


def next_of(row: Obligation) -> Obligation | None:
    """What is owed after this; None where the series has ended."""
    book, clause = book_of(row.version_id), clause_of(row)
    assert row.ends_at is not None
    try:
        period = following_period(book, clause, Period(row.period, row.begins_at, row.ends_at), row.settled_at)
    except UnknownPeriod:  # the days that were announced are over; a day of one's own is looked up again with its facts
        return None
    if period is None:
        return None
    due = Owe(book, row.version_id, clause, row.subject, row.holders, row.ends_at, row.audience, row.held_as)
    after = _obligation(due, period)
    after.tries, after.streak = row.tries, row.streak
    return after


def release(subject: Subject, at: dt.datetime, by: str) -> list[Obligation]:
    """The subject goes on elsewhere: what is owed here ends without a verdict; what was missed stays missed."""
    rows = _current(subject, at)
    stop_watch([row.watch_key for row in rows if row.ends_at], at=at, by=by, cancel=True)
    ended = [row for row in rows if row.state == State.OWED]
    for row in rows:
        row.is_open = False
    for row in ended:
        row.state, row.settled_at, row.settled_by = State.ENDED, at, by
    Obligation.objects.bulk_update(rows, ["state", "is_open", "settled_at", "settled_by"])
    record_each(ended, lambda row: (at, by, DutyEnded(row.pk, row.period)))
    return rows


def restore_obligations(
    subject: Subject, images: Sequence[Mapping[str, Any]], *, at: dt.datetime, by: str
) -> list[Obligation]:
    """Make what the subject owes what `images` (rows as JSON) show; answers with what changed. The caller holds the subject,
    restores the clocks and undoes the ledger's lines.
    """
    kind, number = subject
    since = Obligation.objects.select_for_update().filter(subject_kind=kind, subject_id=number)
    gone = list(since.exclude(pk__in=[image["id"] for image in images]).order_by("id"))
    Obligation.objects.filter(pk__in=[row.pk for row in gone]).delete()
    with connection.cursor() as cursor:
        cursor.execute(RESTORE, [json.dumps(list(images)), kind, number])
        ids = [row[0] for row in cursor.fetchall()]
    changed = list(Obligation.objects.filter(pk__in=ids).order_by("id"))
    record_each(gone, lambda row: (at, by, DutyEnded(row.pk, row.period)))
    record_each(changed, lambda row: (at, by, DutyRestored(row.pk, row.period, row.state)))
    return changed


def hand_over(obligation_id: int, holders: Sequence[str], held_as: str) -> None:
    """Its clock was handed to others: the obligation, and those of later periods, follow."""
    Obligation.objects.filter(pk=obligation_id, is_open=True).update(holders=list(holders), held_as=held_as)


def hand_over_owed(subject: Subject, before: str, after: str) -> None:
    """What `before` still owes on a subject is owed by `after`. The clocks that watch it are handed over by their own verb."""
    kind, number = subject
    with connection.cursor() as cursor:
        cursor.execute(HAND_OVER, {"kind": kind, "number": number, "before": before, "after": after})


HAND_OVER = """
UPDATE duties_obligation SET holders = array_replace(holders, %(before)s::varchar, %(after)s::varchar)
WHERE subject_kind = %(kind)s AND subject_id = %(number)s AND is_open AND %(before)s = ANY(holders)
"""


def _use(row: Obligation, outcome: str, at: dt.datetime) -> Use:
    return Use(
        at=at,
        handbook=row.handbook,
        version_id=row.version_id,
        clause=row.clause,
        outcome=outcome,
        subject=row.subject,
        holder=",".join(row.holders)[:120],
        detail={"obligation": row.pk, "period": row.period, "holders": row.holders},
    )


def record_each(
    rows: Sequence[Obligation],
    tell: Callable[[Obligation], tuple[dt.datetime, str, Event]],
    uses: Sequence[Use] = (),
) -> None:
    if rows:
        record([_fact(row, *tell(row)) for row in rows], uses)


def _fact(row: Obligation, at: dt.datetime, actor: str, event: Event) -> NewFact:
    return NewFact(event, at, row.subject, actor, row.handbook, (row.clause,), row.audience)
