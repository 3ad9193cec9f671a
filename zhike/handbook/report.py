"""What the commands print about a handbook, as plain data."""

from __future__ import annotations

from typing import Any

from zhike.handbook.book import Book
from zhike.handbook.load import Loaded


def check_report(loaded: Loaded) -> dict[str, Any]:
    """`{"ok": true, "clauses": 28, "kinds": {"deadline": 9, ...}, "errors": []}`, with `warnings` beside."""
    return {
        "ok": not loaded.errors and loaded.book is not None,
        "clauses": sum(loaded.kinds.values()),
        "kinds": loaded.kinds,
        "errors": [problem.as_json() for problem in loaded.errors],
        "warnings": [problem.as_json() for problem in loaded.warnings],
    }


def show_report(book: Book) -> dict[str, Any]:
    """`{"name", "version", "clauses": [{"id", "kind", "cites", "quote"}], "records", "processes", "roles"}`."""
    handbook = book.handbook
    return {
        "name": handbook.name,
        "title": handbook.title.model_dump(),
        "version": handbook.version,
        "effective": handbook.effective.isoformat(),
        "clauses": [
            {
                "id": clause.id,
                "kind": clause.kind,
                "title": clause.title.model_dump(),
                "cites": clause.cites,
                "quote": clause.quote,
                "derived": clause.derived,
                **({"part_of": clause.part_of} if clause.part_of else {}),
            }
            for clause in handbook.clauses
        ],
        "records": [
            {
                "id": record.id,
                "title": record.title.model_dump(),
                "kind": record.kind,
                "fields": [
                    {"id": field.id, "title": field.title.model_dump(), "type": field.type} for field in record.fields
                ],
            }
            for record in handbook.records
        ],
        "processes": [
            {
                "id": process.id,
                "title": process.title.model_dump(),
                "stages": [stage.id for stage in process.stages],
                "actions": [action.id for action in process.actions],
            }
            for process in handbook.processes
        ],
        "roles": [{"id": role.id, "title": role.title.model_dump(), "at": role.at} for role in handbook.roles],
    }
