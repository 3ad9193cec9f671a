"""One obligation with a target and a maximum, and one that counts only in its times of the day, as the people of the department see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from zhike.cases.figures import figure
from zhike.cases.models import Case
from zhike.clocks.actions import fire_due
from zhike.clocks.models import Clock
from zhike.journal.models import ClauseUse
from zhike.notices.models import Notice
from zhike.web.figures.tests.trial import NOON, House, lived_in

AIMED: dict[str, Any] = {
    "kind": "deadline", "id": "TG-01", "title": {"zh": "示例答复", "en": "Sample answer"}, "process": "ask", "starts": "case.opened",
    "until": "action.close", "within": "3h", "target": "1h", "warn": [80], "holder": "clerk", "breach": [],
}  # fmt: skip
SHARE: dict[str, Any] = {
    "kind": "measure", "id": "TG-02", "name": "in_target", "title": {"zh": "示例目标达成", "en": "Sample within target"},
    "numerator": {"count": "clocks", "where": {"clause": "TG-01", "in_target": True}},
    "denominator": {"count": "clocks", "where": {"clause": "TG-01", "in_target": {"present": True}}},
    "target": ">= 90%",
}  # fmt: skip
BY_DAY: dict[str, Any] = {
    **AIMED, "id": "TG-03", "title": {"zh": "示例回访", "en": "Sample callback"}, "until": "action.note", "within": "1d",
    "window": ["09:00", "20:00"],
}  # fmt: skip
del BY_DAY["target"]


@pytest.fixture
def house(db: None) -> Iterator[House]:
    with lived_in(House(AIMED, SHARE, BY_DAY)) as made:
        yield made


def answered(house: House, **after: float) -> Case:
    case = house.case()
    house.later(**after)
    return house.act(case, "close")


def test_the_share_of_what_was_done_within_its_target_is_a_figure(house: House) -> None:
    answered(house, minutes=30)
    answered(house, minutes=90)
    answered(house, hours=4)
    house.case()
    found = figure(house.book, "TG-02", now=house.now)
    assert (found.numerator, found.denominator, found.text) == (1, 3, "33.3%")
    page = house.signed_in("lead").get("/figures?handbook=answers&period=month").content.decode()
    assert "示例目标达成" in page
    assert "33.3%" in page


def test_passing_the_target_tells_the_holder_and_does_nothing_else(house: House) -> None:
    case = house.case()
    while fire_due(NOON + dt.timedelta(hours=1)):
        pass
    (told,) = Notice.objects.filter(clause="TG-01")
    assert told.words["zh"].startswith(f"{case.number}“示例答复”的目标时间到了，还没有办完；最晚 ")
    assert told.words["en"].startswith(
        f"{case.number}: the target of “Sample answer” has passed and it is not done; due "
    )
    assert Clock.objects.get(clause="TG-01").state == "running"
    assert list(ClauseUse.objects.filter(clause="TG-01").values_list("outcome", flat=True)) == ["applied"]


def test_the_case_shows_the_target_beside_the_limit_and_how_it_ended(house: House) -> None:
    case = house.case()
    client = house.signed_in("an")
    page = client.get(f"/cases/{case.number}").content.decode()
    assert '<span class="zk-target">目标 13:00</span>' in page
    assert "<span>09:00 至 20:00 之间办才算</span>" in page
    house.later(minutes=61)
    fire_due(house.now)
    page = client.get(f"/cases/{case.number}").content.decode()
    assert '<span class="zk-target">目标 13:00，已过</span>' in page
    assert "目标时间已过：示例答复" in page
    english = client.get(f"/cases/{case.number}", headers={"accept-language": "en"}).content.decode()
    assert "Target 13:00, passed" in english
    assert "counts only between 09:00 and 20:00" in english
    house.act(case, "close")
    page = client.get(f"/cases/{case.number}").content.decode()
    assert '<span class="zk-target">超过了目标时间</span>' in page
    assert "停钟：示例答复，按时，超过了目标时间" in page


def test_the_clause_tells_its_share_within_target_and_each_line_whether_it_was(house: House) -> None:
    answered(house, minutes=30)
    case = answered(house, minutes=90)
    client = house.signed_in("an")
    page = client.get("/handbook/answers/clause/TG-01").content.decode()
    assert "及时率 100%，目标达成率 50%" in page
    why = client.get(f"/handbook/answers/clause/TG-01?case={case.pk}").content.decode()
    assert "超过了目标时间" in why


def test_what_is_done_outside_the_times_of_the_day_does_not_count(house: House) -> None:
    house.later(hours=8)
    case = house.case()
    house.later(seconds=1)
    house.act(case, "note", points=3)
    assert Clock.objects.get(clause="TG-03").state == "running"
    house.later(hours=13)
    house.act(case, "note", points=3)
    assert Clock.objects.get(clause="TG-03").state == "kept"


@pytest.mark.parametrize(("hour", "kept"), [(9, "kept"), (20, "kept"), (8.99, "running"), (20.01, "running")])
def test_both_ends_of_the_window_count(house: House, hour: float, kept: str) -> None:
    house.now = NOON.replace(hour=7)
    case = house.case()
    house.now = NOON.replace(hour=0) + dt.timedelta(hours=hour)
    house.act(case, "note", points=3)
    assert Clock.objects.get(clause="TG-03").state == kept


@pytest.mark.parametrize(("hour", "kept"), [(23, "kept"), (1, "kept"), (12, "running")])
def test_a_window_past_midnight_is_one(db: None, hour: int, kept: str) -> None:
    with lived_in(House({**BY_DAY, "window": ["22:00", "02:00"]})) as house:
        house.now = NOON.replace(hour=0)
        case = house.case()
        house.now = NOON.replace(hour=hour)
        house.act(case, "note", points=3)
        assert Clock.objects.get(clause="TG-03").state == kept
