"""What a browser posts, as the values of a form. Judges nothing; `check_form` does.

Names of inputs: `field` for a simple one, repeated for `multi` and `files`, `field__0__column` for the cells of a
table, `field__from` and `field__to` for a period, `field__absent` and `field__explain` for the words beside a field.
A `bool` is two radio buttons (`true`, `false`): a check box that is not ticked would look like no answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from zhike.handbook.structure import FieldDef, Record

ABSENT = "__absent"
EXPLAIN = "__explain"
MOST_ROWS_READ = 2000


class Posted(Protocol):
    """The part of Django's QueryDict that is used."""

    def getlist(self, key: str) -> list[Any]: ...
    def __iter__(self) -> Iterator[str]: ...
    def __contains__(self, key: object, /) -> bool: ...


def parse_post(record: Record, posted: Posted) -> dict[str, Any]:
    """{field id: what was posted}; only fields of the form, and only those that were posted at all."""
    return _read(record.fields, posted, "", list(posted))


def _read(fields: Iterable[FieldDef], posted: Posted, prefix: str, names: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in fields:
        if field.automatic or field.computed:
            continue
        name = prefix + field.id
        value = _value(field, posted, name, names)
        if value is not None:
            values[field.id] = value
        for end in (ABSENT, EXPLAIN):
            if name + end in posted:
                values[field.id + end] = _last(posted, name + end)
    return values


def _value(field: FieldDef, posted: Posted, name: str, names: list[str]) -> Any:
    """None where the page did not send the field."""
    if field.type in ("rows", "votes"):
        return _rows(field, posted, f"{name}__", names)
    if field.type == "daterange" and f"{name}__from" in posted:
        return {end: _last(posted, f"{name}__{end}") for end in ("from", "to")}
    if name not in posted:
        return None
    return posted.getlist(name) if field.type in ("multi", "files") else _last(posted, name)


def _last(posted: Posted, name: str) -> Any:
    sent = posted.getlist(name)
    return sent[-1] if sent else ""


def _rows(field: FieldDef, posted: Posted, prefix: str, names: list[str]) -> list[dict[str, Any]] | None:
    """By their numbers, which may have gaps where a row was removed on the page."""
    inside = [name for name in names if name.startswith(prefix)]
    numbers = {name[len(prefix) :].partition("__")[0] for name in inside}
    wanted = sorted(int(number) for number in numbers if number.isascii() and number.isdigit() and len(number) <= 4)
    if not wanted:
        return None
    if field.type == "votes":
        return [
            {part: _last(posted, f"{prefix}{n}__{part}") for part in ("by", "vote")} for n in wanted[:MOST_ROWS_READ]
        ]
    return [_read(field.columns, posted, f"{prefix}{number}__", inside) for number in wanted[:MOST_ROWS_READ]]
