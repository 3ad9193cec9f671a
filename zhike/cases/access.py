"""The only way a view gets a case. One rule for one case, for lists, counts, search and the live feed: a shared principal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from zhike.cases import written
from zhike.cases.holders import visibility_of
from zhike.cases.models import Case
from zhike.cases.refusals import Forbidden, NotFound, Reason
from zhike.handbook.common import Text
from zhike.journal.gates import gate_for
from zhike.journal.statements import row
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer

JOINED = ("parent", "department", "owner", "customer")
"""What a case's page tells of it besides."""
KEPT_OUT = Text(zh="您无权查看这张工单。", en="You may not see this case.")


def visible_cases(viewer: Viewer) -> QuerySet[Case]:
    """Every case this viewer may see, unordered."""
    return Case.objects.filter(audience__overlap=RawSQL(_constant(viewer.keys), []))  # noqa: S611 - _constant quotes


def _constant(keys: Iterable[str]) -> str:
    """The keys as a constant of the statement, not a parameter of it: PostgreSQL reads a list in one order for a viewer who sees all
    and in another for one who sees a thousandth, and a plan that does not know the keys suits only one of them."""
    quoted = ", ".join("'" + key.replace("'", "''").replace("%", "%%") + "'" for key in sorted(keys))
    return f"ARRAY[{quoted}]::varchar[]"


@gate_for("case")
def audiences_of(ids: Collection[int]) -> Mapping[int, Collection[str]]:
    """Who may see each of these cases now: what the live feed tells of a case, it tells through the page's own gate."""
    return dict(Case.objects.filter(id__in=ids).values_list("id", "audience"))


def case_for(viewer: Viewer, number: str, *, now: dt.datetime) -> Case:
    """The case with this number. Raises NotFound; Forbidden, written down, when it exists and the viewer is kept out."""
    found = row(Case, "WHERE cases_case.number = %s", [number], joined=JOINED)
    if found is None:
        raise NotFound(number)
    if not viewer.holds(found.audience):
        raise _denied(found, viewer, now)
    return found


def case_seen(viewer: Viewer, case_id: int) -> Case | None:
    """The case as it is now; None where he may not see it (any more). Nothing is written down: he did not ask for it."""
    found = row(Case, "WHERE cases_case.id = %s", [case_id], joined=JOINED)
    return found if found is not None and viewer.holds(found.audience) else None


def _denied(case: Case, viewer: Viewer, now: dt.datetime) -> Forbidden:
    book = book_of(case.handbook_version_id)
    clause = visibility_of(book, case.process)
    with transaction.atomic():
        written.write_denial(case, book, clause.id if clause else "", viewer, now)
    return Forbidden([Reason(clause.refuse if clause else KEPT_OUT, clause.id if clause else "")])


def case_by_token(token: str) -> Case:
    """The case a customer follows by the unguessable link he was given. Raises NotFound."""
    if len(token) < 20:
        raise NotFound(token)
    found = (
        Case.objects.select_related("department", "customer", "handbook_version", "parent")
        .filter(portal_token=token)
        .first()
    )
    if found is None:
        raise NotFound(token)
    return found


def audiences(ids: Iterable[int]) -> dict[int, list[str]]:
    """Current audience of each case: what the live feed asks before it tells anybody anything."""
    return dict(Case.objects.filter(pk__in=list(ids)).values_list("id", "audience"))
