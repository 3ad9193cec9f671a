"""A filled form in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language, gettext

from zhike.cases.models import Case
from zhike.handbook.book import Book
from zhike.handbook.structure import FieldDef
from zhike.records.completeness import lacking
from zhike.records.display import display
from zhike.records.references import NameOf
from zhike.web.base.names import Names


def filled(
    book: Book, fields: Iterable[FieldDef], values: Mapping[str, Any], name_of: NameOf | None, now: dt.datetime
) -> list[tuple[str, str]]:
    """(title, shown value) of every field that has a value, in the form's order, without what the product filled in."""
    language = get_language() or "zh"
    return [
        (
            definition.title.say(language),
            display(book, definition, values[definition.id], language, name_of=name_of, now=now),
        )
        for definition in fields
        if values.get(definition.id) not in (None, "", [], {})
        and definition.automatic is None
        and definition.type != "files"
    ]


def lacks(book: Book, record: str, values: Mapping[str, Any]) -> str:
    """The titles of the fields without which what was filled in is not complete; "" where nothing is lacking."""
    language = get_language() or "zh"
    try:
        missing = lacking(book.record(record), values)
    except LookupError:
        return ""
    return gettext("、").join(definition.title.say(language) for definition in missing)


def incomplete(case: Case, book: Book) -> list[tuple[str, str]]:
    """(form, what it still lacks) of every form of the case that is not complete, in the handbook's order."""
    language = get_language() or "zh"
    held = [record for record in book.handbook.records if record.id in case.data]
    found = [(record.title.say(language), lacks(book, record.id, case.data[record.id])) for record in held]
    return [(title, missing) for title, missing in found if missing]


def main_filling(case: Case, book: Book) -> tuple[tuple[FieldDef, ...], Mapping[str, Any]]:
    """The case's main form as it stands, or the form it was opened with where the main one is not filled yet."""
    process = book.process(case.process)
    record = process.record if case.data.get(process.record) else next(iter(case.data), process.record)
    return book.record(record).fields, case.data.get(record, {})


def main_form(case: Case, book: Book, now: dt.datetime, called: Names) -> list[tuple[str, str]]:
    """That form in words; `called` names what it points to."""
    fields, values = main_filling(case, book)
    called.ask(fillings=[(fields, values)])
    return filled(book, fields, values, called.name_of, now)
