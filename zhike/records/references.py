"""Fields that point to something: a department, a member of staff, a row of a directory, a customer, a case.

Rooms above this one register what they know (`register_reference`), because this one does not know them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from zhike.handbook.book import Book
from zhike.handbook.structure import FieldDef
from zhike.journal.statements import array_of
from zhike.org.models import Staff
from zhike.records.models import ReferenceRow

Find = Callable[[Book, FieldDef, str], int | str | None]
"""(book, field, what was sent) -> the value to keep, None where there is no such thing."""
_LARGEST_ID = 2**63 - 1
_CASE_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Reference:
    find: Find
    titles: str = ""
    """SQL of the room's own: (id, what people call it) for the ids in the array `%s`; "" where people call it by what is kept."""


_references: dict[str, Reference] = {}


def register_reference(type_: str, reference: Reference) -> None:
    """Say how fields of `type_` are found and named. The last one registered counts."""
    _references[type_] = reference


def find_reference(book: Book, field: FieldDef, sent: str) -> int | str | None:
    return _references[field.type].find(book, field, sent)


def is_reference(field: FieldDef) -> bool:
    return field.type in _references


def as_id(sent: str) -> int | None:
    """A positive number that fits a bigint, else None."""
    if not sent.isascii() or not sent.isdigit() or len(sent) > 19:
        return None
    number = int(sent)
    return number if 0 < number <= _LARGEST_ID else None


NameOf = Callable[[FieldDef, Any], str]


def load_names(
    book: Book,  # noqa: ARG001 - asked for, so that names may one day depend on the handbook
    fillings: Iterable[tuple[Iterable[FieldDef], Mapping[str, Any]]],
) -> NameOf:
    """What people call everything the fillings point to, read with one query.

    Pass the answer to `display(..., name_of=...)`. Something that is gone is called by its number.
    """
    return name_of_in(titles_of(pointed_at(fillings)))


Titles = Mapping[str, Mapping[int, str]]
"""kind of reference -> id -> what people call it"""


def pointed_at(fillings: Iterable[tuple[Iterable[FieldDef], Mapping[str, Any]]]) -> dict[str, set[Any]]:
    """What the fillings point to, by the kind of reference."""
    wanted: dict[str, set[Any]] = {}
    for fields, values in fillings:
        _collect(fields, values, wanted)
    return wanted


def titles_of(
    wanted: Mapping[str, Collection[Any]], *more: tuple[str, str, Sequence[Any]]
) -> dict[str, dict[int, str]]:
    """What people call these things, whatever their kinds, with one query; none where nothing is asked for.

    `more`: (kind, SQL of id and text, its values) of other texts that are wanted with them.
    """
    asked = list(more)
    for kind, ids in wanted.items():
        sql = _references[kind].titles if kind in _references else ""
        if sql and (known := {number for number in ids if isinstance(number, int)}):
            asked.append((kind, sql, [array_of(known)]))
    found: dict[str, dict[int, str]] = {}
    for kind, number, title in _titled(asked) if asked else ():
        found.setdefault(kind, {})[number] = title
    return found


def _titled(asked: Iterable[tuple[str, str, Sequence[Any]]]) -> list[tuple[str, int, str]]:
    of_a_kind = "(SELECT %s::text, id, title::text FROM ({}) AS named (id, title))"
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(of_a_kind.format(sql) for _, sql, _ in asked),
            [value for kind, _, values in asked for value in (kind, *values)],
        )
        return list(cursor.fetchall())


def name_of_in(titles: Titles) -> NameOf:
    """How `display` finds a name among these; what is not among them is called by what is kept."""
    return lambda field, value: titles.get(field.type, {}).get(_key(field, value), str(value))


def _key(field: FieldDef, value: Any) -> Any:
    """A member of staff is kept as an id where somebody chose him, as a principal where he acted."""
    if field.type == "staff" and isinstance(value, str):
        return as_id(value.removeprefix("staff:"))
    return value


def _collect(fields: Iterable[FieldDef], values: Mapping[str, Any], wanted: dict[str, set[Any]]) -> None:
    for field in fields:
        value = values.get(field.id)
        if field.type == "rows" and isinstance(value, list):
            for row in value:
                _collect(field.columns, row, wanted)
        elif field.type == "signature" and isinstance(value, Mapping):
            principal = str(value.get("by", ""))
            if (number := as_id(principal.removeprefix("staff:"))) is not None:
                wanted.setdefault("staff", set()).add(number)
        elif field.type == "staff_or_department" and isinstance(value, str):
            kind, _, rest = value.partition(":")
            wanted.setdefault(kind, set()).add(as_id(rest))
        elif is_reference(field) and isinstance(value, int | str):
            wanted.setdefault(field.type, set()).add(_key(field, value))


FIND_DEPARTMENT = """
SELECT id FROM org_department WHERE is_active AND (id = %s OR code = %s) AND (%s = '' OR kind = %s)
ORDER BY id = %s DESC LIMIT 1
"""
"""An id counts before a code that looks like one."""


def _find_department(_book: Book, field: FieldDef, sent: str) -> int | None:
    """By id or by code, of the kind the field asks for."""
    number, code, kind = as_id(sent), sent.lower()[:40], field.kind or ""
    with connection.cursor() as cursor:
        cursor.execute(FIND_DEPARTMENT, [number, code, kind, kind, number])
        found = cursor.fetchone()
    return found[0] if found else None


def _find_staff(_book: Book, _field: FieldDef, sent: str) -> int | None:
    """By id, principal (`staff:5`) or user name."""
    found = Staff.objects.filter(is_active=True)
    number = as_id(sent.removeprefix("staff:"))
    by_id = found.filter(pk=number).values_list("pk", flat=True).first() if number else None
    return by_id or found.filter(username=sent.lower()[:40]).values_list("pk", flat=True).first()


def _find_row(book: Book, field: FieldDef, sent: str) -> int | None:
    """By id, or by a label that only one active row has."""
    found = ReferenceRow.objects.filter(handbook=book.name, record=field.kind or "", is_active=True)
    number = as_id(sent)
    if number and (by_id := found.filter(pk=number).values_list("pk", flat=True).first()):
        return by_id
    labelled = list(found.filter(label=sent[:200]).values_list("pk", flat=True)[:2])
    return labelled[0] if len(labelled) == 1 else None


def _case_number(_book: Book, _field: FieldDef, sent: str) -> str | None:
    """The room of cases replaces this with a look-up."""
    return sent if _CASE_NUMBER.fullmatch(sent) else None


register_reference(
    "department", Reference(_find_department, "SELECT id, name FROM org_department WHERE id = ANY(%s::bigint[])")
)
register_reference("staff", Reference(_find_staff, "SELECT id, name FROM org_staff WHERE id = ANY(%s::bigint[])"))
register_reference(
    "record", Reference(_find_row, "SELECT id, label FROM records_referencerow WHERE id = ANY(%s::bigint[])")
)
register_reference("case", Reference(_case_number))
register_reference("customer", Reference(lambda _book, _field, sent: as_id(sent)))
