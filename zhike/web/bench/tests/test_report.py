"""The shape of a figure, and when it meets its bar."""

from __future__ import annotations

import pytest

from zhike.web.bench import handbook
from zhike.web.bench.report import Report, figure, meets, percentile, slower_than


@pytest.mark.parametrize(
    ("value", "bar", "met"),
    [
        (300, ">= 300", True),
        (299.9, ">= 300", False),
        (60, "<= 60", True),
        (60.1, "<= 60", False),
        (50, "< 50", False),
        (7, "", True),
    ],
)
def test_a_figure_meets_its_bar_or_not(value: float, bar: str, met: bool) -> None:
    assert meets(value, bar) is met


def test_a_wrong_answer_is_a_failure_however_fast() -> None:
    assert not figure("create_per_second", "1/s", ">= 300", [500.0], right=False).ok


def test_the_best_round_counts_and_the_raw_one_stands_beside_it() -> None:
    made = figure("create_per_second", "1/s", ">= 300", [250.0, 312.0], [5000.0, 5200.0]).as_json()
    assert (made["value"], made["raw"], made["ratio"], made["ok"]) == (312.0, 5200.0, 0.06, True)


def test_a_percentile_is_a_value_that_occurred() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == 3.0
    assert percentile([], 99) == 0.0


def test_a_report_says_bench_rows_rounds_and_figures() -> None:
    report = handbook.bench(0, 1, 0.1, lambda _: None)
    assert isinstance(report, Report)
    printed = report.as_json()
    assert (printed["bench"], printed["rounds"]) == ("handbook", 1)
    assert [f["name"] for f in printed["figures"]] == ["decide", "judge", "load_and_check"]


def test_on_a_slower_machine_rates_and_waits_are_read_in_proportion() -> None:
    """Bare, it does 12,000 of 24,000: 120 of 200 a second and 190 of 100 ms are enough there, 90 and 210 are not."""
    half = slower_than(24_000, [9_000, 12_000])
    assert half == 2.0
    rates = [figure("pages", "1/s", ">= 200", [value], [12_000.0], slower=half).ok for value in (120.0, 90.0)]
    waits = [figure("wait", "ms", "<= 100", [value], slower=half).ok for value in (190.0, 210.0)]
    assert (rates, waits) == ([True, False], [True, False])


def test_a_quicker_machine_has_the_same_bar() -> None:
    assert slower_than(24_000, [48_000]) == 1.0


def test_a_wrong_answer_is_no_figure_on_whatever_machine() -> None:
    assert not figure("pages", "1/s", ">= 200", [300.0], [10.0], right=False, slower=9.0).ok
