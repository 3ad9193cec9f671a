"""What a sanction brings with it: some of it at once with the draft, some only when it is confirmed, none of it twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.world import facts
from zhike.cases.refusals import Refused
from zhike.cases.tests.test_lasting import PARTS, House
from zhike.handbook.load import examine
from zhike.handbook.tests.folder import with_clause, write
from zhike.notices.models import Notice

pytestmark = pytest.mark.django_db
ASIDE = "“示例学习一周”还没有决定，按条款先行处理。"
CONFIRMED = "“示例学习一周”已经确认，请知悉。"


def said(house: House, role: str) -> list[str]:
    """What somebody was told by the sanction, without the number of the case and without that it waits for him."""
    rows = Notice.objects.filter(clause="PEN-01", to__overlap=sorted(house.viewer(role).keys)).order_by("id")
    return [
        row.words["zh"].partition("：")[2] for row in rows if "：" in row.words["zh"] and "生效" not in row.words["zh"]
    ]


def with_interim(monkeypatch: pytest.MonkeyPatch, *effects: Any, **tier: Any) -> House:
    monkeypatch.setitem(PARTS["clauses"][0], "interim", list(effects))
    return House(**tier)


def test_what_comes_before_the_decision_is_done_with_the_draft_and_not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    house = with_interim(monkeypatch, {"notify": "lead"}, {"finding": "account_blocked"})
    assert said(house, "lead") == [ASIDE]
    assert [list(fact.clauses) for fact in facts("case.finding_made", house.case)] == [["PEN-01"]]
    house.act("confirm", "chief")
    assert said(house, "lead") == [ASIDE]


def test_the_person_concerned_is_told_as_the_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    house = with_interim(monkeypatch, {"notify": "holder"})
    assert said(house, "clerk") == [ASIDE]


def test_who_may_not_see_the_case_is_not_told_as_its_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PARTS["processes"][0], "visible_to", [{"role": "lead"}, {"role": "chief"}])
    house = with_interim(monkeypatch, {"notify": "holder"})
    assert said(house, "clerk") == []


def test_an_effect_with_a_condition_waits_for_its_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    house = with_interim(monkeypatch, {"notify": "lead", "when": {"count": {"gte": 2}}})
    assert said(house, "lead") == []


def test_what_follows_a_tier_comes_with_the_confirmation_and_not_before() -> None:
    house = House(effects=[{"notify": "lead"}])
    assert said(house, "lead") == []
    house.act("confirm", "chief")
    assert said(house, "lead") == [CONFIRMED]


def test_a_draft_that_is_dropped_brings_nothing_with_it() -> None:
    house = House(effects=[{"notify": "lead"}])
    house.act("overturn", "chief")
    assert said(house, "lead") == []
    with pytest.raises(Refused):
        house.act("confirm", "chief")
    assert said(house, "lead") == []


def test_what_follows_a_higher_tier_does_not_come_below_it() -> None:
    house = House(**{"from": 3, "effects": [{"notify": "lead"}]})
    house.act("confirm", "chief")
    assert said(house, "lead") == []


@pytest.mark.parametrize(("finding", "codes"), [("dreamt", {"interim-round"}), ("other", set())])
def test_what_is_done_at_once_does_not_lead_back_to_its_own_clause(
    tmp_path: Path, finding: str, codes: set[str]
) -> None:
    clause = {
        "id": "S-20", "kind": "sanction", "title": {"zh": "示例", "en": "Sample"}, "cites": "2", "quote": "登记要写明电话。",
        "on": "finding.dreamt", "interim": [{"finding": finding}], "confirm": {"role": "boss"},
    }  # fmt: skip
    loaded = examine(write(tmp_path, clauses=with_clause(clause)))
    assert {one.code for one in loaded.errors} == codes
