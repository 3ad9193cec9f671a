"""Figures of the handbook over what really happened: measure clauses and indicators, each opening its rows.

Rows that can be counted: `cases`, `clocks`, `duties`, `conversations`, `answers`, or the fillings of any record. Each row is flat
facts, so a `where` reads like any other condition. One query for each kind of row.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from zhike.cases.facts import facts_of
from zhike.cases.models import Case
from zhike.cases.standing import standing_of
from zhike.clocks.models import Clock
from zhike.clocks.queries import ages_of, minutes_of
from zhike.conversations.figures import talked
from zhike.customers.facts import asks_for_customers
from zhike.duties.models import Obligation
from zhike.handbook.book import Book
from zhike.handbook.clauses import Measure
from zhike.handbook.measures import Measured, measure
from zhike.handbook.named import with_named
from zhike.handbook.structure import Indicator
from zhike.records.queries import standing_fillings

Row = dict[str, Any]
AGE = "age_minutes"
CLOCK = "clock"


def figure(
    book: Book,
    name: str,
    since: dt.datetime | None = None,
    before: dt.datetime | None = None,
    *,
    now: dt.datetime | None = None,
) -> Measured:
    """The figure of a measure clause (by id) or an indicator (by id) over a span of time; no bounds: over everything. `now`: what is
    still open has an age.
    """
    definition = definition_of(book, name)
    rows = {kind: list(rows_of(book, kind, process, since, before)) for kind, process in _counted(definition)}
    if now is not None and definition.value is not None and definition.value.how[1] == AGE:
        ages = ages_of([row[CLOCK] for row in rows["clocks"]], now)
        rows["clocks"] = [{**row, AGE: ages.get(row[CLOCK])} for row in rows["clocks"]]
    return measure(definition, rows)


def definition_of(book: Book, name: str) -> Measure | Indicator:
    """Raises KeyError for a name that is neither."""
    for clause in book.clauses("measure"):
        if isinstance(clause, Measure) and name in (clause.id, clause.name):
            return clause
    for indicator in book.handbook.indicators:
        if indicator.id == name:
            return indicator
    raise KeyError(f"handbook {book.name} has no measure or indicator {name!r}")


def _counted(definition: Measure | Indicator) -> set[tuple[str, str | None]]:
    counts = [c for c in (definition.numerator, definition.denominator) if c is not None]
    found: set[tuple[str, str | None]] = {(c.count, getattr(c, "process", None)) for c in counts}
    if definition.value is not None:
        found.add((definition.value.of, None))
    return found


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
        yield from _fillings(kind, since, before)


def _between(field: str, since: dt.datetime | None, before: dt.datetime | None) -> dict[str, dt.datetime]:
    bounds = {f"{field}__gte": since, f"{field}__lt": before}
    return {name: value for name, value in bounds.items() if value is not None}


def _clocks(book: Book, since: dt.datetime | None, before: dt.datetime | None) -> Iterator[Row]:
    rows = Clock.objects.filter(handbook=book.name, watches="", **_between("due_at", since, before))
    spent = minutes_of(rows.values_list("pk", flat=True)) if _wants_minutes(book) else {}
    for pk, clause, state, held_as in rows.values_list("pk", "clause", "state", "held_as"):
        used = spent.get(pk)
        minutes = {"minutes": used.used, "late_minutes": used.late} if used else {}
        yield {CLOCK: pk, "clause": clause, "state": state, "held_as": held_as, **minutes}


def _wants_minutes(book: Book) -> bool:
    """How long a limit took is worked out from its history, so only where some figure is about that."""
    every: list[Measure | Indicator] = list(book.handbook.indicators)
    every += [clause for clause in book.clauses("measure") if isinstance(clause, Measure)]
    return any(one.value is not None and one.value.of == "clocks" and one.value.how[0] != "count" for one in every)


def _duties(book: Book, since: dt.datetime | None, before: dt.datetime | None) -> Iterator[Row]:
    rows = Obligation.objects.filter(handbook=book.name, **_between("begins_at", since, before))
    for clause, state, period, subject in rows.values_list("clause", "state", "period", "subject_id"):
        yield {"clause": clause, "state": state, "period": period, "subject": subject}


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
            yield {**facts, "lead_time_minutes": _lead_time(case)}


def _batches(rows: Iterator[Case], size: int = 2000) -> Iterator[list[Case]]:
    while batch := list(islice(rows, size)):
        yield batch


def _lead_time(case: Case) -> float | None:
    """Minutes from opening to closing; None while it is open."""
    return (case.closed_at - case.opened_at).total_seconds() / 60 if case.closed_at else None


def _fillings(record: str, since: dt.datetime | None, before: dt.datetime | None) -> Iterator[Row]:
    """Fillings with `ordinal`: the how-manieth of its case it is."""
    seen: Counter[tuple[str, int]] = Counter()
    rows = (
        standing_fillings()
        .filter(record=record, subject_kind__in=("case", "conversation"), **_between("at", since, before))
        .order_by("id")
    )
    for kind, subject, values, round_ in rows.values_list("subject_kind", "subject_id", "values", "round"):
        seen[kind, subject] += 1
        yield {**values, "case.round": round_, "ordinal": seen[kind, subject], "subject": subject}
