"""Clocks fired in batches with the rules applied, and how late an idle worker is."""

from __future__ import annotations

from zhike.web.bench.report import Figure, Report, Say
from zhike.web.cli.scratch import scratch_database

MOST = 50_000
"""Clocks a measurement: more only makes it longer."""
SAMPLES = 100


def bench(rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True) -> Report:
    """`rounds` interleaved rounds on a database that is thrown away."""
    count = min(rows, MOST)
    report = Report("clocks", count, rounds)
    with scratch_database("bench_clocks"):
        from zhike.clocks.bench import bench_clocks  # Django is set up by now

        say(f"firing {count:,} clocks a measurement")
        for each in bench_clocks(count, rounds, samples=SAMPLES):
            report.figures.append(Figure(each.name, each.value, each.unit, each.raw, each.bar, right=True))
    return report
