"""Emptying facts whose time of keeping is over, so that the chain can still be verified (docs/decisions/0079).

A fact `journal.redacted`, sealed in its turn like any other, lists for each emptied fact its id, the chain's digest before and after it
as it was, and the digest of what is left of it (stubs.py). The triggers let nothing else through: only the payload of a fact that is
listed, only in a transaction that says so.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event, event
from zhike.journal.models import Redaction, Seal
from zhike.journal.seals import BROKEN, emptied_between, read_range, step, stub_digest
from zhike.journal.stubs import stub_of

SEALS = 20
"""Seals of which facts are emptied in one transaction, at most."""
LISTED = 200
"""Facts one fact tells of, at most."""

# 0x72656461 is "reda" in ASCII.
LOCK = f"SELECT pg_advisory_xact_lock({0x72656461})"
FULL = """
SELECT f.id, f.type, f.subject_kind, f.subject_id, f.payload::text, s.position
FROM journal_fact f LEFT JOIN journal_stream s ON s.fact_id = f.id
WHERE f.subject_kind = %s AND f.subject_id = ANY(%s) AND f.type <> 'journal.redacted'
  AND NOT EXISTS (SELECT FROM journal_redaction r WHERE r.fact_id = f.id)
ORDER BY s.position
"""
EMPTY = """
UPDATE journal_fact SET payload = new.payload
FROM jsonb_to_recordset(%s::jsonb) AS new(id bigint, payload jsonb) WHERE journal_fact.id = new.id
"""
# Of a line of the ledger: what was done, by which clock, who held it. No facts, no reasons, no words.
EMPTY_USES = """
UPDATE journal_clauseuse SET detail = coalesce(
    (SELECT jsonb_object_agg(key, value) FROM jsonb_each(detail) WHERE key = ANY(%s)), '{}')
WHERE subject_kind = %s AND subject_id = ANY(%s)
"""
STAYS_OF_USES = ["action", "audience", "clock", "holders", "viewer"]
ALLOW = "SELECT set_config('zhike.redacting', %s, true)"


@event("journal.redacted")
@dataclass(frozen=True)
class FactsRedacted(Event):
    """Facts about this subject were emptied, as the clause says: [id, digest before, digest after, digest of what is left] each."""

    facts: list[tuple[int, str, str, str]]


class ChainBroken(RuntimeError):
    """A seal does not fit its facts: emptying one of them would hide that."""


@dataclass(frozen=True, slots=True)
class Because:
    """In whose name a subject's facts are emptied."""

    handbook: str
    clause: str
    audience: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Full:
    id: int
    subject: tuple[str, int]
    stub: str
    position: int | None


@contextmanager
def emptying() -> Iterator[None]:
    """Within it, in the caller's transaction, the triggers on what is never changed let words be taken away; nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(ALLOW, ["on"])
        yield
        cursor.execute(ALLOW, ["off"])


def redact_uses(kind: str, ids: Collection[int]) -> None:
    """Take the facts and reasons out of the ledger's lines about these subjects, in the caller's transaction; counts stay as they are."""
    with emptying(), connection.cursor() as cursor:
        cursor.execute(EMPTY_USES, [STAYS_OF_USES, kind, list(ids)])


def redact_facts(kind: str, because: Mapping[int, Because], *, by: str, now: dt.datetime) -> set[int]:
    """Empty the sealed facts about these subjects, those of SEALS seals in one transaction; cut off it is begun again.

    Answers the subjects of which facts wait for their seal. Raises ChainBroken.
    """
    while True:
        left, emptied = _redact_some(kind, because, by=by, now=now)
        if not left or not emptied:
            return left


def _redact_some(kind: str, because: Mapping[int, Because], *, by: str, now: dt.datetime) -> tuple[set[int], int]:
    """(subjects that have more, how many facts were emptied now)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)
        full = list(_full(kind, because))
        seals = _seals_over([one.position for one in full if one.position is not None])
        inside = [one for one in full if any(_covers(seal, one) for seal in seals)]
        entries = [entry for seal in seals for entry in _entries(seal, [one for one in inside if _covers(seal, one)])]
        told = _tell(kind, because, {one.id: one.subject[1] for one in inside}, entries, by=by, now=now)
        Redaction.objects.bulk_create([Redaction(fact_id=fact, told_id=teller) for fact, teller in told.items()])
        with emptying():
            cursor.execute(EMPTY, [json.dumps([{"id": one.id, "payload": json.loads(one.stub)} for one in inside])])
    done = {one.id for one in inside}
    return {one.subject[1] for one in full if one.id not in done}, len(inside)


def _full(kind: str, ids: Collection[int]) -> Iterable[_Full]:
    """Facts that hold something to take away, in the order of the stream."""
    with connection.cursor() as cursor:
        cursor.execute(FULL, [kind, list(ids)])
        rows = cursor.fetchall()
    for number, type_, subject_kind, subject_id, text, position in rows:
        payload = json.loads(text)
        stub = stub_of(type_, payload)
        if stub != payload:
            yield _Full(number, (subject_kind, subject_id), json.dumps(stub), position)


def _seals_over(positions: Sequence[int]) -> list[Seal]:
    """The first SEALS seals that any of these positions stands under."""
    found: list[Seal] = []
    for position in positions:
        if found and found[-1].first <= position <= found[-1].last:
            continue
        seal = Seal.objects.filter(last__gte=position).order_by("last").first()
        if seal is None or len(found) == SEALS:
            break
        found.append(seal)
    return found


def _covers(seal: Seal, one: _Full) -> bool:
    return one.position is not None and seal.first <= one.position <= seal.last


def _entries(seal: Seal, gone: Sequence[_Full]) -> list[tuple[int, str, str, str]]:
    """What is told of the facts `gone` under one seal. Raises ChainBroken."""
    stubs = {one.id: one.stub for one in gone}
    emptied = emptied_between(seal.first - 1, seal.last)
    digest, found = seal.previous, []
    for row in read_range(seal.first - 1, seal.last):
        before, digest = digest, step(digest, row, emptied.get(row[1]))
        if row[1] in stubs:
            found.append((row[1], before, digest, stub_digest(_with_payload(row, stubs[row[1]]))))
    if digest == BROKEN or digest != seal.digest:
        raise ChainBroken(f"The seal over positions {seal.first} to {seal.last} does not fit its facts.")
    return found


def _with_payload(row: Sequence[Any], payload: str) -> list[Any]:
    return [*row[:10], payload, *row[11:]]


def _tell(
    kind: str,
    because: Mapping[int, Because],
    subjects: Mapping[int, int],
    entries: Sequence[tuple[int, str, str, str]],
    *,
    by: str,
    now: dt.datetime,
) -> dict[int, int]:
    """Write the facts that tell of it; {emptied fact: the fact that tells}."""
    parts: list[tuple[int, list[tuple[int, str, str, str]]]] = []
    for number in because:
        mine = [entry for entry in entries if subjects[entry[0]] == number]
        parts += [(number, mine[n : n + LISTED]) for n in range(0, len(mine), LISTED)]
    facts = [
        NewFact(
            FactsRedacted(part), now, (kind, number), by, because[number].handbook, (because[number].clause,),
            because[number].audience,
        )
        for number, part in parts
    ]  # fmt: skip
    told = record(facts)
    return {entry[0]: fact.id for fact, (_, part) in zip(told, parts, strict=True) for entry in part}
