"""Entries of a directory that are like what somebody asks: found by the pairs of characters and the words they share with it.

What nearly every entry holds tells nothing and is left out; what few hold tells most. The work is bounded whatever is asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from zhike.lib.likeness import pairs
from zhike.records.models import ReferenceRow, RowLikeness

LONGEST = 40
"""Characters of one gram."""
MOST = 2000
"""Grams of one entry: those of its first texts."""
ASKED = 60
"""Grams of a question."""
LOOKED_AT = 10000
"""Entries looked at for a question, shared among its grams."""
COMMON = (200, 1000)
"""A gram that more entries hold tells nothing: the least and the most of that; a short question has only common ones to go by."""
BEST = 20

Shares = dict[str, float]
"""{gram: how much it tells}, for what an entry shares with the question: 1 where it alone has it."""

SHARED = """
WITH hits AS MATERIALIZED (
    SELECT asked.gram, found.row_id FROM unnest(%(asked)s::text[]) AS asked(gram)
    CROSS JOIN LATERAL (
        SELECT row_id FROM records_rowlikeness
        WHERE grams @> ARRAY[asked.gram::varchar] AND handbook = %(handbook)s AND record = %(record)s LIMIT %(common)s
    ) AS found
), size AS (
    SELECT count(*) AS n FROM (
        SELECT 1 FROM records_rowlikeness WHERE handbook = %(handbook)s AND record = %(record)s LIMIT 2 * %(common)s
    ) AS counted
), telling AS (
    SELECT gram, count(*) AS n FROM hits GROUP BY gram
    HAVING count(*) <= greatest(1, least(%(common)s - 1, (SELECT n / 2 FROM size)))
)
SELECT hits.row_id, jsonb_object_agg(hits.gram, 1.0 / telling.n)
FROM hits JOIN telling USING (gram) JOIN records_referencerow AS entry ON entry.id = hits.row_id
WHERE %(departments)s::bigint[] IS NULL OR entry.department_id = ANY(%(departments)s)
GROUP BY hits.row_id ORDER BY sum(1.0 / telling.n) DESC, hits.row_id LIMIT %(best)s
"""


def grams_of(label: str, values: Mapping[str, Any]) -> list[str]:
    """What an entry is recognised by: its label and every text it keeps; numbers alone are none."""
    texts = [label, *(value for value in values.values() if isinstance(value, str) and any(map(str.isalpha, value)))]
    found = dict.fromkeys(gram for text in texts for gram in sorted(pairs(text)) if len(gram) <= LONGEST)
    return list(found)[:MOST]


def keep_likeness(row: ReferenceRow) -> None:
    """After an entry was written: what it is recognised by, as long as it is in use. In the caller's transaction."""
    if not row.is_active:
        RowLikeness.objects.filter(row=row).delete()
        return
    kept = {"handbook": row.handbook, "record": row.record, "grams": grams_of(row.label, row.values)}
    RowLikeness.objects.update_or_create(row=row, defaults=kept)


def sharing(handbook: str, record: str, words: str, departments: Sequence[int] | None = None) -> dict[int, Shares]:
    """{row id: what it shares} of the entries most like the words, the most first; of these departments alone where they are given.

    One query, none where the words hold nothing to go by.
    """
    asked = sorted(gram for gram in pairs(words) if len(gram) <= LONGEST)[:ASKED]
    if not asked:
        return {}
    rare, most = COMMON
    common = min(most, max(rare, LOOKED_AT // len(asked)))
    given: dict[str, Any] = {
        "asked": asked, "handbook": handbook, "record": record, "common": common, "best": BEST,
        "departments": None if departments is None else list(departments),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SHARED, given)
        return {row: _numbers(shares) for row, shares in cursor.fetchall()}


def _numbers(shares: Any) -> Shares:
    read = json.loads(shares) if isinstance(shares, str) else shares
    return {gram: float(weight) for gram, weight in read.items()}


def told_by(text: str, shares: Shares) -> float:
    """How much of what is shared stands in this text, which may be a part of the entry."""
    return sum(shares[gram] for gram in pairs(text) & shares.keys())
