"""Reading what a provider pushes: JSON of a stranger, bounded, nothing believed of its types."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from zhike.channels.sms.gateways import Unreadable
from zhike.lib.text import clean_text

MOST_ROWS = 1000
LONGEST_NUMBER = 18


def rows_of(body: bytes) -> list[dict[str, Any]]:
    """An array of objects; one object is an array of one. Raises Unreadable."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("no JSON")
    rows = [found] if isinstance(found, dict) else found
    if not isinstance(rows, list) or len(rows) > MOST_ROWS or not all(isinstance(row, dict) for row in rows):
        raise Unreadable("no array of objects")
    return rows


Read = TypeVar("Read")


def readable(body: bytes, read: Callable[[Mapping[str, Any]], Read]) -> list[Read]:
    """Each row as `read` makes it out, without those nobody can read: one that is wrong takes none of the others with it.

    Raises Unreadable where not one of them can be read.
    """
    found, wrong = list[Read](), Unreadable("no rows")
    rows = rows_of(body)
    for row in rows:
        try:
            found.append(read(row))
        except Unreadable as unreadable:
            wrong = unreadable
    if rows and not found:
        raise wrong
    return found


def text(row: Mapping[str, Any], name: str, most: int = 200) -> str:
    """A value as clean text, "" for what is neither text nor number."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    if isinstance(value, int) and abs(value) >= 10**LONGEST_NUMBER * 10:
        return ""
    return clean_text(str(value)).strip()[:most]


def flag(row: Mapping[str, Any], name: str) -> bool:
    value = row.get(name)
    return value is True or (isinstance(value, str) and value.lower() == "true")


def number_or_none(value: object) -> int | None:
    """A whole number, also one written as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value < 10**9 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return None
