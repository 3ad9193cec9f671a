"""What clauses did with a case, as its page and the customer's tell it: given to others, frozen, released, opened again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.world import at
from zhike.cases.models import Case
from zhike.cases.tests.trial import House, fire_all
from zhike.notices.models import Notice

pytestmark = pytest.mark.django_db

ONE = at("2025-06-10 13:00")
LIMIT: dict[str, Any] = {
    "kind": "deadline", "id": "TR-01", "starts": "stage.work.entered", "until": "action.solve", "within": "30m", "holder": "clerk",
    "breach": [{"freeze": "waybill_no"}, {"freeze": "customer"}, {"reassign": "lead"}],
}  # fmt: skip
GATE: dict[str, Any] = {
    "kind": "gate", "id": "TR-02", "on": "action.close", "scope": "waybill_no", "requires": {"facts": {"open_hold": {"ne": True}}},
    "refuse": {"zh": "运单已冻结。", "en": "The waybill is frozen."},
}  # fmt: skip
CONFIRM: dict[str, Any] = {
    "id": "confirm", "title": "确认", "by": "lead", "from": ["work"], "notify": [{"unfreeze": "waybill_no"}],
}  # fmt: skip


@pytest.fixture
def house() -> House:
    return House(LIMIT, GATE, actions=[CONFIRM])


def reader(house: House, who: str, language: str = "zh-hans") -> Client:
    person = house.people[who]
    person.language = language
    person.save(update_fields=["language"])
    client = Client()
    client.force_login(person, backend="zhike.org.backend.StaffBackend")
    return client


def page(client: Client, case: Case) -> str:
    answer = client.get(f"/cases/{case.number}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_case_says_who_has_it_now_what_it_froze_and_by_which_clause(house: House) -> None:
    case = house.opened(waybill_no="YD-1", phone="13800000001")
    fire_all(ONE)
    shown = page(reader(house, "lead"), case)
    for words in ("改由示例主管处理", "已冻结：示例运单号", "YD-1", "冻结示例运单号", "冻结顾客", "依据 TR-01"):
        assert words in shown
    shown = page(reader(house, "lead", "en"), case)
    for words in ("Given to Sample lead", "Frozen: 示例运单号"):
        assert words in shown


def test_another_case_about_it_names_the_case_that_holds_it_until_it_is_released(house: House) -> None:
    case = house.opened(waybill_no="YD-1")
    fire_all(ONE)
    other = house.opened(now=ONE, waybill_no="YD-1")
    assert f'<a href="/cases/{case.number}">{case.number}</a>' in page(reader(house, "clerk"), other)
    house.act(case, "confirm", "lead", ONE)
    assert "已冻结" not in page(reader(house, "clerk"), other)
    assert "解冻示例运单号" in page(reader(house, "clerk"), case)


TRIED: dict[str, Any] = {
    "kind": "gate", "id": "TR-03", "on": "action.solve", "requires": {"facts": {"case.taken.jot": {"gte": 1}}},
    "refuse": {"zh": "示例：先补记。", "en": "Sample: jot it down first."}, "finding": "hasty", "effects": [{"notify": "chief"}],
}  # fmt: skip


def test_a_refused_press_sent_twice_leaves_one_finding_and_the_case_names_who_tried() -> None:
    house = House(TRIED)
    case = house.opened()
    clerk = reader(house, "clerk")
    for _ in range(2):
        sent = {"key": "press-1-of-the-clerk", "version": str(case.version)}
        answer = clerk.post(f"/cases/{case.number}/actions/solve", sent)
        assert answer.status_code == 422
        assert "示例：先补记。" in answer.content.decode()
    shown = page(clerk, case)
    assert shown.count("记一次“hasty”：示例clerk") == 1
    assert "依据 TR-03" in shown
    assert page(reader(house, "lead", "en"), case).count("“hasty” is noted: 示例clerk") == 1
    assert Notice.objects.filter(clause="TR-03").count() == 1


def test_looking_at_the_page_and_the_form_of_what_is_refused_leaves_nothing() -> None:
    house = House(TRIED)
    case = house.opened()
    clerk = reader(house, "clerk")
    clerk.get(f"/cases/{case.number}/actions/solve")
    assert "hasty" not in page(clerk, case)
    assert Notice.objects.filter(clause="TR-03").count() == 0
