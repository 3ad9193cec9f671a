"""Figures of the handbook over what really happened: measure clauses and indicators, each opening its rows.

Rows that can be counted: `cases`, `clocks`, `duties`, `conversations`, `answers`, or the fillings of any record. Each row is flat
facts, so a `where` reads like any other condition. One query for each kind of row.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from zhike.cases.facts import facts_of
from zhike.cases.models import Case
from zhike.cases.standing import standing_of
from zhike.clocks.models import Clock, in_target
from zhike.clocks.queries import ages_of, minutes_of
from zhike.conversations.figures import talked
from zhike.customers.facts import asks_for_customers
from zhike.duties.models import Obligation
from zhike.handbook.book import Book
from zhike.handbook.clauses import Measure
from zhike.handbook.limits import as_moment, end_of
from zhike.handbook.measures import PROCESS, Measured, Ripe, measure
from zhike.handbook.named import with_named
from zhike.handbook.structure import Indicator
from zhike.handbook.terms import Count
from zhike.org.principals import staff_key, staff_number
from zhike.records.queries import standing_fillings

Row = dict[str, Any]
BROKEN = (Clock.State.LATE, Clock.State.OVERDUE, Clock.State.MISSED)
AGE = "age_minutes"
CLOCK = "clock"
SUBJECT, AT, PERSON, AUDIENCE = "_subject", "_at", "_person", "_audience"
"""What a row is about, when it counts, whose it is and who may hear of it: for splitting figures and opening them, never for a `where`."""


def figure(
    book: Book,
    name: str,
    since: dt.datetime | None = None,
    before: dt.datetime | None = None,
    *,
    now: dt.datetime | None = None,
) -> Measured:
    """The figure of a measure clause (by id) or an indicator (by id) over a span of time; no bounds: over everything. `now`: what is
    still open has an age, and what is too young for a count is left out.
    """
    definition = definition_of(book, name)
    rows = {kind: list(rows_of(book, kind, process, since, before)) for kind, process in counted_by(definition)}
    if now is not None and AGE in asked_of_clocks(definition):
        ages = ages_of([row[CLOCK] for row in rows["clocks"]], now)
        rows["clocks"] = [{**row, AGE: ages.get(row[CLOCK])} for row in rows["clocks"]]
    return measure(definition, rows, ripe_at(book, now)) if now is not None else measure(definition, rows)


def ripe_at(book: Book, now: dt.datetime) -> Ripe:
    """Whether a row is old enough at this moment for a count that waits (`mature_after`)."""

    def is_ripe(count: Count, row: Mapping[str, Any]) -> bool:
        if count.mature_after is None:
            return True
        since = as_moment(row.get(count.mature_since), now) if count.mature_since else row[AT]
        return since is not None and end_of(book, since, count.mature_after) <= now

    return is_ripe


def definition_of(book: Book, name: str) -> Measure | Indicator:
    """Raises KeyError for a name that is neither."""
    for clause in book.clauses("measure"):
        if isinstance(clause, Measure) and name in (clause.id, clause.name):
            return clause
    for indicator in book.handbook.indicators:
        if indicator.id == name:
            return indicator
    raise KeyError(f"handbook {book.name} has no measure or indicator {name!r}")


def counted_by(definition: Measure | Indicator) -> set[tuple[str, str | None]]:
    """The kinds of rows a figure counts, each with the process that bounds them: None where both sides name different ones."""
    found: dict[str, set[str | None]] = {}
    for count in (definition.numerator, definition.denominator):
        if count is not None:
            found.setdefault(count.count, set()).add(count.process)
    if definition.value is not None:
        found.setdefault(definition.value.of, set()).add(definition.value.process)
    return {(kind, next(iter(named)) if len(named) == 1 else None) for kind, named in found.items()}


def rows_of(
    book: Book, kind: str, process: str | None, since: dt.datetime | None, before: dt.datetime | None
) -> Iterator[Row]:
    """The rows of one kind as facts."""
    if kind == "clocks":
        yield from _clocks(book, since, before)
    elif kind == "duties":
        yield from _duties(book, since, before)
    elif kind in ("conversations", "answers"):
        yield from talked(book, kind, _between("opened_at" if kind == "conversations" else "at", since, before))
    elif kind == "cases" or any(p.id == kind for p in book.handbook.processes):
        yield from _cases(book, process or (kind if kind != "cases" else None), since, before)
    else:
        yield from fillings_of([kind], since, before)[kind]


def _between(field: str, since: dt.datetime | None, before: dt.datetime | None) -> dict[str, dt.datetime]:
    bounds = {f"{field}__gte": since, f"{field}__lt": before}
    return {name: value for name, value in bounds.items() if value is not None}


def _clocks(book: Book, since: dt.datetime | None, before: dt.datetime | None) -> Iterator[Row]:
    rows = Clock.objects.filter(handbook=book.name, watches="", **_between("due_at", since, before))
    spent = minutes_of(rows.values_list("pk", flat=True)) if _wants_minutes(book) else {}
    named = (
        "pk",
        "clause",
        "state",
        "held_as",
        "subject_kind",
        "subject_id",
        "due_at",
        "stopped_at",
        "stopped_by",
        "holders",
        "charged",
        "audience",
        "target_at",
        "strict",
    )
    for row in rows.values_list(*named, named=True):
        used = spent.get(row.pk)
        minutes = {"minutes": used.used, "late_minutes": used.late} if used else {}
        yield {
            CLOCK: row.pk, "clause": row.clause, "state": row.state, "holder": _roles(row.held_as), "due_at": row.due_at,
            "stopped_at": row.stopped_at, **minutes, AT: row.due_at,
            "in_target": in_target(row.state, row.target_at, row.stopped_at, row.strict),
            SUBJECT: (row.subject_kind, row.subject_id), AUDIENCE: row.audience,
            PERSON: person_of("", row.charged) if row.charged and row.state in BROKEN else person_of(row.stopped_by, row.holders),
        }  # fmt: skip


def person_of(by: str, holders: Sequence[str]) -> str:
    """Whose it is: whoever did it, else the first who holds it; a role where nobody was named."""
    return (
        by if staff_number(by) else next((one for one in holders if staff_number(one)), holders[0] if holders else "")
    )


def _roles(held_as: str) -> str | list[str]:
    """The role that holds it; all of them where several do."""
    roles = held_as.split(",")
    return roles if len(roles) > 1 else roles[0]


def _wants_minutes(book: Book) -> bool:
    """How long a limit took is worked out from its history, so only where some figure asks for it."""
    every: list[Measure | Indicator] = list(book.handbook.indicators)
    every += [clause for clause in book.clauses("measure") if isinstance(clause, Measure)]
    return any({"minutes", "late_minutes"} & asked_of_clocks(one) for one in every)


def asked_of_clocks(definition: Measure | Indicator) -> set[str]:
    """The facts of limits that a figure tests, adds up or is a statistic of."""
    sides = [one for one in (definition.numerator, definition.denominator) if one is not None and one.count == "clocks"]
    names = {name for one in sides for name in (*one.where, one.sum, one.distinct) if name}
    if definition.value is not None and definition.value.of == "clocks":
        names |= {definition.value.how[1], *definition.value.where}
    return names | set(definition.drop if isinstance(definition, Measure) and names else ())


def _duties(book: Book, since: dt.datetime | None, before: dt.datetime | None) -> Iterator[Row]:
    rows = Obligation.objects.filter(handbook=book.name, **_between("begins_at", since, before))
    named = (
        "clause",
        "state",
        "period",
        "subject_kind",
        "subject_id",
        "begins_at",
        "done",
        "held_as",
        "settled_by",
        "holders",
        "audience",
    )
    for clause, state, period, kind, subject, at, done, held_as, by, holders, audience in rows.values_list(*named):
        yield {
            "clause": clause, "state": state, "period": period, "done": done, "holder": _roles(held_as), "subject": subject,
            SUBJECT: (kind, subject), AT: at, PERSON: person_of(by, holders), AUDIENCE: audience,
        }  # fmt: skip


def _cases(book: Book, process: str | None, since: dt.datetime | None, before: dt.datetime | None) -> Iterator[Row]:
    rows = Case.objects.filter(handbook=book.name, merged_into=None, **_between("opened_at", since, before))
    rows = rows.select_related("parent")
    if asks_for_customers(book):
        rows = rows.select_related("parent", "customer").prefetch_related("customer__cards")
    if process is not None:
        rows = rows.filter(process=process)
    for batch in _batches(rows.order_by("id").iterator(chunk_size=2000)):
        standing = standing_of(book, [case.pk for case in batch])
        for case in batch:
            facts = with_named(book, facts_of(case, book) | standing[case.pk])
            yield {
                PROCESS: case.process, **_row_facts(case), **facts, "lead_time_minutes": _lead_time(case),
                SUBJECT: ("case", case.pk), AT: case.opened_at,
                PERSON: staff_key(case.owner_id) if case.owner_id else "",
            }  # fmt: skip


def _row_facts(case: Case) -> Row:
    """What every case can be counted by; a field of its form that is called the same goes before."""
    return {
        "process": case.process, "stage": case.stage, "status": case.status, "round": case.round, "source": case.source,
        "department": case.department_id, "owner": staff_key(case.owner_id) if case.owner_id else None,
        "opened_at": case.opened_at, "closed_at": case.closed_at,
    }  # fmt: skip


def _batches(rows: Iterator[Case], size: int = 2000) -> Iterator[list[Case]]:
    while batch := list(islice(rows, size)):
        yield batch


def _lead_time(case: Case) -> float | None:
    """Minutes from opening to closing; None while it is open."""
    return (case.closed_at - case.opened_at).total_seconds() / 60 if case.closed_at else None


def fillings_of(
    records: Collection[str], since: dt.datetime | None, before: dt.datetime | None
) -> dict[str, list[Row]]:
    """Fillings of several forms with `ordinal`: the how-manieth of its case each is. One query."""
    seen: Counter[tuple[str, str, int]] = Counter()
    found: dict[str, list[Row]] = {record: [] for record in records}
    rows = (
        standing_fillings()
        .filter(record__in=list(records), subject_kind__in=("case", "conversation"), **_between("at", since, before))
        .order_by("id")
    )
    named = ("record", "subject_kind", "subject_id", "values", "round", "at", "actor")
    for record, kind, subject, values, round_, at, actor in rows.values_list(*named):
        seen[record, kind, subject] += 1
        own = {
            "round": round_,
            "ordinal": seen[record, kind, subject],
            "subject": subject,
            "filled_at": at,
            "filled_by": actor,
        }
        found[record].append({**values, **own, SUBJECT: (kind, subject), AT: at, PERSON: actor})
    return found
