"""Writing facts. Everything that happens in the house passes through `record()`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from pydantic_core import to_json

from zhike.journal.events import Event, Recorded, to_payload
from zhike.journal.ledger import WRITE, Use, lines_of, write_uses
from zhike.journal.reactions import react
from zhike.journal.wake import wake

FACTS_CHANNEL = "journal"
"""Notified when facts were committed."""

# One statement writes the facts and notes them as not yet in the stream. The sort makes the ids follow the order of the
# batch: nextval() is evaluated above it.
RECORD = """
WITH written AS (
    INSERT INTO journal_fact (at, type, subject_kind, subject_id, actor, handbook, clauses, payload, audience)
    SELECT at, type, subject_kind, subject_id, actor, handbook, clauses, payload, audience
    FROM jsonb_to_recordset(%s::jsonb) AS new(
        n int, at timestamptz, type text, subject_kind text, subject_id bigint, actor text, handbook text,
        clauses text[], payload jsonb, audience text[])
    ORDER BY n
    RETURNING id
), waiting AS (
    INSERT INTO journal_pending (fact_id) SELECT id FROM written
)
SELECT array_agg(id ORDER BY id) FROM written
"""
RECORD_WITH_USES = RECORD.replace("WITH written", f"WITH used AS ({WRITE}), written")
"""The same with lines of the clause ledger: %s are the lines, then the facts."""


class OutsideTransaction(RuntimeError):
    """A fact must be written together with what it tells of, or not at all."""


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact to write: `at` is the product's time, `subject` ("case", 7), `actor` and `audience` are principals."""

    event: Event
    at: dt.datetime
    subject: tuple[str, int]
    actor: str
    handbook: str = ""
    clauses: Sequence[str] = ()
    audience: Sequence[str] = ()


def record(facts: Sequence[NewFact], uses: Sequence[Use] = ()) -> list[Recorded[Any]]:
    """Write facts in the caller's transaction and run the reactions to them; answers with the facts in the order given.

    `uses` are lines of the clause ledger that belong to them, written by the same statement. Ids follow the order of `facts`.
    Raises OutsideTransaction when no transaction is open.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(
            "record() was called outside a transaction: wrap the whole deed in transaction.atomic()"
        )
    if not facts:
        write_uses(uses)
        return []
    rows = [row_of(n, fact) for n, fact in enumerate(facts)]
    with connection.cursor() as cursor:
        if uses:
            cursor.execute(RECORD_WITH_USES, [lines_of(uses), to_json(rows).decode()])
        else:
            cursor.execute(RECORD, [to_json(rows).decode()])
        (ids,) = cursor.fetchone()
    wake(FACTS_CHANNEL)
    recorded = [recorded_of(number, fact) for number, fact in zip(ids, facts, strict=True)]
    react(recorded)
    return recorded


def row_of(n: int, fact: NewFact) -> dict[str, Any]:
    if fact.at.tzinfo is None:
        raise ValueError(f"{fact.event.event_type}: `at` must be an aware datetime, not {fact.at!r}")
    return {
        "n": n,
        "at": fact.at.isoformat(),
        "type": fact.event.event_type,
        "subject_kind": fact.subject[0],
        "subject_id": fact.subject[1],
        "actor": fact.actor,
        "handbook": fact.handbook,
        "clauses": list(fact.clauses),
        "payload": to_payload(fact.event),
        "audience": list(fact.audience),
    }


def recorded_of(number: int, fact: NewFact) -> Recorded[Event]:
    return Recorded(
        id=number,
        at=fact.at,
        subject=fact.subject,
        actor=fact.actor,
        payload=fact.event,
        handbook=fact.handbook,
        clauses=tuple(fact.clauses),
        audience=tuple(fact.audience),
    )
