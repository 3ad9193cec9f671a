"""The statements that read and write clock rows in bulk. One statement for a batch, whatever its size."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from zhike.clocks.models import Clock
from zhike.journal.actions import OutsideTransaction

# Every column that a start fills, with its type for jsonb_to_recordset.
NEW = {
    "version_id": "bigint", "handbook": "text", "clause": "text", "subject_kind": "text", "subject_id": "bigint",
    "charged": "text[]", "key": "text", "slot": "text", "watches": "text", "each_acts": "boolean", "lapses": "boolean", "strict": "boolean",
    "holders": "text[]", "held_as": "text", "state": "text", "started_at": "timestamptz", "due_at": "timestamptz",
    "target_at": "timestamptz", "limit": "jsonb", "warn_at": "timestamptz[]", "next_at": "timestamptz", "stopped_by": "text",
    "pauses": "jsonb", "extensions": "jsonb", "survives_close": "boolean", "until": "text[]", "facts": "jsonb", "audience": "text[]",
}  # fmt: skip

# Every column that changes afterwards.
CHANGING = {
    "state": "text", "holders": "text[]", "held_as": "text", "due_at": "timestamptz", "target_at": "timestamptz",
    "limit": "jsonb", "warn_at": "timestamptz[]", "next_at": "timestamptz", "stopped_at": "timestamptz", "stopped_by": "text",
    "pauses": "jsonb", "extensions": "jsonb", "facts": "jsonb", "audience": "text[]",
}  # fmt: skip


def _columns(names: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{name}"' for name in names)


def _typed(columns: dict[str, str]) -> str:
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())


# A key that exists, or a slot with an open clock in it, makes the row vanish without a word: the start had been made
# before.
INSERT = f"""
INSERT INTO clocks_clock ({_columns(NEW)})
SELECT {_columns(NEW)} FROM jsonb_to_recordset(%s::jsonb) AS new(n int, {_typed(NEW)}) ORDER BY n
ON CONFLICT DO NOTHING RETURNING id, key
"""  # noqa: S608 - only names of this module

UPDATE = f"""
UPDATE clocks_clock AS clock SET {", ".join(f'"{name}" = new."{name}"' for name in CHANGING)}
FROM jsonb_to_recordset(%s::jsonb) AS new(id bigint, {_typed(CHANGING)}) WHERE clock.id = new.id
"""  # noqa: S608 - only names of this module

# The worker sleeps until the soonest moment it knows; it must hear of a sooner one, and of no other.
WAKE = """
SELECT pg_notify('clocks', %(at)s::text)
WHERE NOT EXISTS (SELECT 1 FROM clocks_clock WHERE next_at < %(at)s::timestamptz)
"""


def insert_clocks(clocks: Sequence[Clock]) -> list[Clock]:
    """Insert rows; answers with those that are new, their ids filled, in the order given.

    Raises OutsideTransaction: a clock without its fact would be half a start.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("start_clocks() was called outside a transaction: wrap the whole deed in atomic()")
    if not clocks:
        return []
    rows = [{"n": n, **_plain(clock, NEW)} for n, clock in enumerate(clocks)]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [json.dumps(rows, ensure_ascii=False, allow_nan=False, default=str)])
        ids = {key: number for number, key in cursor.fetchall()}
    new = []
    for clock in clocks:
        if (number := ids.pop(clock.key, None)) is not None:
            clock.pk = number
            clock._state.adding = False
            new.append(clock)
    wake_worker(clock.next_at for clock in new)
    return new


def update_clocks(clocks: Sequence[Clock]) -> None:
    """Write every changing column of rows that the caller has locked."""
    if not clocks:
        return
    rows = [{"id": clock.pk, **_plain(clock, CHANGING)} for clock in clocks]
    with connection.cursor() as cursor:
        cursor.execute(UPDATE, [json.dumps(rows, ensure_ascii=False, allow_nan=False, default=str)])
    wake_worker(clock.next_at for clock in clocks)


def wake_worker(moments: Iterable[dt.datetime | None]) -> None:
    """Tell sleeping workers of the soonest of `moments` when it comes before everything else they wait for."""
    soonest = min((at for at in moments if at is not None), default=None)
    if soonest is not None:
        with connection.cursor() as cursor:
            cursor.execute(WAKE, {"at": soonest.isoformat()})


def _plain(clock: Clock, columns: Iterable[str]) -> dict[str, Any]:
    return {name: _json(getattr(clock, name)) for name in columns}


def _json(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_json(one) for one in value]
    return value


def locked(**conditions: Any) -> list[Clock]:
    """Clocks read under a row lock, soonest due first."""
    return list(Clock.objects.select_for_update(no_key=True).filter(**conditions).order_by("due_at", "id"))
