"""What is left of a fact when it is emptied: which action, which clause, who and when; no words, nothing somebody filled in.

Numbers, moments, yes and no stay. Of text, lists and mappings only what the event names in `stays`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

from zhike.journal.events import UnknownEvent, event_class


def stub_of(type_: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of a fact of this type without its words. Emptying what is empty already changes nothing."""
    whole, parts, moments = _rule(type_)
    return {
        name: value if name in whole or name in moments else _emptied(value, parts.get(name, ()))
        for name, value in payload.items()
    }


def _emptied(value: Any, keys: Collection[str]) -> Any:
    if isinstance(value, str):
        return ""
    if isinstance(value, Mapping):
        return {key: one for key, one in value.items() if key in keys}
    if isinstance(value, list):
        numbers = [one for one in value if isinstance(one, int | float)]
        rows = [{key: one for key, one in row.items() if key in keys} for row in value if isinstance(row, Mapping)]
        return numbers + [row for row in rows if row]
    return value


@cache
def _rule(type_: str) -> tuple[frozenset[str], dict[str, tuple[str, ...]], frozenset[str]]:
    """(fields that stay whole, keys that stay of the entries of a field, fields that are moments); nothing of an event nobody knows."""
    try:
        cls = event_class(type_)
    except UnknownEvent:
        return frozenset(), {}, frozenset()
    named = [one.partition(".") for one in cls.stays]
    parts = {name: tuple(key for other, _, key in named if other == name) for name, _, key in named if key}
    moments = frozenset(
        name for name, hint in get_type_hints(cls).items() if {hint, *get_args(hint)} & {dt.datetime, dt.date}
    )
    return frozenset(name for name, _, key in named if not key), parts, moments
