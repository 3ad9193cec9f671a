"""The page of places: whose place somebody sees, groups too small, and equals that the clause lets somebody put in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.journal.models import ClauseUse, Fact
from zhike.web.figures.tests.trial import House, lived_in

PAGE = "/figures/ranks?handbook=answers"
RANK: dict[str, Any] = {
    "among": "clerk", "ties": ["marks", "decided"], "decided_by": "lead", "seen_by": "lead", "smallest_group": 3,
}  # fmt: skip
MEAN: dict[str, Any] = {
    "kind": "measure", "id": "RANK-01", "name": "points", "title": "示例综合分", "periods": ["month"],
    "value": {"mean": "points", "of": "mark"}, "rank": RANK,
}  # fmt: skip
MARKS: dict[str, Any] = {
    "kind": "measure", "id": "RANK-02", "name": "marks", "title": "示例评分数", "numerator": {"count": "mark"},
}  # fmt: skip


@pytest.fixture
def house(db: None) -> Iterator[House]:
    with lived_in(House(MEAN, MARKS)) as made:
        yield made


def seen(house: House, who: str, query: str = "") -> list[tuple[str, str, list[str]]]:
    page = house.signed_in(who).get(PAGE + query)
    return [(line.place, line.name, line.figures) for line in page.context["lines"]]


def july(house: House) -> str:
    """June is over; the address that asks for it."""
    house.now = dt.datetime.fromisoformat("2025-07-02T09:00:00+08:00")
    return "&on=2025-06-10"


def test_the_lead_sees_everybody_in_order_with_what_decides_between_equals(house: House) -> None:
    house.mark("an", 6, 8)
    house.mark("bo", 7)
    house.mark("ci", 9)
    assert seen(house, "lead") == [
        ("1", "示例ci", ["9", "1"]), ("2", "示例an", ["7", "2"]), ("3", "示例bo", ["7", "1"]),
    ]  # fmt: skip


def test_a_clerk_sees_his_own_place_and_nobody_elses(house: House) -> None:
    house.mark("an", 6)
    house.mark("bo", 7)
    house.mark("ci", 9)
    page = house.signed_in("an").get(PAGE)
    assert [(line.place, line.name, line.figures) for line in page.context["lines"]] == [("3", "示例an", ["6", "1"])]
    assert "共 3 人排名，这里只列您自己的。" in page.content.decode()
    assert "示例bo" not in page.content.decode()


def test_where_the_clause_says_so_a_clerk_sees_all_places_but_only_his_own_figures(db: None) -> None:
    with lived_in(House({**MEAN, "rank": {**RANK, "members_see": "places"}}, MARKS)) as house:
        house.mark("an", 6)
        house.mark("bo", 7)
        assert seen(house, "an") == [("1", "示例bo", []), ("2", "示例an", ["6", "1"])]


def test_places_are_the_same_for_who_may_not_open_the_cases_behind_them(house: House) -> None:
    from zhike.cases.models import Case

    house.mark("an", 6)
    house.mark("bo", 7)
    house.mark("ci", 9)
    Case.objects.all().update(audience=[])
    assert [line[0] for line in seen(house, "an")] == ["3"]


def test_who_has_no_part_in_it_sees_nothing(house: House) -> None:
    house.mark("an", 6)
    page = house.signed_in("guest").get(PAGE)
    assert page.context["asked"] is None
    assert "没有您能看的名次" in page.content.decode()


def test_who_has_nothing_to_count_has_no_place_and_is_told_so(house: House) -> None:
    house.mark("an", 6)
    assert [line[1] for line in seen(house, "lead")] == ["示例an"]
    assert "您这一期没有名次" in house.signed_in("bo").get(PAGE).content.decode()


def test_a_group_too_small_is_told_and_nothing_follows(house: House) -> None:
    house.mark("an", 6)
    house.mark("bo", 7)
    page = house.signed_in("lead").get(PAGE).content.decode()
    assert "排名的只有 2 人，不足 3 人：名次只作通报，不据此奖惩。" in page
    house.mark("ci", 9)
    assert "不据此奖惩" not in house.signed_in("lead").get(PAGE).content.decode()


def test_a_period_holds_only_its_own_rows(house: House) -> None:
    house.mark("an", 6)
    july(house)
    house.mark("an", 2)
    assert seen(house, "lead") == [("1", "示例an", ["2", "1"])]
    assert seen(house, "lead", "&on=2025-06-30") == [("1", "示例an", ["6", "1"])]
    assert seen(house, "lead", "&on=2031-01-01") == [("1", "示例an", ["2", "1"])]


def decided(house: House, who: str = "lead", words: str = "示例理由", **places: str) -> Any:
    people = {name: f"staff:{house.staff[name].pk}" for name in places}
    sent = {f"place-{people[name]}": number for name, number in places.items()}
    about = {"handbook": "answers", "measure": "RANK-01", "every": "month", "on": "2025-06-01", "words": words}
    return house.signed_in(who).post("/figures/ranks/decide", {**about, **sent, "person": list(people.values())})


@pytest.fixture
def equals(house: House) -> House:
    """Two of three are equal in everything, and the month is over."""
    house.mark("an", 7)
    house.mark("bo", 7)
    house.mark("ci", 9)
    july(house)
    return house


def test_equals_wait_and_then_stand_as_the_lead_decided(equals: House) -> None:
    june = "&on=2025-06-10"
    assert [line[0] for line in seen(equals, "lead", june)] == ["1", "2 至 3", "2 至 3"]
    assert decided(equals, an="3", bo="2").status_code == 302
    assert [line[:2] for line in seen(equals, "lead", june)] == [("1", "示例ci"), ("2", "示例bo"), ("3", "示例an")]
    assert "示例lead定的先后，理由：示例理由" in equals.signed_in("lead").get(PAGE + june).content.decode()
    [fact] = Fact.objects.filter(type="rank.decided")
    assert (fact.clauses, fact.payload["period"]) == (["RANK-01"], "2025-06")
    assert ClauseUse.objects.filter(clause="RANK-01", outcome="applied").count() == 1


def test_a_later_decision_takes_the_place_of_the_first(equals: House) -> None:
    decided(equals, an="3", bo="2")
    decided(equals, an="2", bo="3", words="示例更正")
    assert [line[1] for line in seen(equals, "lead", "&on=2025-06-10")] == ["示例ci", "示例an", "示例bo"]


REFUSED = [
    ({"words": " ", "an": "3", "bo": "2"}, "请写明这样定的理由。"),
    ({"an": "2", "bo": "2"}, "每个人选一个不同的先后。"),
    ({"an": "1", "ci": "2"}, "数字已经变了，这几位不再同分。请看最新的名次。"),
    ({"who": "bo", "an": "3", "bo": "2"}, "这个名次不由您来定。"),
]


@pytest.mark.parametrize(("sent", "said"), REFUSED)
def test_an_order_that_may_not_be_set_is_refused_with_what_to_do(
    equals: House, sent: dict[str, str], said: str
) -> None:
    answer = decided(equals, **sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Fact.objects.filter(type="rank.decided").exists()


def test_nobody_decides_about_himself_nor_before_the_period_is_over(db: None) -> None:
    with lived_in(
        House({**MEAN, "rank": {**RANK, "among": ["clerk", "lead"], "decided_by": ["lead", "clerk"]}}, MARKS)
    ) as house:
        house.mark("an", 7)
        house.mark("bo", 7)
        assert "这一期还没有结束，结束以后再定。" in decided(house, "ci", an="1", bo="2").content.decode()
        july(house)
        assert "您也在其中，请由别人来定。" in decided(house, "an", an="1", bo="2").content.decode()
        assert decided(house, "ci", an="1", bo="2").status_code == 302


def test_a_score_made_of_others_ranks_too(db: None) -> None:
    score = {
        "kind": "measure", "id": "RANK-03", "name": "score", "title": "示例合成分",
        "composite": {"of": [{"measure": "points", "weight": 3}, {"measure": "marks", "weight": 1}]},
        "rank": {"among": "clerk", "seen_by": "lead", "share_place": True},
    }  # fmt: skip
    with lived_in(House({**MEAN, "rank": None}, MARKS, score)) as house:
        house.mark("an", 6, 8)
        house.mark("bo", 7)
        assert seen(house, "lead", "&measure=RANK-03&every=month") == [
            ("1", "示例an", ["5.75"]),
            ("2", "示例bo", ["5.5"]),
        ]


def test_the_page_asks_at_most_twelve_questions(equals: House) -> None:
    decided(equals, an="3", bo="2")
    client = equals.signed_in("lead")
    client.get(PAGE)
    with CaptureQueriesContext(connection) as asked:
        client.get(PAGE + "&on=2025-06-10")
    assert len(asked) <= 12, [query["sql"][:200] for query in asked]
