"""The hash chain over the stream. Writers never wait for it: what can no longer grow is sealed afterwards, in batches.

A seal's digest is a fold over its range: digest = sha256(digest before it + canonical JSON of the fact), starting from
the digest of the seal before. Whoever changes, removes or slips in a sealed fact changes every digest after it.
A fact whose words were deleted when their time was over (redactions.py) can no longer be digested. For it the fold goes on
with the digest that a later fact tells, if it came to it with the digest told and the rest of the fact is as told.
Somebody who may rewrite the whole table may rewrite the seals too; so note the head's digest elsewhere from time to
time and ask for it with `zhike journal verify --expect`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from zhike.journal.models import Seal
from zhike.journal.stubs import stub_of

BATCH = 1000
"""Facts under one seal, at most."""
GENESIS = "0" * 64

# 0x7365616c is "seal" in ASCII.
LOCK = f"SELECT pg_advisory_xact_lock({0x7365616C})"

RANGE = """
SELECT s.position, f.id, f.at, f.recorded_at, f.type, f.subject_kind, f.subject_id, f.actor, f.handbook, f.clauses,
       f.payload::text, f.audience
FROM journal_stream s LEFT JOIN journal_fact f ON f.id = s.fact_id
WHERE s.position > %s AND s.position <= %s
ORDER BY s.position
LIMIT %s
"""
NO_END = 2**63 - 1
BROKEN = ""
"""No digest; nothing follows from it that could be one again."""

# One statement is one snapshot: a fact that is being written or given its place meanwhile is in exactly one of the two
# tables.
STRAY = """
SELECT f.id FROM journal_fact f
WHERE NOT EXISTS (SELECT FROM journal_stream s WHERE s.fact_id = f.id)
  AND NOT EXISTS (SELECT FROM journal_pending p WHERE p.fact_id = f.id)
ORDER BY f.id LIMIT 20
"""
# Told by a later fact about the same subject; the table only says where to look.
EMPTIED = """
SELECT gone.id, entry->>1, entry->>2, entry->>3
FROM journal_stream s
JOIN journal_redaction r ON r.fact_id = s.fact_id
JOIN journal_fact gone ON gone.id = r.fact_id
JOIN journal_fact told ON told.id = r.told_id AND told.type = 'journal.redacted' AND told.id > gone.id
    AND told.subject_kind = gone.subject_kind AND told.subject_id = gone.subject_id
CROSS JOIN LATERAL jsonb_array_elements(told.payload->'facts') AS entry
WHERE s.position > %s AND s.position <= %s AND (entry->>0)::bigint = gone.id
"""
AFTER = "SELECT count(*) FROM journal_stream WHERE position > %s"


@dataclass(frozen=True, slots=True)
class Emptied:
    """What is told of an emptied fact: the chain's digest before and after it as it was, and the digest of what is left of it."""

    before: str
    after: str
    stub: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong between two positions of the stream (both included); 0 where there is no position."""

    first: int
    last: int
    message: str
    kind: str = ""
    """"link", "count", "missing", "changed", "stray" or "expected", for whoever says it in his own words."""


@dataclass(slots=True)
class Report:
    """What a walk along the chain found."""

    seals: int = 0
    sealed: int = 0
    """Facts under a seal."""
    unsealed: int = 0
    """Facts in the stream that no seal covers yet."""
    emptied: int = 0
    """Sealed facts whose words were deleted when their time was over."""
    head: str = GENESIS
    """Digest of the newest seal: worth noting elsewhere."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings


