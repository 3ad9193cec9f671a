"""What was answered for against what is stored and what was heard. Every difference counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import connection

from zhike.web.bench.chat.load import Load, Sent

STORED = """
SELECT c.number, m.seq, m.key, m.side, {commit}
FROM conversations_message m JOIN conversations_conversation c ON c.id = m.conversation_id WHERE c.handbook = %s ORDER BY m.id
"""
COMMIT = "extract(epoch FROM pg_xact_commit_timestamp(m.xmin))::float8"


@dataclass(frozen=True, slots=True)
class Stored:
    number: str
    seq: int
    key: str
    side: str
    committed: float | None
    """Seconds of the wall; None where the server keeps no such times."""


@dataclass(frozen=True, slots=True)
class Differences:
    refused: int
    """Answered with anything but a yes."""
    lost: int
    """Answered for and not stored, or stored and not heard at the other end."""
    doubled: int
    reordered: int
    """Stored in another order than one sender sent them, or heard in another than they are stored."""

    @property
    def count(self) -> int:
        return self.refused + self.lost + self.doubled + self.reordered


def stored(name: str) -> list[Stored]:
    """Every message there is under that handbook."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW track_commit_timestamp")
        keeps = cursor.fetchone()[0] == "on"
        cursor.execute(STORED.format(commit=COMMIT if keeps else "NULL::float8"), [name])
        return [Stored(*row) for row in cursor.fetchall()]


def compare(load: Load, sent: list[Sent], kept: list[Stored]) -> Differences:
    """The whole run against the ledger of the load."""
    by_key = {row.key: row for row in kept}
    well = [one for one in sent if one.status in (200, 201)]
    missing = sum(one.key not in by_key for one in well)
    unheard = sum(not _heard_at(load, row) for row in kept)
    again = (
        len(kept) - len(by_key) + sum(count - 1 for count in Counter((row.number, row.seq) for row in kept).values())
    )
    wrong = sum(heard.wrong for heard in (*load.visitors, *load.agents))
    return Differences(len(sent) - len(well), missing + unheard, again, wrong + _out_of_order(well, by_key))


def _out_of_order(sent: list[Sent], by_key: dict[str, Stored]) -> int:
    last: dict[tuple[int, str], int] = {}
    wrong = 0
    for one in sent:
        row = by_key.get(one.key)
        if row is not None:
            wrong += row.seq <= last.get((one.talk, one.side), 0)
            last[one.talk, one.side] = row.seq
    return wrong


def _heard_at(load: Load, row: Stored) -> float:
    """When the other end heard of it; 0 when it never did. Conversations of the load are numbered by their place."""
    n = int(row.number.rpartition("-")[2])
    heard = load.agents[load.ground.talks[n].agent] if row.side == "customer" else load.visitors[n]
    return heard.at.get((row.number.encode(), row.seq), 0.0)


def delays(load: Load, sent: list[Sent], kept: list[Stored]) -> dict[str, list[float]]:
    """Milliseconds of each message: `arrival` from the commit (where known) to the other end, `way` from its leaving to the other end,
    `answer` to the answer its sender got."""
    by_key: dict[str, Any] = {row.key: row for row in kept}
    found: dict[str, list[float]] = {"arrival": [], "way": [], "answer": []}
    for one in sent:
        row = by_key.get(one.key)
        heard = _heard_at(load, row) if row is not None else 0.0
        if row is not None and heard:
            found["way"].append((heard - one.at) * 1000)
            found["answer"].append((one.answered - one.at) * 1000)
            if row.committed is not None:
                found["arrival"].append((heard - row.committed) * 1000)
    return found
