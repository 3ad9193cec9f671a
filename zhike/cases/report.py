"""Every figure of a handbook over one span of time, split by sub-period, person or department, and the rows behind each number.

Only what the reader may open is counted, as in the ledger of the handbook page. Rows are read once for all figures of a page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from zhike.cases.access import visible_cases
from zhike.cases.composing import counted_parts, is_sound, measured, pairs_of
from zhike.cases.figures import (
    AGE,
    AT,
    AUDIENCE,
    CLOCK,
    PERSON,
    SUBJECT,
    Row,
    asked_of_clocks,
    counted_by,
    fillings_of,
    ripe_at,
    rows_of,
)
from zhike.clocks.queries import ages_of
from zhike.conversations.access import visible_conversations
from zhike.handbook.book import Book
from zhike.handbook.clauses import Measure
from zhike.handbook.common import Test
from zhike.handbook.measures import Measured, Ripe, counted
from zhike.handbook.structure import Indicator
from zhike.org.principals import Viewer

MOST_ROWS = 10_000
"""Rows of one kind; of more nothing is computed, for a figure over a part of them would be wrong."""
READ = ("clocks", "duties", "cases", "conversations", "answers")
"""Kinds of rows that are no forms."""
Definition = Measure | Indicator
By = Literal["period", "person", "department"]
Rows = dict[tuple[str, str | None], list[Row]]
Key = dt.datetime | str | int | None
"""Of a group: when its sub-period begins, a principal, the number of a department."""


class TooMany(Exception):
    """More rows in this span than are computed at once: a shorter one is needed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a row is about, as far as the reader may open it."""

    number: str
    department: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a figure's table; `key` None: all rows."""

    key: Key
    measured: Measured


@dataclass(frozen=True, slots=True)
class FigureTable:
    """A figure: all of it first, then a line for each group that has something to count."""

    definition: Definition
    whole: Measured
    groups: list[Group]


@dataclass
class Material:
    """The rows of a span that the reader may see, and what they are about."""

    book: Book
    rows: Rows
    seen: dict[tuple[str, int], Seen] = field(default_factory=dict)
    is_ripe: Ripe = field(kw_only=True)

    def of(self, definition: Definition) -> dict[str, list[Row]]:
        return rows_for(self.rows, definition)


def rows_for(rows: Rows, definition: Definition) -> dict[str, list[Row]]:
    """Of all rows those a figure counts, by their kind."""
    return {kind: rows.get((kind, process), []) for kind, process in counted_by(definition)}


def definitions_of(book: Book) -> list[Definition]:
    """What the handbook declares: its measure clauses that are counted from rows or made of others, then its indicators."""
    clauses = [one for one in book.clauses("measure") if isinstance(one, Measure)]
    told = [one for one in clauses if one.numerator or one.value or (one.composite and is_sound(book, one))]
    return [*told, *book.handbook.indicators]


def clauses_of(book: Book, definition: Definition) -> list[str]:
    """The clauses a figure speaks of: itself where it is one, and those whose limits or duties it counts."""
    own = [definition.id] if isinstance(definition, Measure) else []
    parts = (definition.numerator, definition.denominator, definition.value)
    named = [str(value) for part in parts if part is not None for value in _named(part.where.get("clause"))]
    known = {clause.id for clause in book.clauses()}
    return [name for name in dict.fromkeys([*own, *named]) if name in known]


def _named(test: Test | None) -> Iterable[Any]:
    if test is None:
        return ()
    return test.one_of or ((test.eq,) if test.eq is not None else ())


def material(
    book: Book,
    definitions: Sequence[Definition],
    viewer: Viewer,
    since: dt.datetime,
    before: dt.datetime,
    now: dt.datetime,
) -> Material:
    """The rows these figures count, what the reader may not open left out. At most nine queries. Raises TooMany."""
    parts = [part for one in definitions for part in counted_parts(book, one)]
    rows = everything(book, parts, since, before, now)
    return Material(book, *_visible(rows, viewer), is_ripe=ripe_at(book, now))