def seal_range(limit: int = BATCH) -> Seal | None:
    """Seal the next up to `limit` facts of the stream; None when everything is sealed. Waits for another sealer."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK)
        before = Seal.objects.order_by("-last").first()
        rows = read_range(before.last if before else 0, NO_END, limit)
        if not rows:
            return None
        previous = before.digest if before else GENESIS
        return Seal.objects.create(
            first=rows[0][0], last=rows[-1][0], count=len(rows), previous=previous, digest=fold(previous, rows)
        )


def seal_all() -> int:
    """Seal everything that has a position; answers how many facts."""
    total = 0
    while seal := seal_range():
        total += seal.count
    return total


def read_range(after: int, to: int, limit: int = NO_END) -> list[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(RANGE, [after, to, limit])
        rows: list[Sequence[Any]] = cursor.fetchall()
        return rows


def emptied_between(after: int, to: int) -> dict[int, Emptied]:
    """{fact id: what is told of it} of the emptied facts at these positions; `after` is not included."""
    with connection.cursor() as cursor:
        cursor.execute(EMPTIED, [after, to])
        return {number: Emptied(*told) for number, *told in cursor.fetchall()}


def fold(previous: str, rows: Sequence[Sequence[Any]], emptied: Mapping[int, Emptied] | None = None) -> str:
    """The digest after the rows; one that fits nothing where an emptied fact is not as it is told."""
    digest = previous
    for row in rows:
        digest = step(digest, row, (emptied or {}).get(row[1]))
    return digest


def step(digest: str, row: Sequence[Any], emptied: Emptied | None = None) -> str:
    """The digest after one more fact."""
    if emptied is None:
        return hashlib.sha256(digest.encode() + canonical(row)).hexdigest()
    return emptied.after if emptied.before == digest and is_stub(row, emptied.stub) else BROKEN


def is_stub(row: Sequence[Any], digest: str) -> bool:
    """Whether a fact is what was told to be left of it, and holds nothing that emptying takes away."""
    payload = json.loads(row[10])
    return stub_digest(row) == digest and stub_of(row[4], payload) == payload


def stub_digest(row: Sequence[Any]) -> str:
    return hashlib.sha256(canonical(row)).hexdigest()


def canonical(row: Sequence[Any]) -> bytes:
    """The fact as bytes that any program can make again: sorted keys, UTC moments, no spaces, UTF-8."""
    position, number, at, recorded_at, type_, kind, subject_id, actor, handbook, clauses, payload, audience = row
    fact = {
        "position": position,
        "id": number,
        "at": moment(at),
        "recorded_at": moment(recorded_at),
        "type": type_,
        "subject": [kind, subject_id],
        "actor": actor,
        "handbook": handbook,
        "clauses": clauses,
        "payload": json.loads(payload) if payload else None,
        "audience": audience,
    }
    return json.dumps(fact, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def moment(value: dt.datetime | None) -> str:
    return value.astimezone(dt.UTC).isoformat(timespec="microseconds") if value else ""


def verify_chain(expect: str = "", progress: Callable[[int, int], None] | None = None) -> Report:
    """Walk the whole chain and compute every digest again.

    `expect`: a digest noted earlier that must still be in the chain. `progress` hears of (facts done, facts in all).
    """
    report, expected = Report(), not expect
    before, last, total = GENESIS, 0, count_after(0)
    for seal in Seal.objects.order_by("last").iterator(chunk_size=200):
        emptied = emptied_between(last, seal.last)
        report.findings.extend(check_seal(seal, before, last, emptied))
        report.emptied += len(emptied)
        report.seals, report.sealed = report.seals + 1, report.sealed + seal.count
        before, last = seal.digest, seal.last
        expected = expected or seal.digest == expect
        if progress is not None:
            progress(report.sealed, total)
    report.head = before
    report.unsealed = count_after(last)
    report.findings.extend(strays())
    if not expected:
        report.findings.append(
            Finding(0, last, f"The digest {expect} is not in the chain: seals were removed or made anew.", "expected")
        )
    return report


def check_seal(seal: Seal, before: str, last: int, emptied: Mapping[int, Emptied]) -> Iterator[Finding]:
    rows = read_range(last, seal.last)
    if seal.previous != before:
        yield Finding(
            seal.first,
            seal.last,
            "The seal does not follow the one before it: a seal is missing or was changed.",
            "link",
        )
    elif len(rows) != seal.count or not rows or rows[0][0] != seal.first:
        yield Finding(seal.first, seal.last, f"{len(rows)} facts stand where {seal.count} were sealed.", "count")
    elif any(row[1] is None for row in rows):
        yield Finding(seal.first, seal.last, "A sealed fact is missing.", "missing")
    elif fold(before, rows, emptied) != seal.digest:
        yield Finding(seal.first, seal.last, "A sealed fact was changed.", "changed")


def count_after(position: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(AFTER, [position])
        count: int = cursor.fetchone()[0]
        return count


def strays() -> Iterator[Finding]:
    """Facts that no writer of ours wrote: they stand neither in the stream nor before it."""
    with connection.cursor() as cursor:
        cursor.execute(STRAY)
        numbers = [str(number) for (number,) in cursor.fetchall()]
    if numbers:
        yield Finding(0, 0, f"Facts were slipped in past the journal: ids {', '.join(numbers)}", "stray")
