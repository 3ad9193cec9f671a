"""The rows of conversations that were read to be changed: only what was changed is written, of several with one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection
from pydantic_core import to_json

from zhike.conversations.models import Conversation

FIELDS = tuple(field.attname for field in Conversation._meta.concrete_fields if not field.primary_key)
REMEMBERED = "_as_stored"
"""Under which a row keeps what it held when it was read or written."""


def remember(row: Conversation) -> None:
    """From here on what differs is what was changed."""
    values = row.__dict__
    kept = {name: values[name] for name in FIELDS}
    values[REMEMBERED] = {
        name: value.copy() if isinstance(value, list | dict) else value for name, value in kept.items()
    }


def as_stored(row: Conversation) -> dict[str, Any]:
    """What it held when it was read or last written; nothing of a row that was made and not read."""
    return row.__dict__.get(REMEMBERED) or {}


def save_changed(rows: Sequence[Conversation]) -> None:
    """Write what changed of these rows, each of another conversation. A row that nobody remembered is written whole."""
    changed = {name for row in rows for name in _changed(row)}
    names = tuple(name for name in FIELDS if name in changed)
    if not names:
        return
    values = [{"id": row.pk, **{name: getattr(row, name) for name in names}} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(_update(names), [to_json(values).decode()])
    for row in rows:
        remember(row)


def _changed(row: Conversation) -> Sequence[str]:
    before = as_stored(row)
    if not before:
        return FIELDS
    return [name for name in FIELDS if getattr(row, name) != before[name]]


@cache
def _update(names: tuple[str, ...]) -> str:
    fields = {field.attname: field for field in Conversation._meta.concrete_fields}
    columns = [(connection.ops.quote_name(str(fields[name].column)), fields[name], name) for name in names]
    typed = ", ".join(f'"{name}" {field.db_type(connection)}' for _, field, name in columns)
    values = ", ".join(f'{column} = new."{name}"' for column, _, name in columns)
    return f"""
    UPDATE conversations_conversation AS held SET {values}
    FROM jsonb_to_recordset(%s::jsonb) AS new(id bigint, {typed}) WHERE held.id = new.id
    """  # noqa: S608 - only names of our own model
