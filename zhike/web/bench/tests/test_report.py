"""The shape of a figure, and when it meets its bar."""

from __future__ import annotations

import pytest

from zhike.web.bench import handbook
from zhike.web.bench.report import Report, figure, meets, percentile


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


def test_on_a_slower_machine_the_share_of_the_bare_figure_counts() -> None:
    """200 of 24,000 were asked for: 120 of 12,000 are more than that, 90 are less."""
    enough = figure("pages", "1/s", ">= 200", [120.0], [12_000.0], raw_of_bar=24_000)
    too_few = figure("pages", "1/s", ">= 200", [90.0], [12_000.0], raw_of_bar=24_000)
    assert (enough.ok, too_few.ok) == (True, False)


def test_without_the_bare_figure_of_the_bar_only_the_bar_counts() -> None:
    assert not figure("pages", "1/s", ">= 200", [199.0], [100.0]).ok


def test_a_wrong_answer_is_no_figure_whatever_the_share() -> None:
    assert not figure("pages", "1/s", ">= 200", [300.0], [10.0], right=False, raw_of_bar=24_000).ok
