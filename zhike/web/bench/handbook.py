"""Deciding, and reading and checking a handbook. No database."""

from __future__ import annotations

import time

from zhike.handbook import library
from zhike.handbook.bench import measure_decide
from zhike.handbook.load import load
from zhike.web.bench.report import Report, Say, figure
from zhike.web.bench.report import load as busy
from zhike.web.cli import environment


def bench(rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True) -> Report:
    """Microseconds of one decision and one judgement over every route and gate, milliseconds to read and check the files."""
    folder = library.find(environment.handbook())
    report = Report("handbook", 0, rounds)
    decides: list[float] = []
    judges: list[float] = []
    loads: list[float] = []
    for number in range(rounds):
        began = time.perf_counter()
        book = load(folder)
        loads.append((time.perf_counter() - began) * 1000)
        measured = measure_decide(book)
        decides.append(float(measured["decide_us"]))
        judges.append(float(measured["judge_us"]))
        report.load.append(busy())
        say(
            f"round {number + 1}: decide {decides[-1]:.1f} us, judge {judges[-1]:.1f} us, load and check {loads[-1]:.0f} ms"
        )
    report.figures += [
        figure("decide", "us", "< 50", decides),
        figure("judge", "us", "< 50", judges),
        figure("load_and_check", "ms", "", loads),
    ]
    return report
