"""How long a clause allows, with the manager's parameters put in, and whether an event really stops a clock."""

from __future__ import annotations

from zhike.handbook.book import Book
from zhike.handbook.clauses import Clause, Deadline, Duty
from zhike.handbook.common import Duration, Facts, Parameter, parse_duration
from zhike.handbook.conditions import holds


def limit_of(book: Book, clause: Clause) -> Duration:
    """The limit of a deadline or of a duty owed once. Raises ValueError for a clause that has no duration."""
    within = clause.within if isinstance(clause, Deadline | Duty) else None
    if isinstance(within, Parameter):
        within = Duration.model_validate(parse_duration(book.parameter(within.param)))
    if within is None:
        raise ValueError(f"{clause.id} has no limit that is a duration")
    return within


def stops(clause: Deadline, event: str, facts: Facts) -> bool:
    """Whether `event`, under these facts, stops a clock of the clause."""
    return event in (*clause.until, *clause.until_all) and holds(clause.until_when, facts)
