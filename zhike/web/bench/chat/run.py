"""`zhike bench chat`: what rate holds the bar, and what a message costs at each."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from zhike.web.bench.driver import web
from zhike.web.bench.report import Figure, Report, Say, load, percentile
from zhike.web.cli.scratch import scratch_database

VISITORS = 2000
AGENTS = 100
RATES = (100, 250, 500)
"""Messages a second; the last is the bar's."""
BAR = 30.0
"""Milliseconds."""
KIB = 40.0
SAMPLES = 300
LONG, LONG_WITH_LIMITS = 60.0, 20.0
"""Seconds at the rate of the bar."""


def bench(
    rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True, rate: int = 0
) -> Report:
    """One process with 2,000 visitors' and 100 agents' streams; twice `seconds` at each lower rate, a minute at the highest.

    `rate`: that one alone, for twice `seconds`.
    """
    report = Report("chat", VISITORS + AGENTS, 1)
    rates = (rate,) if rate else RATES
    with commit_times(), scratch_database("bench_chat") as database:
        from zhike.web.bench.chat.ground import LIMITED, PLAIN  # Django is set up by now

        for name in (PLAIN, LIMITED):
            say(f"{VISITORS:,} visitors, {AGENTS} agents" + (", a limit for every question" if name == LIMITED else ""))
            report.figures += measured(name, database, rates, seconds * 2, say)
            report.load.append(load())
    return report


def measured(name: str, database: str, rates: Sequence[int], seconds: float, say: Say) -> list[Figure]:
    """The figures of one department: at each rate, as long as the process keeps up."""
    from zhike.web.bench.chat.ground import PLAIN, lay
    from zhike.web.bench.chat.stages import stages

    ground, bare = lay(name, VISITORS, AGENTS), bare_notify(database)
    longest = LONG if name == PLAIN else LONG_WITH_LIMITS
    with web(database, "--workers", "1") as (port, pid):
        told = asyncio.run(
            stages(name, ground, port, pid, [(rate, longest if rate == RATES[-1] else seconds) for rate in rates], say)
        )
    tag = "" if name == PLAIN else "limited_"
    figures = [Figure(f"{tag}memory_per_connection", told.kib, "KiB", None, f"<= {KIB:g}")]
    held = max((each.rate for each in told.stages if each.holds(BAR)), default=0)
    figures.append(Figure(f"{tag}rate_held", held, "1/s", None, ">= 500"))
    figures.append(Figure(f"{tag}differences", told.differences, "", None, "<= 0", right=told.differences == 0))
    for each in told.stages:
        bar = f"<= {BAR:g}" if each.rate == RATES[-1] else ""
        named = f"{tag}at_{each.rate}_"
        figures += [
            Figure(
                f"{named}arrival_p99", each.arrival(99), "ms", bare, bar, right=each.right, raw_is="bare NOTIFY p99"
            ),
            Figure(f"{named}arrival_p50", each.arrival(50), "ms", None, ""),
            Figure(f"{named}way_p99", percentile(each.delays["way"], 99), "ms", None, ""),
            Figure(f"{named}answer_p99", percentile(each.delays["answer"], 99), "ms", None, ""),
            Figure(f"{named}sent", each.per_second, "1/s", None, ""),
            Figure(f"{named}server_busy", each.busy, "s/s", None, ""),
            Figure(f"{named}machine_busy", each.machine, "s/s", None, ""),
        ]
    return figures


def bare_notify(database: str) -> float:
    """Milliseconds, p99, from a NOTIFY to who listens, with nothing else going on."""
    waits = []
    with psycopg.connect(database, autocommit=True) as hears, psycopg.connect(database, autocommit=True) as says:
        hears.execute("LISTEN bench_bare")
        for _ in range(SAMPLES):
            began = time.perf_counter()
            says.execute("NOTIFY bench_bare")
            next(hears.notifies(timeout=5))
            waits.append((time.perf_counter() - began) * 1000)
    return percentile(waits, 99)


@contextmanager
def commit_times() -> Iterator[None]:
    """An embedded server that is started for the measurement keeps the time of each commit."""
    before = os.environ.get("ZHIKE_POSTGRES")
    os.environ["ZHIKE_POSTGRES"] = f"{before or ''} track_commit_timestamp=on".strip()
    try:
        yield
    finally:
        os.environ.pop("ZHIKE_POSTGRES")
        if before is not None:
            os.environ["ZHIKE_POSTGRES"] = before
