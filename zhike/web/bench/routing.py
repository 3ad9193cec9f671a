"""A claim with 10,000 waiting and 1,000 agents of whom one has just become free, on a database that is thrown away."""

from __future__ import annotations

from zhike.web.bench.report import Report, Say, figure, percentile
from zhike.web.cli.scratch import scratch_database

WAITING = 10_000
AGENTS = 1_000
SAMPLES = 150
"""Claims a round."""


def bench(rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True) -> Report:
    """`rounds` rounds of claims, each beside the bare statement."""
    report = Report("routing", min(rows, WAITING), rounds)
    with scratch_database("bench_routing"):
        from zhike.conversations.bench import fill, one_round, rush  # Django is set up by now
        from zhike.web.settled import settle

        say(f"{report.rows:,} waiting, {AGENTS:,} agents")
        fill(report.rows, AGENTS)
        settle()  # as the web process that gives out what waits
        found = [one_round(SAMPLES) for _ in range(rounds)]
        hurried = [rush(SAMPLES) for _ in range(rounds)]
    right = all(each[3] for each in found)
    tail, middle = [[percentile(each[0], share) for each in found] for share in (99, 50)]
    bare = [percentile(each[2], 99) for each in found]
    report.figures += [
        figure("claim_p99", "ms", "<= 10", tail, bare, right=right, raw_is="bare claim p99"),
        figure("claim_p50", "ms", "", middle, right=right),
        figure("nobody_free_p99", "ms", "", [percentile(each[1], 99) for each in found], right=right),
        figure(
            "claim_all_free_p99", "ms", "", [percentile(each[0], 99) for each in hurried], right=all(each[1] for each in hurried)
        ),
    ]  # fmt: skip
    return report
