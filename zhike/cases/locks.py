"""Fields of a case's forms that somebody leaves as they stand: others fill them, or a clause says they are written once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhike.cases.allowed import in_roles
from zhike.cases.deed import Deed
from zhike.cases.facts import facts_of
from zhike.cases.models import Case
from zhike.handbook.book import Book
from zhike.handbook.common import Names
from zhike.handbook.named import with_named
from zhike.handbook.structure import Action
from zhike.org.principals import SYSTEM, Viewer
from zhike.records.locks import for_others, once_clauses, written_once
from zhike.records.queries import latest
from zhike.records.values import Lock


def locks_of(book: Book, process: str, action: Action, viewer: Viewer, case: Case | None) -> dict[str, Lock]:
    """The fields of the action's form that stay as they stand when `viewer` takes it; `case` is None where it opens one.

    What a clause has written once it has so for one round: a new round is filled in anew. At most one query, and that only in a
    later round of a process with such a clause.
    """
    if action.record is None:
        return {}

    def fills(roles: Names) -> bool:
        return viewer.principal == SYSTEM or in_roles(case, book, roles, viewer)

    held = (case.data.get(action.record) or {}) if case is not None else {}
    is_main = action.record == book.process(process).record
    found = for_others(book, action.record, {} if action.new_round and not is_main else held, fills)
    if case is not None and held and once_clauses(book, action.record, process):
        known = with_named(book, facts_of(case, book))
        found |= written_once(book, action.record, _of_this_round(case, action, held), known, process)
    return found


def _of_this_round(case: Case, action: Action, held: Mapping[str, Any]) -> Mapping[str, Any]:
    if action.new_round:
        return {}
    if case.round == 1:
        return held
    row = latest(("case", case.pk), action.record or "")
    return held if row is not None and row.round == case.round else {}


def locks_for(deed: Deed) -> dict[str, Lock]:
    """The same for a deed; what the handbook itself copies into the form of a child counts for no one's filling."""
    found = locks_of(deed.book, deed.process.id, deed.action, deed.viewer, None if deed.opening else deed.case)
    return {name: lock for name, lock in found.items() if name not in deed.copied}
