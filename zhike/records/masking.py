"""What pages hide is hidden in their forms too: a kept value goes out masked, and a mask that comes back means the kept value.

Whoever changes such a field types the whole new value; whoever leaves it alone changes nothing and has seen nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zhike.handbook.structure import FieldDef
from zhike.records.display import is_masked, mask


def masked_as(fields: Iterable[FieldDef], elsewhere: Iterable[FieldDef]) -> list[FieldDef]:
    """`fields`, those hidden that carry the name of a field hidden in a form the values come from."""
    hidden = {field.id for field in elsewhere if is_masked(field)}
    return [field.model_copy(update={"sensitive": True}) if field.id in hidden else field for field in fields]


def masked(fields: Iterable[FieldDef], kept: Mapping[str, Any]) -> dict[str, Any]:
    """{field: kept value, masked where pages mask it, in tables as well}; fields that are not in the form stay as they are."""
    known = {field.id: field for field in fields}
    return {name: _masked(known[name], value) if name in known else value for name, value in kept.items()}


def _masked(field: FieldDef, value: Any) -> Any:
    if field.type == "rows" and isinstance(value, Sequence) and not isinstance(value, str):
        return [masked(field.columns, row) if isinstance(row, Mapping) else row for row in value]
    return mask(field, value) if is_masked(field) and value not in (None, "", [], {}) else value


def restored(fields: Iterable[FieldDef], posted: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """{field: what was posted, the kept value where its own mask came back}. A mask of nothing kept stays, and is judged as typed."""
    known = {field.id: field for field in fields}
    return {
        name: _restored(known[name], value, kept.get(name)) if name in known else value
        for name, value in posted.items()
    }


def renewed(fields: Iterable[FieldDef], posted: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """{field: what was posted, in place of any mask the mask of what is kept}: for a page that was drawn before the value changed."""
    hidden = {field.id: field for field in fields if is_masked(field)}
    return {
        name: _masked(hidden[name], kept[name]) if name in hidden and name in kept and _looks_masked(value) else value
        for name, value in posted.items()
    }


def _looks_masked(value: Any) -> bool:
    return isinstance(value, str) and "***" in value


def _restored(field: FieldDef, value: Any, kept: Any) -> Any:
    if field.type == "rows" and isinstance(value, list) and isinstance(kept, list):
        return [_row(field, number, row, kept) for number, row in enumerate(value)]
    return kept if _is_mask_of(field, value, kept) else value


def _is_mask_of(field: FieldDef, value: Any, kept: Any) -> bool:
    return is_masked(field) and kept not in (None, "", [], {}) and value == mask(field, kept)


def _row(field: FieldDef, number: int, row: Any, kept: Sequence[Any]) -> Any:
    """A line of a table: cells are those of the kept line at its place, or, where lines were taken out, of the only line they fit."""
    if not isinstance(row, Mapping):
        return row
    candidates = [line for line in kept if isinstance(line, Mapping) and _fits(field, row, line)]
    at_its_place = kept[number] if number < len(kept) else None
    line = at_its_place if at_its_place in candidates else candidates[0] if len(candidates) == 1 else {}
    return restored(field.columns, row, line)


def _fits(field: FieldDef, row: Mapping[str, Any], line: Mapping[str, Any]) -> bool:
    """Whether every masked cell of the posted line is the mask of the kept one."""
    cells = [(column, row[column.id], line.get(column.id)) for column in field.columns if column.id in row]
    shown = [each for each in cells if is_masked(each[0]) and _looks_masked(each[1])]
    return all(_is_mask_of(*each) for each in shown)
