"""Looking through the journal: by person, subject, type, clause and period, newest first, a page at a time.

A period is turned into a range of ids by halving: facts get their ids in the order in which they happen, give or take the
length of a transaction, so no index on the time is needed, which every fact would have to be entered into.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from zhike.journal.models import Fact, Stream

SLACK = dt.timedelta(hours=1)
"""By so much ids and times may disagree."""
# The first id whose fact is not before a moment: every step halves the range.
FIRST_FROM = """
WITH RECURSIVE halving (lowest, above) AS (
    SELECT coalesce(min(id), 0), coalesce(max(id), 0) + 1 FROM journal_fact
    UNION ALL
    SELECT CASE WHEN is_before THEN middle + 1 ELSE lowest END, CASE WHEN is_before THEN above ELSE middle END
    FROM (
        SELECT lowest, above, (lowest + above) / 2 AS middle,
            (SELECT at FROM journal_fact WHERE id >= (lowest + above) / 2 ORDER BY id LIMIT 1) < %s AS is_before
        FROM halving WHERE lowest < above
    ) AS step
)
SELECT lowest FROM halving WHERE lowest >= above LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is asked of the journal; empty fields ask nothing."""

    actors: Collection[str] = ()
    """Principals; any of them."""
    subject: tuple[str, int] | None = None
    type: str = ""
    clause: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    """Not included."""
    positions: tuple[int, int] | None = None
    """First and last position in the stream, both included: the range of a seal."""


def facts(sought: Sought, *, before: int | None = None) -> QuerySet[Fact]:
    """The newest first; `before` is the id of the last fact of the page before. One short query for each end of a period."""
    found = Fact.objects.order_by("-pk")
    if sought.actors:
        found = found.filter(actor__in=list(sought.actors))
    if sought.subject is not None:
        found = found.filter(subject_kind=sought.subject[0], subject_id=sought.subject[1])
    if sought.type:
        found = found.filter(type=sought.type)
    if sought.clause:
        found = found.filter(clauses__contains=[sought.clause]).exclude(clauses=[])
    if sought.since is not None:
        found = found.filter(at__gte=sought.since, pk__gte=first_from(sought.since - SLACK))
    if sought.until is not None:
        found = found.filter(at__lt=sought.until, pk__lt=first_from(sought.until + SLACK))
    if sought.positions is not None:
        found = found.filter(pk__in=Stream.objects.filter(position__range=sought.positions).values("fact_id"))
    return found if before is None else found.filter(pk__lt=before)


def first_from(moment: dt.datetime) -> int:
    """The first id whose fact did not happen before `moment`; one more than the last id where all did."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST_FROM, [moment])
        number: int = cursor.fetchone()[0]
        return number
