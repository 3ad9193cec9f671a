"""What goes on for somebody by a sanction stands on its case, on the person's page and on his own account, for whoever may see the case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.test import Client

from zhike.cases.tests.test_lasting import NOON, House
from zhike.lib import clock
from zhike.org.actions import add_staff, assign_role
from zhike.org.models import Staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    before = clock.install(lambda: NOON + dt.timedelta(hours=1))
    made = House(until={"exam.passed": True})
    made.act("confirm", "chief")
    yield made
    clock.install(before)


def page(person: Staff, address: str, language: str = "zh-hans") -> str:
    client = Client(headers={"accept-language": language})
    client.force_login(person, backend="zhike.org.backend.StaffBackend")
    return client.get(address).content.decode()


def test_the_case_says_what_goes_on_for_whom_until_when_and_by_which_clause(house: House) -> None:
    shown = page(house.people["lead"], f"/cases/{house.case.number}")
    assert "待岗学习" in shown
    assert "到 6月17日 周二 12:00，直到" in shown
    assert "依据 PEN-01" in shown
    assert "“待岗学习”生效：示例clerk" in shown
    assert "“Standing by” begins: 示例clerk" in page(house.people["lead"], f"/cases/{house.case.number}", "en")


def test_the_person_finds_it_on_his_own_account(house: House) -> None:
    assert "待岗学习" in page(house.people["clerk"], "/account")
    assert "眼下生效的处理" not in page(house.people["lead"], "/account")


def test_an_administrator_who_may_not_see_the_case_does_not_see_it_on_the_persons_page(house: House) -> None:
    admin = add_staff(username="admin", name="示例管理员", is_admin=True, by="system", now=NOON)
    address = f"/administration/staff/{house.people['clerk'].pk}"
    shown = page(admin, address)
    assert house.people["clerk"].name in shown
    assert "眼下生效的处理" not in shown
    assign_role(admin, "discipline", "chief", None, by="system", now=NOON)
    assert "眼下生效的处理" in page(admin, address)


def test_when_it_is_over_it_stands_in_the_timeline_alone(house: House) -> None:
    house.act("overturn", "chief")
    shown = page(house.people["lead"], f"/cases/{house.case.number}")
    assert "zk-lasting" not in shown
    assert "“待岗学习”结束：示例clerk" in shown
    assert "处理已撤销" in shown
