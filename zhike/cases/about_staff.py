"""What cases say of a colleague: of each process whose main form names him (`person`), the latest open case as facts."""

from __future__ import annotations

from typing import Any

from zhike.cases.facts import facts_of
from zhike.cases.models import Case
from zhike.conversations.staff_facts import knows_staff
from zhike.handbook.book import Book


@knows_staff
def from_cases(book: Book, staff_id: int) -> dict[str, Any]:
    """`<process>.<fact>` for every fact of the case that is no fact of cases at large. One query a process that names somebody."""
    found: dict[str, Any] = {}
    for process in book.handbook.processes:
        if process.person is None:
            continue
        named = {f"data__{process.record}__{process.person}": staff_id}
        rows = Case.objects.filter(handbook=book.name, process=process.id, status=Case.Status.OPEN, **named)
        case = rows.select_related("parent").order_by("-id").first()
        if case is not None:
            facts = facts_of(case, book)
            found |= {f"{process.id}.{name}": value for name, value in facts.items() if not name.startswith("case.")}
    return found
