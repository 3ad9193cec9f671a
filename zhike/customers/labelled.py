"""The list filtered by kind, tier, tag and fields of handbooks' own, as quick when it finds three of a million as when it finds
half of them.

What is common is found soonest by reading on from the newest; what is rare, by the index over all labels. Which of the two
it is no statistics say where one label hardly ever goes with another, so it is tried out: two short queries.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

NEWEST = 2000
"""Customers among which a page of what is common is full."""
RARE = 2000
"""Up to so many are looked up by the index; of more, a page is found soonest by reading on from the newest."""
LARGEST_ID = 2**63 - 1
LABELS = "customers_labels(kind::text, tier::text, tags::text[], kept::text[])"

IS_COMMON = f"""
SELECT count(*) > 50 FROM (
    SELECT FROM (SELECT kind, tier, tags, kept FROM customers_customer WHERE id < %s ORDER BY id DESC LIMIT {NEWEST}) AS newest
    WHERE {LABELS} @> %s::text[] LIMIT 51
) AS found
"""  # noqa: S608 - numbers and a name of this module
LABELLED = f"SELECT id FROM customers_customer WHERE {LABELS} @> %s::text[] LIMIT {RARE + 1}"  # noqa: S608 - as above
AMONG = "customers_customer.id = ANY(%s)"


def few_with(kind: str, tier: str, tag: str, before: int | None = None, own: Sequence[str] = ()) -> RawSQL | None:
    """The condition "one of these", where few customers are all that is asked for; None where many are. "" asks nothing; `own` are
    labels as `Customer.kept` holds them.
    """
    labels = [*([f"={kind}"] if kind else []), *([f"#{tier}"] if tier else []), *([tag] if tag else []), *own]
    with connection.cursor() as cursor:
        cursor.execute(IS_COMMON, [before or LARGEST_ID, labels])
        if cursor.fetchone()[0]:
            return None
        cursor.execute(LABELLED, [labels])
        ids = [number for (number,) in cursor.fetchall()]
    return RawSQL(AMONG, [ids], output_field=BooleanField()) if len(ids) <= RARE else None  # noqa: S611 - a constant
