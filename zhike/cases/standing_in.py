"""In whose place a substitute acts on a case: the owner's who is away, and only with rights he has got himself."""

from __future__ import annotations

from collections.abc import Iterable

from zhike.cases.events import ActionTaken
from zhike.cases.models import Case
from zhike.handbook.book import Book
from zhike.journal.models import Fact
from zhike.org.principals import Viewer, resolve, staff_key


def stands_in(case: Case, book: Book, viewer: Viewer) -> str:
    """The principal of the absent owner in whose place `viewer` may act, "" where he may not.

    He must see the case by his own keys, and hold the role in which it is owned, where its department has it.
    """
    if case.owner_id is None or not case.owner_role or staff_key(case.owner_id) not in viewer.stood_for:
        return ""
    if not viewer.holds(case.audience) or not viewer.holds([resolve(book, case.owner_role, case.department)]):
        return ""
    return staff_key(case.owner_id)


def in_place_of(case: Case, book: Book, viewer: Viewer, takers: Iterable[str]) -> str:
    """Whose place a deed is done in that `takers` may do: the absent owner's, where it is his turn or his alone to do; else ""."""
    absent = stands_in(case, book, viewer)
    return absent if absent in case.holders or (absent and not viewer.holds(takers)) else ""


def persons_behind(case_id: int, principal: str) -> frozenset[str]:
    """Who counts as one with `principal` when two different people are asked for: whoever acted in his place on this case. One query."""
    rows = Fact.objects.filter(subject_kind="case", subject_id=case_id, type=ActionTaken.event_type)
    return frozenset(rows.filter(payload__in_place_of=principal).values_list("actor", flat=True))
