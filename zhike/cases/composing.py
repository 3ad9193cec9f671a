"""Figures that are made of other figures: what they are counted from, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhike.cases.figures import counted_by, definition_of
from zhike.handbook.book import Book
from zhike.handbook.clauses import Measure
from zhike.handbook.measures import Measured, Ripe, composite, marks, measure
from zhike.handbook.structure import Indicator

Definition = Measure | Indicator
Rows = Mapping[tuple[str, str | None], list[dict[str, Any]]]
"""Rows by what is counted and the process that bounds it."""


def counted_parts(book: Book, one: Definition) -> list[Definition]:
    """The figures that are counted from rows: itself, or what it is made of."""
    if not isinstance(one, Measure) or one.composite is None:
        return [one]
    return [part for each in one.composite.of for part in counted_parts(book, definition_of(book, each.measure))]


def pairs_of(book: Book, one: Definition) -> set[tuple[str, str | None]]:
    """The kinds of rows a figure, or anything it is made of, counts."""
    return {pair for part in counted_parts(book, one) for pair in counted_by(part)}


def measured(book: Book, one: Definition, rows: Rows, is_ripe: Ripe) -> Measured:
    """A figure over these rows, with what it is made of (`parts`)."""
    if not isinstance(one, Measure) or one.composite is None:
        return measure(one, {kind: rows.get((kind, process), []) for kind, process in counted_by(one)}, is_ripe)
    found = {each.measure: definition_of(book, each.measure) for each in one.composite.of}
    values = {name: measured(book, part, rows, is_ripe).value for name, part in found.items()}
    full = {each.measure: each.full for each in one.composite.of if each.full is not None}
    return composite(one, values, {name: marks(found[name], values[name], most) for name, most in full.items()})


def is_sound(book: Book, one: Measure, above: frozenset[str] = frozenset()) -> bool:
    """Whether everything it is made of is there, and it is not made of itself."""
    if one.name in above:
        return False
    for each in one.composite.of if one.composite else ():
        try:
            part = definition_of(book, each.measure)
        except KeyError:
            return False
        if isinstance(part, Measure) and not is_sound(book, part, above | {one.name}):
            return False
    return True
