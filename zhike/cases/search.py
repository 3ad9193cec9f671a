"""Finding cases by what people type: a number, a phone number, words of the title.

Words are found through an index of all pairs of neighbouring characters, so that 退款 is found as quickly as 要求退款. Who may see what is
found is not asked here: the answer is a condition on rows that have passed the gate.
"""

from __future__ import annotations

import re
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

PHONE_DIGITS = 7
"""So many digits are taken for the end of a phone number or of a case's number."""
RARE = 2000
"""Up to so many titles are looked up by the index; of more, a page is found soonest by reading on from the newest."""
LARGEST_ID = 2**63 - 1

NEWEST = 1000
"""A page of what is common is full within so many of the newest, whatever the index would say."""

IS_COMMON = f"""
SELECT count(*) > 50 FROM (
    SELECT FROM (SELECT title FROM cases_case ORDER BY opened_at DESC, id DESC LIMIT {NEWEST}) AS newest
    WHERE title ILIKE %s LIMIT 51
) AS found
"""  # noqa: S608 - a number of this module
TITLED = f"""
SELECT id FROM cases_case WHERE cases_pairs(title) @> cases_pairs(%s) AND title ILIKE %s LIMIT {RARE + 1}
"""  # noqa: S608 - a number of this module
NUMBERED = f"SELECT id FROM cases_case WHERE number LIKE %s ORDER BY id DESC LIMIT {RARE}"  # noqa: S608 - a number of this module
PHONED = f"""
SELECT id FROM cases_case WHERE (id = %s AND number LIKE '%%' || %s) OR customer_id = ANY(ARRAY(
    SELECT customer_id FROM customers_contactpoint WHERE reverse(value) LIKE reverse(%s) || '%%' LIMIT {RARE}))
"""  # noqa: S608 - a number of this module


def found_by(text: str) -> Q | RawSQL:
    """The condition on cases that `text` asks for. Three short queries at most."""
    if text.isascii() and text.isdigit() and len(text) >= PHONE_DIGITS:
        return _among(_ids(PHONED, [min(int(text), LARGEST_ID), text, text]))
    numbered = _ids(NUMBERED, [f"{text.upper()}%"]) if re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", text) else []
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"
    if len(text) < 2 or _rows(IS_COMMON, [pattern])[0][0]:
        return Q(title__icontains=text)
    titled = _ids(TITLED, [text, pattern])
    return _among([*numbered, *titled]) if len(titled) <= RARE else Q(title__icontains=text)


def _among(ids: list[int]) -> RawSQL:
    return RawSQL("cases_case.id = ANY(%s)", [ids], output_field=BooleanField())


def _ids(sql: str, values: list[Any]) -> list[int]:
    return [number for (number,) in _rows(sql, values)]


def _rows(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
