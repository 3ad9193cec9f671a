"""The order in which everybody reads the journal.

A fact's id is taken before its transaction commits, so a reader that trusts ids skips what commits late. Waiting for
the oldest open transaction instead would let one long import hold up everybody's feed. So a fact first stands in
`journal_pending`, and one sequencer at a time (an advisory lock) moves what has committed into `journal_stream`.
Positions therefore become visible in their own order: `position > n` never skips, and a long transaction's facts simply
get later positions. docs/decisions/0016-the-stream.md has the reasons.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

STREAM_CHANNEL = "journal_stream"
"""Notified when facts got their positions."""
BATCH = 2000

# 0x6a6f75726e616c is "journal" in ASCII.
LOCK_KEY = 0x6A6F75726E616C
TRY_LOCK = f"SELECT pg_try_advisory_xact_lock({LOCK_KEY})"

# The lock is taken before the first row is looked at, and kept until the statement has committed. Its snapshot may be
# older than the commit of the sequencer before us; rows that one has moved are then found deleted, and left out.
SEQUENCE = f"""
WITH alone AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock({LOCK_KEY}) AS yes
), moved AS (
    DELETE FROM journal_pending
    WHERE (SELECT yes FROM alone)
      AND fact_id IN (SELECT fact_id FROM journal_pending ORDER BY fact_id LIMIT %s)
    RETURNING fact_id
), placed AS (
    INSERT INTO journal_stream (fact_id) SELECT fact_id FROM moved ORDER BY fact_id RETURNING position
)
SELECT (SELECT yes FROM alone), count(*), CASE WHEN count(*) > 0 THEN pg_notify('{STREAM_CHANNEL}', '') END FROM placed
"""  # noqa: S608 - our own constants

READ = """
SELECT s.position, f.id, f.at, f.type, f.subject_kind, f.subject_id, f.actor, f.handbook, f.clauses,
       f.payload, f.audience
FROM journal_stream s JOIN journal_fact f ON f.id = s.fact_id
WHERE s.position > %s
ORDER BY s.position
LIMIT %s
"""

PAYLOAD = 9
"""Its column in READ."""

LAST = "SELECT coalesce(max(position), 0) FROM journal_stream"


@dataclass(frozen=True, slots=True)
class Row:
    """A fact at its place in the stream; the payload as it was stored."""

    position: int
    fact_id: int
    at: dt.datetime
    type: str
    subject_kind: str
    subject_id: int
    actor: str
    handbook: str
    clauses: Sequence[str]
    payload: Mapping[str, Any]
    audience: Sequence[str]


def sequence_pending(limit: int = BATCH) -> int | None:
    """Give positions to up to `limit` committed facts. Answers how many, or None when another sequencer is at it.

    Call it with no transaction open: the lock is kept until the outermost one ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCE, [limit])
        alone, count, _ = cursor.fetchone()
        return count if alone else None


def sequence_all() -> int:
    """Give positions to everything that has committed; answers how many. Leaves it to another sequencer when one is
    at it.
    """
    total = 0
    while moved := sequence_pending():
        total += moved
    return total


def read_after(position: int, limit: int = BATCH) -> list[Row]:
    """Up to `limit` facts after `position`, in the order everybody sees."""
    with connection.cursor() as cursor:
        cursor.execute(READ, [position, limit])
        return [row_of(values) for values in cursor.fetchall()]


def row_of(values: Sequence[Any]) -> Row:
    """Django's connections leave jsonb as text, plain psycopg ones parse it; both come in here."""
    if isinstance(values[PAYLOAD], str):
        values = (*values[:PAYLOAD], json.loads(values[PAYLOAD]), *values[PAYLOAD + 1 :])
    return Row(*values)


def last_position() -> int:
    """The position of the newest fact in the stream, 0 while there is none."""
    with connection.cursor() as cursor:
        cursor.execute(LAST)
        position: int = cursor.fetchone()[0]
        return position
