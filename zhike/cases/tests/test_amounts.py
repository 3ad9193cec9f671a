"""Tariffs at a deed: the amount on the form, the consent it needs, the line in the ledger."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.world import at
from zhike.cases.actions import open_case, take_action
from zhike.cases.models import Case
from zhike.cases.refusals import Refused
from zhike.handbook.structure import Handbook
from zhike.journal.models import ClauseUse
from zhike.org.actions import add_staff, assign_role
from zhike.org.handbooks import book_of, viewer
from zhike.org.models import HandbookVersion
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db
NOON = at("2025-06-10 12:00")
SAID = {"cites": "1", "quote": "示例"}
PARTS: dict[str, Any] = {
    "name": "pay", "title": "示例补差", "version": "1", "effective": "2025-01-01",
    "roles": [{"id": "clerk", "title": "示例经办", "reports_to": "lead"}, {"id": "lead", "title": "示例主管"}],
    "records": [
        {"id": "claim", "title": "示例补差单", "fields": [{"id": "words", "title": "示例内容", "type": "string"}]},
        {"id": "checked", "title": "示例核对单", "fields": [{"id": "result", "title": "示例结果", "type": "string"}]},
        {
            "id": "payment", "title": "示例转账",
            "fields": [
                {"id": "gap", "title": "示例货差", "type": "money", "required": True},
                {"id": "freight", "title": "示例运费", "type": "money", "default": 0},
                {"id": "amount", "title": "示例金额", "type": "money", "computed": "compensation"},
            ],
        },
    ],
    "processes": [
        {
            "id": "claim", "title": "示例补差", "number": "C{yymmdd}-{seq}", "record": "claim",
            "stages": [{"id": "open", "title": "在办", "holder": "clerk"}, {"id": "paid", "title": "已付", "final": True}],
            "actions": [
                {"id": "begin", "title": "登记", "by": "clerk", "record": "claim", "to": "open"},
                {"id": "agree", "title": "批准", "by": "lead", "from": "open"},
                {"id": "check", "title": "核对", "by": "clerk", "from": "open", "record": "checked"},
                {"id": "pay", "title": "转账", "by": ["clerk", "lead"], "from": "open", "record": "payment", "to": "paid"},
            ],
        }
    ],
    "clauses": [
        {
            "kind": "tariff", "id": "PAY-01", "title": "示例补差", **SAID, "process": "claim", "yields": "compensation", "on": "action.pay",
            "sum": [{"name": "gap", "fact": "gap"}, {"name": "freight", "fact": "freight"}], "most": 2000,
            "over": {"approval": ["lead"], "above": 500},
        }
    ],
}  # fmt: skip


class House:
    def __init__(self, **tariff: Any) -> None:
        parts = PARTS | {"clauses": [PARTS["clauses"][0] | tariff]}
        source = Handbook.model_validate(parts).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        self.version = HandbookVersion.objects.create(
            name="pay", version="1", effective_from=NOON - dt.timedelta(days=30), source=source, text="", digest="pay"
        )
        book_of(self.version.pk)
        self.clerk, self.lead = self.join("clerk"), self.join("lead")
        self.case = open_case(self.version, "claim", "begin", {"words": "示例"}, by=self.clerk, now=NOON)

    def join(self, role: str) -> Viewer:
        person = add_staff(username=role, name=f"示例{role}", by="system", now=NOON)
        assign_role(person, "pay", role, None, by="system", now=NOON)
        return viewer(person)

    def act(self, action: str, by: Viewer, **values: Any) -> Case:
        return take_action(self.case.pk, action, values, by=by, now=NOON)


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.parametrize(
    ("gap", "freight", "amount"), [("400", "100", "500.00"), ("1,399.99", "0", "1399.99"), ("399.99", None, "399.99")]
)
def test_a_field_computed_from_a_tariff_holds_the_amount(
    house: House, gap: str, freight: str | None, amount: str
) -> None:
    values = {"gap": gap} | ({"freight": freight} if freight is not None else {})
    house.act("agree", house.lead)
    assert house.act("pay", house.clerk, **values).data["payment"]["amount"] == amount
    line = ClauseUse.objects.get(clause="PAY-01")
    assert (line.outcome, line.subject_id) == ("applied", house.case.pk)


def test_an_amount_above_the_line_waits_for_the_role_that_consents(house: House) -> None:
    with pytest.raises(Refused) as refused:
        house.act("pay", house.clerk, gap="400", freight="100.01")
    [reason] = refused.value.reasons
    assert (reason.clause, reason.words.zh) == ("PAY-01", "“示例补差”是 500.01 元，要示例主管同意以后才能办。")
    house.act("agree", house.lead)
    assert house.act("pay", house.clerk, gap="400", freight="100.01").data["payment"]["amount"] == "500.01"


def test_whoever_may_consent_may_act_himself_and_the_amount_has_its_ceiling(house: House) -> None:
    assert house.act("pay", house.lead, gap="9000").data["payment"]["amount"] == "2000.00"


def test_an_amount_is_not_told_before_its_record_is_filled() -> None:
    house = House(quotable_after="checked")
    with pytest.raises(Refused) as refused:
        house.act("pay", house.clerk, gap="100")
    [reason] = refused.value.reasons
    assert reason.clause == "PAY-01"
    assert reason.words.zh == "“示例补差”要先填好“示例核对单”才能告诉客户，请先去填。"
    assert ClauseUse.objects.filter(clause="PAY-01", outcome="refused").count() == 1
    house.act("check", house.clerk, result="示例：无误")
    assert house.act("pay", house.clerk, gap="100").data["payment"]["amount"] == "100.00"


def test_the_deed_that_fills_the_record_may_say_the_amount() -> None:
    house = House(quotable_after="payment")
    assert house.act("pay", house.clerk, gap="100").data["payment"]["amount"] == "100.00"
