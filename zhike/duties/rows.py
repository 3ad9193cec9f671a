"""The statement that opens obligations in bulk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

from zhike.duties.models import Obligation

NEW = {
    "version_id": "bigint", "handbook": "text", "clause": "text", "subject_kind": "text", "subject_id": "bigint",
    "period": "text", "every": "text", "begins_at": "timestamptz", "ends_at": "timestamptz", "holders": "text[]",
    "held_as": "text", "owes": "text[]", "times": "int", "state": "text", "is_open": "boolean", "done": "int", "tries": "jsonb",
    "streak": "int", "settled_by": "text", "survives_close": "boolean", "exemption": "jsonb", "audience": "text[]",
}  # fmt: skip
COLUMNS = ", ".join(NEW)
TYPED = ", ".join(f"{name} {kind}" for name, kind in NEW.items())
IDENTITY = ("handbook", "clause", "subject_kind", "subject_id", "period", "begins_at")

INSERT = f"""
INSERT INTO duties_obligation ({COLUMNS})
SELECT {COLUMNS} FROM jsonb_to_recordset(%s::jsonb) AS new(n int, {TYPED}) ORDER BY n
ON CONFLICT DO NOTHING RETURNING id, {", ".join(IDENTITY)}
"""  # noqa: S608 - only names of this module

# Every column that changes afterwards.
CHANGING = (
    "holders",
    "held_as",
    "state",
    "is_open",
    "done",
    "tries",
    "streak",
    "settled_at",
    "settled_by",
    "exemption",
    "audience",
)
# An image kept by an earlier version of the product does not have this one.
TAKEN_BACK = [f"{name} = old.{name}" for name in CHANGING if name != "streak"]
TAKEN_BACK.append("streak = coalesce(old.streak, duty.streak)")
RESTORE = f"""
UPDATE duties_obligation AS duty SET {", ".join(TAKEN_BACK)}
FROM jsonb_populate_recordset(NULL::duties_obligation, %s::jsonb) AS old
WHERE duty.id = old.id AND duty.subject_kind = %s AND duty.subject_id = %s
    AND ({" OR ".join(f"duty.{name} IS DISTINCT FROM old.{name}" for name in CHANGING)})
RETURNING duty.id
"""  # noqa: S608 - only names of this module


def insert_obligations(rows: Sequence[Obligation]) -> list[Obligation]:
    """Insert rows; answers with those whose period was not there yet, their ids filled, in the order given."""
    if not rows:
        return []
    plain = [{"n": n, **{name: getattr(row, name) for name in NEW}} for n, row in enumerate(rows)]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [json.dumps(plain, ensure_ascii=False, default=str)])
        ids = {tuple(identity): number for number, *identity in cursor.fetchall()}
    new = []
    for row in rows:
        if (number := ids.pop(_identity(row), None)) is not None:
            row.pk = number
            row._state.adding = False
            new.append(row)
    return new


def _identity(row: Obligation) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in IDENTITY)
