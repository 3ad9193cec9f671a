"""What a form comes with: the values a case already holds, hidden as its page hides them, and what an untouched one stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zhike.cases.models import Case
from zhike.handbook.book import Book
from zhike.handbook.structure import Action, FieldDef
from zhike.org.handbooks import book_of
from zhike.records.completeness import lacking
from zhike.records.display import is_masked
from zhike.records.masking import masked, masked_as, renewed, restored


def kept_values(book: Book, process: str, action: Action, case: Case | None) -> dict[str, Any]:
    """What the case holds, for its main form: the last filling, and where there is none yet fields of the same name. Of another form what
    was filled in while it is not complete.
    """
    if case is None or action.record is None:
        return {}
    if action.record != book.process(process).record:
        return _begun(book, action, case)
    before = case.data.get(action.record) or {}
    others = {
        name: value for record, filled in case.data.items() if record != action.record for name, value in filled.items()
    }
    names = _carried(book, action)
    return {
        name: before.get(name, others.get(name)) for name in names if before.get(name, others.get(name)) is not None
    }


def _begun(book: Book, action: Action, case: Case) -> dict[str, Any]:
    held = case.data.get(action.record or "", {})
    if not held or action.new_round or not lacking(book.record(action.record or ""), held):
        return {}
    return {name: held[name] for name in _carried(book, action) if name in held}


def part_values(case: Case, book: Book, action: Action) -> dict[str, Any]:
    """What the case holds under the names of another case's first form."""
    known = {name: value for filled in case.data.values() for name, value in filled.items()}
    return {name: known[name] for name in _carried(book, action) if name in known}


def _carried(book: Book, action: Action) -> list[str]:
    fields = book.record(action.record).fields if action.record else ()
    return [field.id for field in fields if field.automatic is None and field.type != "files"]


def shown(case: Case, book: Book, action: Action, kept: Mapping[str, Any]) -> dict[str, Any]:
    """`kept` as the form shows it."""
    return masked(hiding(case, book, action), kept)


def meant(case: Case, book: Book, action: Action, kept: Mapping[str, Any], posted: Mapping[str, Any]) -> dict[str, Any]:
    """What a person answered: what stands in the form as it was shown is what was kept."""
    return restored(hiding(case, book, action), posted, kept)


def shown_again(
    case: Case, book: Book, action: Action, kept: Mapping[str, Any], posted: Mapping[str, Any]
) -> dict[str, Any]:
    """What was typed on a page that went stale; where a mask stood untouched, the mask of what is kept by now."""
    return renewed(hiding(case, book, action), posted, kept)


def hiding(case: Case, book: Book, action: Action) -> list[FieldDef]:
    """The form's fields; what the case's own page hides is hidden here under the same name."""
    fields = book.record(action.record).fields if action.record else ()
    return masked_as(fields, _fields_of(case))


def hidden_names(case: Case, book: Book, action: Action) -> frozenset[str]:
    return frozenset(field.id for field in hiding(case, book, action) if is_masked(field))


def _fields_of(case: Case) -> Iterator[FieldDef]:
    """Of every form the case holds, under the version it runs under."""
    book = book_of(case.handbook_version_id)
    for record in case.data:
        try:
            yield from book.record(record).fields
        except KeyError:
            continue
