"""Who sees how much of a fact. That something happened, when and by whom, is the auditor's; what exactly, only where he may open
the object itself: administration opens no case.
"""

from __future__ import annotations

from collections.abc import Sequence

from zhike.customers.access import may_review, may_see_customers
from zhike.journal.gates import current_audiences, is_gated
from zhike.journal.models import Fact
from zhike.org.principals import Viewer

OF_THE_HOUSE = frozenset(
    {"staff", "department", "role", "handbook", "house", "keys", "export", "import", "backup", "journal", "row", "token",
     "api_token", "directory", "view", "webhook", "setting"}
)  # fmt: skip
"""Kinds of subjects that administration keeps itself."""


def may_look_over(viewer: Viewer) -> bool:
    """Whether he says what he thinks of others' looks and exports: administrators, and those who answer for the archive."""
    return viewer.is_admin or may_review(viewer)


def told_in_full(viewer: Viewer, found: Sequence[Fact]) -> set[int]:
    """Ids of the facts whose details this viewer may see. One query a gated kind."""
    audiences = current_audiences([(fact.subject_kind, fact.subject_id) for fact in found])
    archive = may_see_customers(viewer)
    return {fact.pk for fact in found if _may_see(viewer, fact, audiences, archive)}


def _may_see(viewer: Viewer, fact: Fact, audiences: dict[tuple[str, int], frozenset[str]], archive: bool) -> bool:
    if fact.subject_kind in OF_THE_HOUSE:
        return viewer.is_admin
    if fact.subject_kind == "customer":
        return archive
    if is_gated(fact.subject_kind):
        return viewer.holds(audiences[fact.subject_kind, fact.subject_id])
    return viewer.holds(fact.audience)
