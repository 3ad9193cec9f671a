"""What is frozen, in words: on the case that holds it, on other cases about the same thing, on the customer's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from zhike.cases.frozen import of_customer, on_case, things_of, value_of
from zhike.cases.models import Case, Freeze
from zhike.handbook.book import Book
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.records.display import is_masked
from zhike.web.handbook_page import terms


@dataclass(frozen=True, slots=True)
class Frozen:
    """One thing that may not be used: what, which one, since when, by which clause, of which case."""

    what: str
    which: str
    since: dt.datetime
    handbook: str
    clause: str
    case_id: int
    number: str
    """Of the case that holds it; "" where the reader may not see that."""
    own: bool
    """The case whose page it is holds it."""


def frozen_on_case(case: Case, book: Book, viewer: Viewer) -> list[Frozen]:
    """What this case froze, and what others froze of what it is about. One query where the handbook freezes anything."""
    return [_shown(row, viewer, case) for row in on_case(case, book)]


def frozen_of_customer(customer: int, cases: Iterable[Case], viewer: Viewer) -> list[Frozen]:
    """What is frozen by this customer's cases. One query where a handbook of these cases freezes anything."""
    if not any(things_of(book_of(case.handbook_version_id)) for case in cases):
        return []
    return [_shown(row, viewer, None) for row in of_customer(customer, viewer.keys)]


def _shown(row: Freeze, viewer: Viewer, page: Case | None) -> Frozen:
    case, book = row.case, book_of(row.case.handbook_version_id)
    seen = viewer.holds(case.audience)
    return Frozen(
        what=terms.thing(book, row.thing, case.process), which=_which(page or case, row.thing), since=row.at,
        handbook=book.name, clause=row.clause, case_id=case.pk if seen else 0, number=case.number if seen else "",
        own=page is not None and case.pk == page.pk,
    )  # fmt: skip


def _which(case: Case, thing: str) -> str:
    """The number itself, as the form of the case whose reader this is has it."""
    book = book_of(case.handbook_version_id)
    value = None if thing == "customer" else value_of(case, book, thing)
    field = next((f for record in book.handbook.records for f in record.fields if f.id == thing), None)
    plain = field is not None and field.type in ("string", "text", "int", "case") and not is_masked(field)
    return str(value) if plain and value is not None else ""
