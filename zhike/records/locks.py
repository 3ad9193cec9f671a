"""Fields somebody leaves as they stand: those others fill (`fills`), and those a clause says are written once (`write_once`).

A page shows them and sends nothing; a program or a file that sends the very value that stands there changes nothing; anything else is
refused at the field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from zhike.handbook.book import Book
from zhike.handbook.clauses import Visibility
from zhike.handbook.common import Facts, Names, Text, is_present
from zhike.handbook.conditions import holds
from zhike.handbook.structure import FieldDef
from zhike.org.models import Assignment
from zhike.org.principals import SYSTEM, Viewer, staff_number
from zhike.records import words
from zhike.records.posting import ABSENT, EXPLAIN
from zhike.records.values import Lock, is_filled_by_product

Fills = Callable[[Names], bool]
"""Whether the one who acts is among these roles."""


Locks = Mapping[str, Lock]
"""{field: lock}."""
NO_LOCKS: Locks = MappingProxyType({})


def locks_something(book: Book, record: str) -> bool:
    """Whether any field of that form may have to stay as it stands."""
    return bool(once_clauses(book, record)) or any(field.fills for field in book.record(record).fields)


def for_others(book: Book, record: str, kept: Mapping[str, Any], fills: Fills) -> dict[str, Lock]:
    """The fields other roles fill; a default of the handbook stands until one of them fills it."""
    return {
        field.id: Lock(_standing(field, kept, field.default), words.filled_by(field, _titles(book, field)))
        for field in book.record(record).fields
        if field.fills and not is_filled_by_product(field) and not fills(field.fills)
    }


def written_once(
    book: Book, record: str, kept: Mapping[str, Any], facts: Facts, process: str | None = None
) -> dict[str, Lock]:
    """The fields that were filled in and that a clause lets nobody change; one that only grows goes on growing."""
    clauses = once_clauses(book, record, process)
    found: dict[str, Lock] = {}
    for clause in (each for each in clauses if holds(each.when, facts)):
        for field in book.record(record).fields:
            named = not clause.fields or field.id in clause.fields
            free = field.append_only or is_filled_by_product(field) or not is_present(kept.get(field.id))
            if named and not free:
                found.setdefault(field.id, Lock(_standing(field, kept), clause.refuse, clause.id))
    return found


def once_clauses(book: Book, record: str, process: str | None = None) -> list[Visibility]:
    """The clauses by which what is filled into that form is written once."""
    return [clause for clause in book.written_once.get(record, ()) if clause.process in (None, process)]


def _standing(field: FieldDef, kept: Mapping[str, Any], default: Any = None) -> dict[str, Any]:
    found = {name: kept[name] for name in (field.id, field.id + ABSENT, field.id + EXPLAIN) if name in kept}
    return found if found or default is None else {field.id: default}


def _titles(book: Book, field: FieldDef) -> list[Text]:
    return [book.role(role).title for role in field.fills]


def as_viewer(book: Book, viewer: Viewer) -> Fills:
    """Where no department is asked about: holding the role anywhere is enough. The product itself fills everything."""

    def fills(roles: Names) -> bool:
        return viewer.principal == SYSTEM or any(viewer.in_role(book.name, role) for role in roles)

    return fills


def as_principal(book: Book, principal: str) -> Fills:
    """The same for somebody of whom the principal alone is known; asked once, and only where a field names roles."""
    held: list[frozenset[str]] = []

    def fills(roles: Names) -> bool:
        if not held:
            held.append(_roles_of(book, principal))
        return principal == SYSTEM or not held[0].isdisjoint(roles)

    return fills


def _roles_of(book: Book, principal: str) -> frozenset[str]:
    number = staff_number(principal)
    if number is None:
        return frozenset()
    return frozenset(Assignment.objects.filter(staff_id=number, handbook=book.name).values_list("role", flat=True))
