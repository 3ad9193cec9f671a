"""Every house rule refuses its bad line and accepts its good one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from house_rules import RULES, Rule, Source, complaints  # noqa: E402


def by_name(name: str) -> Rule:
    return next(rule for rule in RULES if rule.name == name)


def judged(rule: Rule, line: str) -> list[int]:
    """The broken lines of an example; the rule about module names has paths for examples."""
    if rule.name == "no-nowhere-modules":
        return rule.broken_lines(Source(line, ""))
    return rule.broken_lines(Source(rule.where, line))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_bad_line_is_refused(rule: Rule) -> None:
    assert judged(rule, rule.bad) != []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_good_line_is_accepted(rule: Rule) -> None:
    assert judged(rule, rule.good) == []


def test_names_are_unique() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))


def test_a_reason_excuses_a_line() -> None:
    line = "started = time.time()  # house-rule: clock, the kernel wants wall time"
    assert by_name("clock").broken_lines(Source("zhike/cases/actions.py", line)) == []


def test_an_excuse_without_a_reason_is_none() -> None:
    line = "started = time.time()  # house-rule: clock"
    assert by_name("clock").broken_lines(Source("zhike/cases/actions.py", line)) == [1]


def test_the_clock_module_may_read_the_clock() -> None:
    assert by_name("clock").broken_lines(Source("zhike/lib/clock.py", "return datetime.now(UTC)")) == []


@pytest.mark.parametrize(
    "line",
    [
        "datetime.now()",
        "dt.datetime.now(dt.UTC)",
        "timezone.now()",
        "time.time()",
        "date.today()",
        "f(default=timezone.now)",
    ],
)
def test_every_way_to_read_the_machines_clock_is_known(line: str) -> None:
    assert by_name("clock").broken_lines(Source("zhike/org/models.py", line)) == [1]


def test_a_view_may_read_the_clock_and_an_action_may_not() -> None:
    rule = by_name("time-is-an-argument")
    assert rule.broken_lines(Source("zhike/web/desk/views.py", "now = clock.now()")) == []
    assert rule.broken_lines(Source("zhike/clocks/actions.py", "now = clock.now()")) == [1]


def test_a_new_row_may_be_saved_whole() -> None:
    assert (
        by_name("save-what-changed").broken_lines(Source("zhike/org/actions.py", "staff.save(force_insert=True)")) == []
    )


def test_a_picture_may_be_saved_to_a_file() -> None:
    assert (
        by_name("save-what-changed").broken_lines(Source("zhike/records/actions.py", "image.save(target, 'PNG')")) == []
    )


@pytest.mark.parametrize("path", ["/work" + "/main/x", "/home" + "/ann/x", "https://registry." + "npmjs.org/htmx.org"])
def test_machine_names_are_found_in_any_file(path: str) -> None:
    assert by_name("no-machine-names").broken_lines(Source("package-lock.json", path)) == [1]


def test_broken_python_is_reported_with_its_place() -> None:
    assert next(complaints("zhike/cases/actions.py", "def f(:\n")).startswith(
        "zhike/cases/actions.py:1: not valid Python"
    )
