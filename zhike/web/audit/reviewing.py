"""Looks behind masks and data that were taken out, in one list, each with somebody else's verdict.

A look into the archive has its verdict in the archive (customers.unmasking); everything else here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from zhike.customers.models import Unmasking
from zhike.customers.unmasking import review_unmasking
from zhike.journal.actions import NewFact, record
from zhike.journal.models import Fact
from zhike.org.principals import Viewer
from zhike.web.audit.access import may_look_over
from zhike.web.audit.events import FactReviewed
from zhike.web.models import FactReview

LOOKED_OVER = (
    "customer.unmasked", "customer.phone_shown", "customers.exported", "export.fetched", "journal.exported", "case.printed",
)  # fmt: skip
"""Types of facts that somebody else looks over."""
Verdict = tuple[str, bool]
"""(name of who gave it, whether it was justified)"""


def looks(viewer: Viewer, *, before: int | None = None) -> QuerySet[Fact]:
    """The facts to look over, the newest first; nobody's for whoever may not."""
    found = Fact.objects.filter(type__in=LOOKED_OVER).order_by("-pk")
    if not may_look_over(viewer):
        return found.none()
    return found if before is None else found.filter(pk__lt=before)


def verdicts(found: Sequence[Fact]) -> dict[int, Verdict]:
    """{fact: verdict} of those that have one. Two queries."""
    numbers = {fact.payload.get("unmasking"): fact.pk for fact in found if fact.type == "customer.unmasked"}
    looked = Unmasking.objects.filter(pk__in=[n for n in numbers if n], reviewed_at__isnull=False)
    given = {
        numbers[pk]: (name, bool(ok)) for pk, name, ok in looked.values_list("pk", "reviewed_by__name", "is_justified")
    }
    others = FactReview.objects.filter(fact_id__in=[fact.pk for fact in found])
    return given | {fact: (name, ok) for fact, name, ok in others.values_list("fact_id", "by__name", "is_justified")}


def review(fact_id: int, *, is_justified: bool, by: Viewer, now: dt.datetime) -> bool:
    """Somebody else's verdict, once; True when it counts. Nobody looks over what he did himself."""
    fact = Fact.objects.filter(pk=fact_id, type__in=LOOKED_OVER).exclude(actor=by.principal).first()
    if fact is None or by.staff is None or not may_look_over(by):
        return False
    if fact.type == "customer.unmasked":
        return review_unmasking(fact.payload.get("unmasking", 0), is_justified=is_justified, by=by, now=now)
    try:
        with transaction.atomic():
            FactReview.objects.create(fact_id=fact_id, at=now, by=by.staff, is_justified=is_justified)
            event = FactReviewed(fact=fact_id, is_justified=is_justified)
            record([NewFact(event, at=now, subject=("journal", 0), actor=by.principal)])
    except IntegrityError:
        return False
    return True