def everything(
    book: Book, definitions: Sequence[Definition], since: dt.datetime, before: dt.datetime, now: dt.datetime,
    most: int | None = None,
) -> Rows:  # fmt: skip
    """The rows these figures count, whoever may open them: for what must be the same for every reader. Raises TooMany."""
    wanted = {pair for definition in definitions for pair in counted_by(definition)}
    processes = {process.id for process in book.handbook.processes}
    forms = {kind for kind, _ in wanted if kind not in READ and kind not in processes}
    rows: Rows = {
        (kind, process): _some(rows_of(book, kind, process, since, before), most or MOST_ROWS)
        for kind, process in wanted
        if kind not in forms
    }
    filled = fillings_of(forms, since, before) if forms else {}
    rows |= {(kind, process): _some(filled[kind], most or MOST_ROWS) for kind, process in wanted if kind in forms}
    _age(definitions, rows, now)
    return rows


def _some(rows: Iterable[Row], most: int) -> list[Row]:
    found = list(islice(rows, most + 1))
    if len(found) > most:
        raise TooMany
    return found


def _age(definitions: Sequence[Definition], rows: Rows, now: dt.datetime) -> None:
    if not any(AGE in asked_of_clocks(one) for one in definitions):
        return
    clocks = [row for (kind, _), some in rows.items() if kind == "clocks" for row in some]
    ages = ages_of([row[CLOCK] for row in clocks], now) if clocks else {}
    for row in clocks:
        row[AGE] = ages.get(row[CLOCK])


def _visible(rows: Rows, viewer: Viewer) -> tuple[Rows, dict[tuple[str, int], Seen]]:
    about = {row[SUBJECT] for some in rows.values() for row in some}
    seen = {**_cases(viewer, _ids(about, "case")), **_talks(viewer, _ids(about, "conversation"))}

    def shown(row: Row) -> bool:
        return row[SUBJECT] in seen or (
            row[SUBJECT][0] not in ("case", "conversation") and viewer.holds(row.get(AUDIENCE, ()))
        )

    return {pair: [row for row in some if shown(row)] for pair, some in rows.items()}, seen


def _ids(about: Collection[tuple[str, int]], kind: str) -> list[int]:
    return [number for one, number in about if one == kind]


def _cases(viewer: Viewer, ids: list[int]) -> dict[tuple[str, int], Seen]:
    rows = visible_cases(viewer).filter(pk__in=ids).values_list("pk", "number", "department_id") if ids else ()
    return {("case", pk): Seen(number, department) for pk, number, department in rows}


def _talks(viewer: Viewer, ids: list[int]) -> dict[tuple[str, int], Seen]:
    rows = visible_conversations(viewer).filter(pk__in=ids).values_list("pk", "number") if ids else ()
    return {("conversation", pk): Seen(number) for pk, number in rows}


def tables(found: Material, definitions: Sequence[Definition], key_of: Callable[[Row], Key]) -> list[FigureTable]:
    """Every figure, whole and by group; groups in the order of their keys, what belongs to none last."""
    return [_table(found, definition, key_of) for definition in definitions]


def _table(found: Material, definition: Definition, key_of: Callable[[Row], Key]) -> FigureTable:
    by_key: dict[Key, Rows] = {}
    for pair in pairs_of(found.book, definition):
        for row in found.rows.get(pair, ()):
            by_key.setdefault(key_of(row), {}).setdefault(pair, []).append(row)
    groups = [Group(key, measured(found.book, definition, own, found.is_ripe)) for key, own in by_key.items()]
    told = [
        group
        for group in groups
        if group.measured.value is not None or group.measured.denominator or group.measured.numerator
    ]
    return FigureTable(
        definition,
        measured(found.book, definition, found.rows, found.is_ripe),
        sorted(told, key=lambda one: (one.key is None, str(one.key))),
    )


def key_by(by: By, found: Material, starts: Sequence[dt.datetime]) -> Callable[[Row], Key]:
    """How rows are split. `starts`: when each sub-period begins, ascending."""
    if by == "person":
        return lambda row: row[PERSON] or None
    if by == "department":
        return lambda row: _department(found.seen, row)
    return lambda row: max((start for start in starts if start <= row[AT]), default=None)


def _department(seen: Mapping[tuple[str, int], Seen], row: Row) -> int | None:
    kind, number = row[SUBJECT]
    known = seen.get((kind, number))
    return number if kind == "department" else known.department if known else None


def behind(found: Material, definition: Definition, *, below: bool) -> list[Row]:
    """The rows one number counts, the newest first."""
    return sorted(
        (dict(row) for row in counted(definition, found.of(definition), below=below, is_ripe=found.is_ripe)),
        key=lambda row: row[AT],
        reverse=True,
    )
