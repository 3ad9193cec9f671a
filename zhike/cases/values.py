"""Values of the main form as cells of a table: of a list, of a board, of an export. Masked as lists mask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from zhike.cases.models import Case
from zhike.handbook.structure import FieldDef
from zhike.org.handbooks import book_of
from zhike.records.display import display, mask
from zhike.records.references import NameOf, load_names

MASKED = frozenset({"phone", "email", "id_number", "secret"})
"""Types a list shows masked whoever looks: in full they stand on the case's page, one by one, where looking is written down."""


def form_names(cases: Iterable[Case], fields: Sequence[str]) -> NameOf:
    """What the values of these fields point to; one query a kind."""
    fillings = [(found, case.data.get(_record(case), {})) for case in cases if (found := _fields(case, fields))]
    first = next(iter(cases), None)
    return load_names(book_of(first.handbook_version_id), fillings) if first else (lambda _, value: str(value))


def form_cell(case: Case, field: str, language: str, names: NameOf | None, now: dt.datetime) -> str:
    """The value of a field of the case's main form, in one line; "" where there is none. `case` holds its data."""
    definition = next(iter(_fields(case, [field])), None)
    value = case.data.get(_record(case), {}).get(field)
    if definition is None or value in (None, "", [], {}):
        return ""
    book = book_of(case.handbook_version_id)
    if definition.sensitive or definition.type in MASKED:
        return mask(definition, value)
    return " ".join(display(book, definition, value, language, name_of=names, now=now).split())


def _record(case: Case) -> str:
    return book_of(case.handbook_version_id).process(case.process).record


def _fields(case: Case, names: Sequence[str]) -> list[FieldDef]:
    """The fields under the version the case runs under; an older one may lack some."""
    return [f for f in book_of(case.handbook_version_id).record(_record(case)).fields if f.id in names]
