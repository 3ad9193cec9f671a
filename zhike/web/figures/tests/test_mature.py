"""A figure whose rows count only after some time: too young is left out on both sides, and said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from zhike.cases.figures import figure
from zhike.web.figures.rows import Shown
from zhike.web.figures.tests.trial import House, lived_in

PAGE = "/figures?handbook=answers&period=month"
CLOSED: dict[str, Any] = {"count": "cases", "mature_after": "7d", "mature_since": "closed_at"}
SOLVED: dict[str, Any] = {
    "kind": "measure", "id": "FIG-01", "name": "solved_for_good", "title": "示例解决率",
    "numerator": {**CLOSED, "where": {"mark.solved": True}}, "denominator": CLOSED,
}  # fmt: skip
WRITTEN: dict[str, Any] = {
    "kind": "measure", "id": "FIG-02", "name": "marks", "title": "示例评分数", "numerator": {"count": "mark", "mature_after": "1d"},
}  # fmt: skip


@pytest.fixture
def house(db: None) -> Iterator[House]:
    with lived_in(House(SOLVED, WRITTEN)) as made:
        yield made


def closed(house: House, points: int) -> None:
    case = house.case()
    house.act(case, "note", points=points, solved=points > 5)
    house.act(case, "close")


def parts(house: House, name: str = "FIG-01") -> tuple[float | None, float | None, int]:
    found = figure(house.book, name, now=house.now)
    return found.numerator, found.denominator, found.waiting


def test_what_ended_a_week_ago_counts_and_what_is_younger_waits(house: House) -> None:
    closed(house, 9)
    house.later(days=3)
    closed(house, 2)
    house.later(days=4, seconds=-1)
    assert parts(house) == (0, 0, 2)
    house.later(seconds=1)
    assert parts(house) == (1, 1, 1)
    house.later(days=3)
    assert parts(house) == (1, 2, 0)


def test_what_has_not_ended_waits_however_old_it_is(house: House) -> None:
    house.case()
    house.later(days=60)
    assert parts(house) == (0, 0, 1)


def test_without_a_fact_of_its_own_a_row_is_as_old_as_the_moment_it_belongs_to(house: House) -> None:
    house.mark("an", 9)
    house.later(hours=23)
    assert parts(house, "FIG-02") == (0, None, 1)
    house.later(hours=1)
    assert parts(house, "FIG-02") == (1, None, 0)


def test_the_page_says_how_many_wait_and_opens_only_what_counts(house: House) -> None:
    closed(house, 9)
    house.later(days=3)
    closed(house, 2)
    house.later(days=4)
    client = house.signed_in("lead")
    page = client.get(PAGE)
    [shown] = [one for one in page.context["figures"] if one.id == "FIG-01"]
    assert isinstance(shown, Shown)
    assert (shown.whole.value, shown.whole.above, shown.whole.below) == ("100.0%", "1", "1")
    assert "另有 1 条未满 7 天，还没有计入。" in page.content.decode()
    assert len(client.get(shown.whole.below_url).context["rows"]) == 1


def test_cases_are_counted_by_their_stage_and_status(db: None) -> None:
    done = {
        "kind": "measure",
        "id": "FIG-03",
        "name": "done",
        "numerator": {"count": "cases", "where": {"stage": "over"}},
    }
    house = House(done)
    closed(house, 9)
    house.case()
    assert parts(house, "FIG-03") == (1, None, 0)
