"""The clause ledger: how often each clause applied, was kept, was broken or refused something, and where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from pydantic_core import to_json

WRITE = """
INSERT INTO journal_clauseuse
    (at, handbook, version_id, clause, outcome, subject_kind, subject_id, holder, minutes, late_minutes, detail)
SELECT at, handbook, version_id, clause, outcome, subject_kind, subject_id, holder, minutes, late_minutes, detail
FROM jsonb_to_recordset(%s::jsonb) AS new(
    n int, at timestamptz, handbook text, version_id bigint, clause text, outcome text, subject_kind text, subject_id
    bigint, holder text, minutes float8, late_minutes float8, detail jsonb)
ORDER BY n
"""

UNDO = """
INSERT INTO journal_undoneuse (use_id, fact_id)
SELECT id, %s FROM journal_clauseuse
WHERE subject_kind = %s AND subject_id = %s AND id > %s AND outcome <> 'refused'
ON CONFLICT DO NOTHING
"""

OUTCOMES = frozenset({"applied", "kept", "broken", "refused"})


@dataclass(frozen=True, slots=True)
class Use:
    """One line: the engine applied `clause` to `subject`. `minutes` used and `late_minutes` are for clauses that set
    a limit.
    """

    at: dt.datetime
    handbook: str
    version_id: int
    clause: str
    outcome: str
    """"applied", "kept", "broken" or "refused"."""
    subject: tuple[str, int]
    holder: str = ""
    minutes: float | None = None
    late_minutes: float | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Facts used and the reason; moments and decimals are kept as text."""


def write_uses(uses: Sequence[Use]) -> None:
    """Add lines to the ledger with one statement, in the caller's transaction."""
    if not uses:
        return
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [lines_of(uses)])


def undo_uses(subject: tuple[str, int], since: int, fact: int) -> None:
    """What the ledger says of a subject after the line `since` counts no more, except what was refused: the fact undid it."""
    with connection.cursor() as cursor:
        cursor.execute(UNDO, [fact, *subject, since])


def lines_of(uses: Sequence[Use]) -> str:
    """What WRITE takes."""
    return to_json([row_of(n, use) for n, use in enumerate(uses)], fallback=str).decode()


def row_of(n: int, use: Use) -> dict[str, Any]:
    if use.outcome not in OUTCOMES:
        raise ValueError(f"{use.clause}: {use.outcome!r} is not an outcome; one of {', '.join(sorted(OUTCOMES))}")
    return {
        "n": n,
        "at": use.at.isoformat(),
        "handbook": use.handbook,
        "version_id": use.version_id,
        "clause": use.clause,
        "outcome": use.outcome,
        "subject_kind": use.subject[0],
        "subject_id": use.subject[1],
        "holder": use.holder,
        "minutes": use.minutes,
        "late_minutes": use.late_minutes,
        "detail": dict(use.detail),
    }
