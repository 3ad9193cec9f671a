"""The live feed: deliveries to many clients at once, beside a bare server that sends the same bytes."""

from __future__ import annotations

from zhike.web.bench.report import Figure, Report, Say
from zhike.web.cli.scratch import scratch_database

CLIENTS = 2000


def bench(rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True) -> Report:
    """2,000 signed-in clients of one process; `seconds` a measurement. An event told twice or not at all makes the figures wrong."""
    report = Report("live", CLIENTS, rounds)
    with scratch_database("bench_live"):
        from zhike.web.live.bench import bench_live  # Django is set up by now

        say(f"{CLIENTS} clients")
        for each in bench_live(CLIENTS, int(max(seconds, 2) * 2)):
            report.figures.append(Figure(each["name"], each["value"], each["unit"], each["raw"], each["bar"]))
    return report
