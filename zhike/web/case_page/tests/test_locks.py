"""Fields that stay as they stand, as the form of an action shows them and answers what is sent all the same."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from zhike.cases.models import Case
from zhike.cases.tests.test_locks import ONCE, house, kept
from zhike.cases.tests.trial import NOON, House
from zhike.web.case_page.tests.test_what_follows import reader

pytestmark = pytest.mark.django_db


@pytest.fixture
def trial() -> House:
    return house(ONCE)


def form(client: Client, case: Case) -> str:
    answer = client.get(f"/cases/{case.number}/actions/check", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_field_others_fill_and_one_written_once_are_shown_with_the_reason_and_not_asked(trial: House) -> None:
    case = trial.opened()
    trial.act(case, "check", "lead", NOON, count=3, sum="20")
    shown = form(reader(trial, "clerk"), case)
    assert re.findall(r'name="(count|sum|remark)"', shown) == ["remark"]
    for words in ("¥20.00", "“示例核定金额”由示例主管填写，您不能改动。", "示例件数填后不改。", "ONE-01"):
        assert words in shown
    shown = form(reader(trial, "clerk", "en"), case)
    for words in ("Sample sum is filled by: Sample lead. You cannot change it.", "The count stays."):
        assert words in shown
    assert re.findall(r'name="(count|sum|remark)"', form(reader(trial, "lead"), case)) == ["remark", "sum"]


def test_who_sends_it_all_the_same_is_refused_at_the_field(trial: House) -> None:
    case = trial.opened()
    trial.act(case, "check", "lead", NOON, count=3, sum="20")
    answer = reader(trial, "clerk").post(f"/cases/{case.number}/actions/check", {"count": "9", "sum": "99"})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert shown.count("“示例核定金额”由示例主管填写，您不能改动。") >= 2
    assert kept(case) == {"count": 3, "sum": "20.00"}
