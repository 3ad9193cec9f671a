"""What is owed, and how much of it was covered. A coverage always says what it is a share of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max, Q

from zhike.duties.models import Obligation
from zhike.duties.periods import FIRST
from zhike.org.principals import Viewer

State = Obligation.State
Subject = tuple[str, int]


def owed(subject: Subject) -> list[Obligation]:
    """What can still be done on a subject, by the end of its period: what is owed, and what was missed but is not past
    doing.
    """
    kind, number = subject
    return list(
        Obligation.objects.filter(subject_kind=kind, subject_id=number, is_open=True).order_by("begins_at", "id")
    )


def obligations_of(subject: Subject) -> list[Obligation]:
    """Everything a subject ever owed, in the order in which it began."""
    kind, number = subject
    return list(Obligation.objects.filter(subject_kind=kind, subject_id=number).order_by("begins_at", "id"))


@dataclass(frozen=True, slots=True)
class Coverage:
    """Met over due. `due` = met + missed; what is still open, exempt or ended without a verdict is in neither."""

    met: int
    missed: int
    open: int
    exempt: int
    ended: int

    @property
    def due(self) -> int:
        return self.met + self.missed

    @property
    def share(self) -> float | None:
        """0 to 1; None where nothing was due."""
        return self.met / self.due if self.due else None


# One unit is what a subject owed in one period under all the clauses together: met when all are met, missed when one
# is.
COVERAGE = """
WITH unit AS (
    SELECT bool_or(state = 'missed') AS missed, bool_or(state = 'owed') AS open,
        bool_or(state = 'exempt') AS exempt, bool_or(state = 'ended') AS ended
    FROM duties_obligation
    WHERE clause = ANY(%(clauses)s) AND begins_at >= %(since)s AND begins_at < %(before)s
        AND (%(handbook)s = '' OR handbook = %(handbook)s)
    GROUP BY handbook, subject_kind, subject_id, period, CASE WHEN every IN ('once', 'event') THEN begins_at END
)
SELECT count(*) FILTER (WHERE NOT (missed OR open OR exempt OR ended)), count(*) FILTER (WHERE missed),
    count(*) FILTER (WHERE open AND NOT missed), count(*) FILTER (WHERE exempt AND NOT (missed OR open)),
    count(*) FILTER (WHERE ended AND NOT (missed OR open OR exempt))
FROM unit
"""


def coverage(clause: str | Sequence[str], since: dt.datetime, before: dt.datetime, *, handbook: str = "") -> Coverage:
    """The obligations whose period began from `since` to before `before`. One query.

    Several clauses are counted together, one unit for each subject and period: a day on which both were owed counts as
    met only when both were done (`daily_coverage` of the retail hotline).
    """
    clauses = [clause] if isinstance(clause, str) else list(clause)
    with connection.cursor() as cursor:
        cursor.execute(COVERAGE, {"clauses": clauses, "since": since, "before": before, "handbook": handbook})
        return Coverage(*cursor.fetchone())


def gaps(
    clause: str | Sequence[str], since: dt.datetime, before: dt.datetime, *, handbook: str = "", limit: int = 200
) -> list[Obligation]:
    """What is missing from a coverage: missed, or begun and still owed. The list behind the figure, oldest first."""
    clauses = [clause] if isinstance(clause, str) else list(clause)
    rows = Obligation.objects.filter(clause__in=clauses, begins_at__gte=since, begins_at__lt=before)
    rows = rows.filter(Q(state=State.MISSED) | Q(state=State.OWED))
    return list((rows.filter(handbook=handbook) if handbook else rows).order_by("begins_at", "id")[:limit])


def last_days(asked: Collection[tuple[Subject, str]]) -> dict[tuple[Subject, str], dt.date]:
    """(subject, clause) -> the last day of his own, such as a birthday, that was owed already: the next is that of another year."""
    if not asked:
        return {}
    rows = Obligation.objects.filter(
        subject_id__in={number for (_, number), _ in asked}, clause__in={clause for _, clause in asked}
    ).exclude(period=FIRST)
    last = rows.values_list("subject_kind", "subject_id", "clause").annotate(last=Max("period"))
    return {((kind, number), clause): dt.date.fromisoformat(day) for kind, number, clause, day in last}


STANDING = """
SELECT subject_kind, subject_id, handbook, clause FROM duties_obligation WHERE subject_id = ANY(%s) AND state = 'owed'
"""


def standing_of(subjects: set[Subject]) -> set[tuple[Subject, str, str]]:
    """What these subjects already owe."""
    numbers = {number for _, number in subjects}
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [sorted(numbers)])
        return {((kind, number), handbook, clause) for kind, number, handbook, clause in cursor.fetchall()}


def asked_exemptions(viewer: Viewer, only: int | None = None, most: int = 50) -> list[Obligation]:
    """Exemptions that wait: his to decide, or asked for by him; the oldest first. One query. `only`: this one, if it is there."""
    asked = Obligation.objects.filter(state=State.OWED).exclude(exemption={})
    asked = asked if only is None else asked.filter(pk=only)
    his = Q(exemption__to__has_any_keys=sorted(viewer.keys)) | Q(exemption__asked_by=viewer.principal)
    return list(asked.filter(his).order_by("id")[:most])


def may_be_exempted(
    viewer: Viewer, clauses: Mapping[str, Sequence[str]], now: dt.datetime, only: int | None = None, most: int = 50
) -> list[Obligation]:
    """What this viewer holds now and may ask to be exempted from, what ends first first; `clauses` by handbook. One query, none where
    no clause allows it.
    """
    if not clauses:
        return []
    allowed = Q()
    for handbook, named in clauses.items():
        allowed |= Q(handbook=handbook, clause__in=named)
    rows = Obligation.objects.filter(allowed, is_open=True, state=State.OWED, begins_at__lte=now, exemption={})
    rows = rows.filter(holders__overlap=sorted(viewer.keys))
    return list((rows if only is None else rows.filter(pk=only)).order_by("ends_at", "id")[:most])


def exempted(viewer: Viewer, since: dt.datetime, only: int | None = None, most: int = 20) -> list[Obligation]:
    """What was exempted since then at this viewer's request or by him, the latest first. One query."""
    rows = Obligation.objects.filter(state=State.EXEMPT, settled_at__gte=since)
    rows = rows if only is None else rows.filter(pk=only)
    his = Q(settled_by=viewer.principal) | Q(exemption__asked_by=viewer.principal)
    return list(rows.filter(his).order_by("-settled_at", "-id")[:most])
