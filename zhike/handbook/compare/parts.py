"""The parts of a handbook as plain data by id, so that two versions can be laid side by side.

Defaults are left out, so that writing a default down is no change. References to parameters carry the value in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zhike.handbook.book import Book
from zhike.handbook.common import Model, Scalar

Plain = dict[str, Any]
Parts = dict[str, dict[str, Plain]]
LISTS = ("clauses", "roles", "departments", "calendars", "indicators", "facts", "occasions")
OTHERS = ("zone", "defaults", "scripts", "queues", "groups", "unclaused", "aliases", "names")
"""Keys of a handbook that are told as one thing each."""


def parts_of(book: Book) -> Parts:
    """`{"clauses": {"WARN-05": {...}}, "stages": {"complaint_warning/filing": {...}}, ...}`."""
    handbook = book.handbook
    found: Parts = {
        part: {str(named(one)): plain(one, book.parameters) for one in getattr(handbook, part)} for part in LISTS
    }
    found["parameters"] = {
        one.id: plain(one, {}) | {"value": book.parameters.get(one.id)} for one in handbook.parameters
    }
    found |= _processes(book) | _records(book)
    found["options"] = {
        name: {"choices": [plain(choice, {}) for choice in choices]} for name, choices in handbook.options.items()
    }
    found["others"] = {key: {key: value} for key, value in _others(book)}
    return found


def named(one: Any) -> Any:
    return getattr(one, "id", None) or one.name


def _processes(book: Book) -> Parts:
    processes: dict[str, Plain] = {}
    stages: dict[str, Plain] = {}
    actions: dict[str, Plain] = {}
    for process in book.handbook.processes:
        data = plain(process, book.parameters)
        data.pop("stages", None)
        data.pop("actions", None)
        processes[process.id] = data
        stages |= {f"{process.id}/{stage.id}": plain(stage, book.parameters) for stage in process.stages}
        actions |= {f"{process.id}/{action.id}": plain(action, book.parameters) for action in process.actions}
    return {"processes": processes, "stages": stages, "actions": actions}


def _records(book: Book) -> Parts:
    records: dict[str, Plain] = {}
    fields: dict[str, Plain] = {}
    for record in book.handbook.records:
        data = plain(record, book.parameters)
        data.pop("fields", None)
        records[record.id] = data
        fields |= {f"{record.id}/{field.id}": plain(field, book.parameters) for field in record.fields}
    return {"records": records, "fields": fields}


def _others(book: Book) -> Iterator[tuple[str, Any]]:
    whole = book.handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    yield from ((key, _settled(whole[key], book.parameters)) for key in OTHERS if key in whole)


def plain(one: Model, parameters: Mapping[str, Scalar]) -> Plain:
    """The model as JSON-able data without what was left at its default."""
    data: Plain = _settled(one.model_dump(mode="json", by_alias=True, exclude_defaults=True), parameters)
    return data


def _settled(value: Any, parameters: Mapping[str, Scalar]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"param"}:
            return {"param": value["param"], "value": parameters.get(value["param"])}
        return {key: _settled(one, parameters) for key, one in value.items()}
    return [_settled(one, parameters) for one in value] if isinstance(value, list) else value
