"""A figure made of others has its own line: what it comes to, for each group, and what every part of it came to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from zhike.web.figures.tests.trial import House, lived_in

POINTS: dict[str, Any] = {
    "kind": "measure", "id": "CM-01", "name": "points",
    "title": {"zh": "示例平均分", "en": "Sample mean"}, "value": {"mean": "points", "of": "mark"},
}  # fmt: skip
SOLVED: dict[str, Any] = {
    "kind": "measure", "id": "CM-02", "name": "solved", "title": {"zh": "示例解决率", "en": "Sample share"},
    "numerator": {"count": "mark", "where": {"solved": True}}, "denominator": {"count": "mark"},
}  # fmt: skip
SCORE: dict[str, Any] = {
    "kind": "measure", "id": "CM-03", "name": "score", "title": {"zh": "示例总分", "en": "Sample score"}, "target": ">= 5",
    "composite": {"of": [{"measure": "points", "weight": 75}, {"measure": "solved", "weight": 25}]},
}  # fmt: skip
PAGE = "/figures?handbook=answers&period=month&by=person"


@pytest.fixture
def house(db: None) -> Iterator[House]:
    with lived_in(House(POINTS, SOLVED, SCORE)) as made:
        yield made


def lines(house: House) -> list[tuple[str, str, list[tuple[str, str]], str]]:
    page = house.signed_in("lead").get(PAGE)
    figure = next(one for one in page.context["figures"] if one.id == "CM-03")
    return [(each.label, each.value, each.parts, each.state) for each in (figure.whole, *figure.groups)]


def test_it_is_the_weighted_mean_of_its_parts_for_all_and_for_each(house: House) -> None:
    house.mark("an", 8, 6)
    house.mark("bo", 1)
    assert lines(house) == [
        # (8 + 6 + 1) / 3 = 5 at 75, two of three solved at 25: 3.75 + 0.1667
        ("合计", "3.92", [("示例平均分 占 75", "5"), ("示例解决率 占 25", "66.7%")], "broken"),
        ("示例an", "5.5", [("示例平均分 占 75", "7"), ("示例解决率 占 25", "100.0%")], "kept"),
        ("示例bo", "0.75", [("示例平均分 占 75", "1"), ("示例解决率 占 25", "0.0%")], "broken"),
    ]


def test_the_page_names_the_parts_above_them_and_links_nothing_that_has_no_rows(house: House) -> None:
    house.mark("an", 8)
    page = house.signed_in("lead").get(PAGE).content.decode()
    section = page[page.index('id="fg-CM-03"') :].split("</section>")[0]
    assert re.findall(r'<th class="num">([^<]+)</th>', section) == ["数值", "示例平均分 占 75", "示例解决率 占 25"]
    assert "/figures/answers/CM-03" not in section
    assert "未达目标" not in section
    english = house.signed_in("lead").get(PAGE, headers={"accept-language": "en"}).content.decode()
    assert "Sample mean weighs 75" in english


def test_nothing_to_count_is_said(house: House) -> None:
    assert lines(house) == [("合计", "—", [("示例平均分 占 75", "—"), ("示例解决率 占 25", "—")], "none")]


def test_where_parts_have_full_marks_it_is_the_sum_of_what_each_reached_of_its_target(db: None) -> None:
    points = {**POINTS, "target": ">= 10", "full": 20}
    solved = {**SOLVED, "target": ">= 80%"}
    marks = {**SCORE, "composite": {"of": [{"measure": "points", "full": 60}, {"measure": "solved", "full": 40}]}}
    with lived_in(House(points, solved, {**marks, "target": ">= 50"})) as house:
        house.mark("an", 8, 6)
        house.mark("bo", 1)
        # an: 7 of 10 is 42 of 60, all solved is 40 of 40; bo: 1 of 10 is 6 of 60, nothing solved
        assert [line[1:] for line in lines(house)[1:]] == [
            ("82", [("示例平均分 满分 60", "7，得 42 分"), ("示例解决率 满分 40", "100.0%，得 40 分")], "kept"),
            ("6", [("示例平均分 满分 60", "1，得 6 分"), ("示例解决率 满分 40", "0.0%，得 0 分")], "broken"),
        ]
        page = house.signed_in("lead").get(PAGE)
        own = next(one for one in page.context["figures"] if one.id == "CM-01")
        assert [each.value for each in own.groups] == ["7，得 14 分", "1，得 2 分"]
