"""Reading the clause ledger: how often each clause applied, was kept, was broken, refused something, and where.

A figure and the list behind it come from the same rows. `lines()` takes `subjects`, a query of the ids of cases the
reader may see: what he may not open is not counted for him either. Lines about no case (an enquiry, a refused opening)
have no gate.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, Exists, OuterRef, Q, QuerySet

from zhike.journal.models import ClauseUse, UndoneUse

Outcome = ClauseUse.Outcome


@dataclass(frozen=True, slots=True)
class Tally:
    """The ledger of one clause over a period. Minutes are of limits only: used on the average where they were kept, late on
    the average where the line of a broken one knows it."""

    clause: str
    applied: int = 0
    kept: int = 0
    broken: int = 0
    refused: int = 0
    minutes: float | None = None
    late_minutes: float | None = None
    in_target: int | None = None
    """Of what was kept that which was done within its target; None where the clause has none."""

    @property
    def judged(self) -> int:
        """Kept or broken: what a share of keeping is a share of."""
        return self.kept + self.broken

    @property
    def share_kept(self) -> float | None:
        """0 to 100, None where nothing was judged."""
        return 100 * self.kept / self.judged if self.judged else None


def standing_uses() -> QuerySet[ClauseUse]:
    """Every line of the ledger but those of deeds that were undone."""
    return ClauseUse.objects.filter(~Exists(UndoneUse.objects.filter(use=OuterRef("pk"))))


def lines(
    handbook: str,
    since: dt.datetime,
    until: dt.datetime,
    *,
    subjects: QuerySet[Any] | None = None,
    clause: str = "",
    outcome: str = "",
) -> QuerySet[ClauseUse]:
    """The ledger's lines with `since <= at < until`; of one clause and one outcome where named."""
    found = standing_uses().filter(handbook=handbook, at__gte=since, at__lt=until)
    if clause:
        found = found.filter(clause=clause)
    if outcome:
        found = found.filter(outcome=outcome)
    if subjects is not None:
        found = found.filter(~Q(subject_kind="case") | Q(subject_id=0) | Q(subject_id__in=subjects))
    return found


def kept_in_target(
    handbook: str,
    clauses: Collection[str],
    since: dt.datetime,
    until: dt.datetime,
    *,
    subjects: QuerySet[Any] | None = None,
) -> dict[str, int]:
    """{clause: how often what was kept was done within its target}; one that never was is not in it. One query."""
    found = lines(handbook, since, until, subjects=subjects, outcome=Outcome.KEPT)
    rows = found.filter(clause__in=clauses, detail__in_target=True).order_by().values_list("clause")
    return dict(rows.annotate(n=Count("id")))


def tallies(
    handbook: str, since: dt.datetime, until: dt.datetime, *, subjects: QuerySet[Any] | None = None
) -> dict[str, Tally]:
    """{clause id: its tally}; a clause that was never used is not in it. One query."""
    rows = (
        lines(handbook, since, until, subjects=subjects)
        .order_by()
        .values("clause")
        .annotate(
            of_applied=Count("id", filter=Q(outcome=Outcome.APPLIED)),
            of_kept=Count("id", filter=Q(outcome=Outcome.KEPT)),
            of_broken=Count("id", filter=Q(outcome=Outcome.BROKEN)),
            of_refused=Count("id", filter=Q(outcome=Outcome.REFUSED)),
            mean_minutes=Avg("minutes", filter=Q(outcome=Outcome.KEPT)),
            mean_late=Avg("late_minutes", filter=Q(outcome=Outcome.BROKEN)),
        )
    )
    return {
        row["clause"]: Tally(
            row["clause"],
            row["of_applied"],
            row["of_kept"],
            row["of_broken"],
            row["of_refused"],
            row["mean_minutes"],
            row["mean_late"],
        )
        for row in rows
    }
