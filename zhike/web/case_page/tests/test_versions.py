"""Corrections as versions: the older ones stay readable on the page, in the timeline and on paper, in both languages."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.world import at
from zhike.cases.models import Case
from zhike.cases.tests.trial import NOON, House, clocks
from zhike.cases.undo import undo_deed
from zhike.web.case_page.tests.test_what_follows import page, reader

pytestmark = pytest.mark.django_db
ONE = at("2025-06-10 13:00")
ANSWER: dict[str, Any] = {
    "id": "answer", "title": {"zh": "示例答复", "en": "Sample answer"}, "versions": True, "fields": [
        {"id": "words", "title": {"zh": "示例口径", "en": "Sample wording"}, "type": "text"},
        {"id": "source", "title": {"zh": "示例出处", "en": "Sample source"}, "type": "string"},
    ],
}  # fmt: skip
REPLY = {"id": "reply", "title": "答复", "by": "clerk", "from": ["work", "check"], "record": "answer"}
TELL: dict[str, Any] = {
    "id": "VR-01", "kind": "deadline", "starts": "record.answer.version", "until": "action.close", "within": "1h",
    "holder": "clerk", "breach": [],
}  # fmt: skip


@pytest.fixture
def house() -> House:
    return House(TELL, actions=[REPLY], records=[ANSWER])


def older(shown: str) -> list[str]:
    """Each older version, in words."""
    found = re.findall(r'<details class="zk-version">(.*?)</details>', shown)
    return [" ".join(re.sub(r"<[^>]*>", " ", each).split()) for each in found]


def corrected(house: House) -> Case:
    case = house.opened()
    house.act(case, "reply", "clerk", NOON, words="示例旧口径", source="甲")
    house.act(case, "reply", "clerk", ONE, words="示例新口径", source="甲")
    return case


def test_the_older_version_stands_beside_the_one_that_counts_with_what_changed(house: House) -> None:
    case = corrected(house)
    shown = page(reader(house, "clerk"), case)
    [first] = older(shown)
    assert first.startswith("第 1 版 示例clerk ")
    assert first.endswith("12:00 示例口径 示例旧口径 后来改了 示例出处 甲")
    assert len(re.findall("第 2 版", shown)) == 2
    assert "Version 2" in page(reader(house, "clerk", "en"), case)
    printed = reader(house, "clerk").get(f"/cases/{case.number}/print").content.decode()
    assert "示例旧口径" in printed
    assert "第 2 版" in printed
    beside = reader(house, "clerk").get(f"/cases/{case.number}/beside").content.decode()
    assert "示例旧口径" in beside


def test_a_further_version_is_an_event_and_the_first_is_none(house: House) -> None:
    case = house.opened()
    house.act(case, "reply", "clerk", NOON, words="示例")
    assert clocks(case, "VR-01") == []
    house.act(case, "reply", "clerk", ONE, words="示例二")
    assert [state for state, _, _ in clocks(case, "VR-01")] == ["running"]


def test_a_correction_that_was_undone_is_no_version() -> None:
    house = House(actions=[REPLY], records=[ANSWER])
    case = corrected(house)
    assert len(older(page(reader(house, "clerk"), case))) == 1
    undo_deed(case.pk, by=house.viewer("clerk"), now=ONE)
    assert older(page(reader(house, "clerk"), case)) == []


def test_what_was_filled_once_has_no_versions(house: House) -> None:
    case = house.opened()
    house.act(case, "reply", "clerk", NOON, words="示例")
    shown = page(reader(house, "clerk"), case)
    assert (older(shown), "版</span>" in shown) == ([], False)
