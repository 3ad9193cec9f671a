"""Measures writing facts: one in a transaction by one writer and by eight, and in batches; a plain INSERT beside."""

from __future__ import annotations

import datetime as dt
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event, event

ROUNDS = 3
BATCH = 500
NOON = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)

RAW_TABLE = "CREATE TABLE journal_bench_raw (LIKE journal_fact INCLUDING ALL)"
DROP_RAW_TABLE = "DROP TABLE IF EXISTS journal_bench_raw"
PLAIN = """
INSERT INTO journal_bench_raw (at, type, subject_kind, subject_id, actor, handbook, clauses, payload, audience)
VALUES (%s, 'bench.counted', 'bench', 1, 'system', 'bench', '{BENCH-01}', '{"n": 1}', '{bench:agent,bench:lead@12}')
"""


@event("bench.counted")
@dataclass(frozen=True)
class Counted(Event):
    """What the measurement writes."""

    n: int = 1


FACT = NewFact(Counted(), NOON, ("bench", 1), "system", "bench", ["BENCH-01"], ["bench:agent", "bench:lead@12"])


def ours(size: int) -> None:
    with transaction.atomic():
        record([FACT] * size)


def plain(size: int) -> None:
    """As raw as it gets through the same driver: rows of the same columns and indexes, nobody told."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(PLAIN, [[NOON]] * size)


def bench_record(seconds: float = 6.0) -> list[dict[str, Any]]:
    """Facts a second; `seconds` for each figure. Writes facts of its own into the database."""
    with connection.cursor() as cursor:
        cursor.execute(DROP_RAW_TABLE)
        cursor.execute(RAW_TABLE)
        try:
            return [
                figure("facts_per_second_1_writer", 1, 1, seconds),
                figure("facts_per_second_8_writers", 8, 1, seconds),
                figure("facts_per_second_in_batches", 1, BATCH, seconds),
            ]
        finally:
            cursor.execute(DROP_RAW_TABLE)


def figure(name: str, writers: int, size: int, seconds: float) -> dict[str, Any]:
    each = seconds / ROUNDS / 2
    rounds = [(rate(ours, writers, size, each), rate(plain, writers, size, each)) for _ in range(ROUNDS)]
    value, raw = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {"name": name, "value": round(value, 1), "unit": "1/s", "raw": round(raw, 1), "ratio": round(value / raw, 3)}


def rate(write: Callable[[int], None], writers: int, size: int, seconds: float) -> float:
    counts = [0] * writers
    end = time.perf_counter() + seconds

    def work(writer: int) -> None:
        try:
            while time.perf_counter() < end:
                write(size)
                counts[writer] += size
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(writers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)
