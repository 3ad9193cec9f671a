"""The body of a delivery, version 1. Made once, when the delivery is written: every attempt and replay sends the same bytes."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from zhike.journal.stream import Row
from zhike.webhooks.kinds import KINDS, PING, VERSION


@dataclass(frozen=True, slots=True)
class CaseNow:
    """The case a fact is about, as it stands when the delivery is written. `department`: id of the responsible one."""

    number: str
    handbook: str
    process: str
    stage: str
    status: str
    department: int | None


def body_of(public_id: uuid.UUID, row: Row, case: CaseNow | None) -> str:
    """What is told of a fact."""
    data = {name: row.payload[name] for name in KINDS[row.type].fields if name in row.payload}
    return _text(
        {
            "version": VERSION,
            "id": str(public_id),
            "kind": row.type,
            "at": row.at.isoformat(),
            "position": row.position,
            "subject": f"{row.subject_kind}:{row.subject_id}",
            "handbook": row.handbook,
            "clauses": list(row.clauses),
            "case": asdict(case) if case else None,
            "data": data,
        }
    )


def ping_body(public_id: uuid.UUID, at: dt.datetime) -> str:
    """A test: no fact stands behind it."""
    empty: dict[str, Any] = {"position": None, "subject": "", "handbook": "", "clauses": [], "case": None, "data": {}}
    return _text({"version": VERSION, "id": str(public_id), "kind": PING, "at": at.isoformat(), **empty})


def _text(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
