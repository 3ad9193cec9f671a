"""What follows from a clause may be that something may not be used (`freeze`): gates with that `scope` refuse wherever it is at stake."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.world import at, facts
from zhike.cases.actions import open_case
from zhike.cases.merging import merge_cases
from zhike.cases.models import Case, Freeze
from zhike.cases.queries import offered
from zhike.cases.refusals import Refused
from zhike.cases.tests.trial import NOON, House, fire_all, fresh
from zhike.cases.undo import undo_deed
from zhike.customers.models import Customer
from zhike.journal.models import ClauseUse
from zhike.web.case_page.frozen import frozen_of_customer, frozen_on_case

pytestmark = pytest.mark.django_db

ONE = at("2025-06-10 13:00")
LOSS: dict[str, Any] = {
    "kind": "deadline", "id": "TR-01", "starts": "stage.work.entered", "until": "action.solve", "within": "30m", "holder": "clerk",
    "when": {"waybill_no": {"present": True}}, "breach": [{"freeze": "waybill_no"}],
}  # fmt: skip
NO_SETTLEMENT: dict[str, Any] = {
    "kind": "gate", "id": "TR-02", "on": "action.close", "scope": "waybill_no", "requires": {"facts": {"open_hold": {"ne": True}}},
    "refuse": {"zh": "运单已冻结，不能结账。", "en": "The waybill is frozen."},
}  # fmt: skip
CONFIRM: dict[str, Any] = {
    "id": "confirm", "title": "财务确认", "by": "lead", "from": ["work", "check", "over"], "notify": [{"unfreeze": "waybill_no"}],
}  # fmt: skip
CORRECT: dict[str, Any] = {"id": "correct", "title": "更正", "by": "clerk", "from": ["work"], "record": "sheet"}


class Losses(House):
    """One case has frozen waybill YD-1 since 12:30; others may be about it as well."""

    def __init__(self, *clauses: dict[str, Any], **more: Any) -> None:
        super().__init__(LOSS, NO_SETTLEMENT, *clauses, actions=[CONFIRM, CORRECT, *more.pop("actions", ())], **more)
        self.loss = self.opened(waybill_no="YD-1")
        fire_all(ONE)

    def about(self, waybill: str) -> Case:
        return self.act(self.opened(now=ONE, waybill_no=waybill), "solve", "clerk", ONE)


def test_settling_the_same_waybill_in_another_case_is_refused_by_clause_and_case() -> None:
    house = Losses()
    other = house.about("yd 1".replace(" ", "-"))
    with pytest.raises(Refused) as refused:
        house.act(other, "close", "clerk", ONE)
    assert [reason.words.zh for reason in refused.value.reasons] == [
        f"运单已冻结，不能结账。（{house.loss.number} 依 TR-01 冻结。）"
    ]
    assert refused.value.clauses == ["TR-02"]
    assert ClauseUse.objects.filter(clause="TR-02", outcome="refused", subject_id=other.pk).count() == 1
    assert [fact.clauses for fact in facts("case.froze", house.loss)] == [["TR-01"]]


def test_another_waybill_is_settled() -> None:
    house = Losses()
    assert house.act(house.about("YD-2"), "close", "clerk", ONE).status == "closed"


def test_a_case_about_no_waybill_is_settled() -> None:
    house = Losses()
    assert house.act(house.about(""), "close", "clerk", ONE).status == "closed"


def test_its_own_case_is_refused_too() -> None:
    house = Losses()
    house.act(house.loss, "solve", "clerk", ONE)
    with pytest.raises(Refused):
        house.act(house.loss, "close", "clerk", ONE)


def test_released_by_the_action_that_says_so_it_may_be_settled() -> None:
    house = Losses()
    other = house.about("YD-1")
    house.act(house.loss, "confirm", "lead", ONE)
    assert [fact.payload for fact in facts("case.unfroze", house.loss)] == [{"thing": "waybill_no"}]
    assert house.act(other, "close", "clerk", ONE).status == "closed"


def test_another_case_does_not_release_it() -> None:
    house = Losses()
    other = house.about("YD-1")
    house.act(other, "confirm", "lead", ONE)
    with pytest.raises(Refused):
        house.act(other, "close", "clerk", ONE)


def test_two_cases_that_froze_it_both_have_to_release_it() -> None:
    house = Losses()
    second, other = house.opened(now=ONE, waybill_no="YD-1"), house.about("YD-1")
    fire_all(at("2025-06-10 14:00"))
    house.act(house.loss, "confirm", "lead", at("2025-06-10 14:00"))
    with pytest.raises(Refused) as refused:
        house.act(other, "close", "clerk", at("2025-06-10 14:00"))
    assert second.number in refused.value.reasons[0].words.zh


def test_who_may_not_see_the_case_that_holds_it_is_told_the_clause_alone() -> None:
    house = Losses()
    other = house.about("YD-1")
    Case.objects.filter(pk=house.loss.pk).update(audience=["trial:chief"])
    with pytest.raises(Refused) as refused:
        house.act(other, "close", "clerk", ONE)
    assert refused.value.reasons[0].words.zh == "运单已冻结，不能结账。（另一张工单依 TR-01 冻结。）"


def test_the_button_says_beforehand_that_it_would_be_refused() -> None:
    house = Losses()
    other = house.about("YD-1")
    buttons = {
        offer.action.id: (offer.allowed, offer.clauses[:1]) for offer in offered(fresh(other), house.viewer("clerk"))
    }
    assert buttons["close"] == (False, ("TR-02",))


def test_a_number_put_right_is_frozen_in_place_of_the_wrong_one_and_back_when_that_is_undone() -> None:
    house = Losses()
    wrong, right = house.about("YD-1"), house.about("YD-9")
    house.act(house.loss, "correct", "clerk", ONE, waybill_no="YD-9")
    with pytest.raises(Refused):
        house.act(right, "close", "clerk", ONE)
    undo_deed(house.loss.pk, by=house.viewer("clerk"), now=ONE)
    assert house.act(right, "close", "clerk", ONE).status == "closed"
    with pytest.raises(Refused):
        house.act(wrong, "close", "clerk", ONE)


def test_merged_into_another_it_is_released_there() -> None:
    house = Losses()
    leading, other = house.opened(now=ONE, waybill_no="YD-1"), house.about("YD-1")
    merge_cases(house.loss.pk, leading.pk, by=house.viewer("clerk"), now=ONE, confirmed=True)
    house.act(leading, "confirm", "lead", ONE)
    assert house.act(other, "close", "clerk", ONE).status == "closed"


def test_a_condition_of_any_clause_may_ask_whether_it_is_frozen() -> None:
    flag = {
        "kind": "gate", "id": "TR-04", "on": "action.jot", "when": {"held.waybill_no": True}, "requires": {"fields": ["why"]},
        "refuse": "示例：先写明。",
    }  # fmt: skip
    house = Losses(flag)
    other, free = house.about("YD-1"), house.about("YD-2")
    house.act(free, "jot", "clerk", ONE)
    with pytest.raises(Refused):
        house.act(other, "jot", "clerk", ONE)


def test_a_customer_is_frozen_wherever_he_turns_up_also_when_a_case_is_opened() -> None:
    blocked = {
        "kind": "gate", "id": "TR-05", "on": "action.register", "scope": "customer", "requires": {"facts": {"open_hold": {"ne": True}}},
        "refuse": "示例：暂停服务。",
    }  # fmt: skip
    house = House({**LOSS, "when": {}, "breach": [{"freeze": "customer"}]}, blocked)
    first = house.opened(phone="13800000001")
    fire_all(ONE)
    with pytest.raises(Refused) as refused:
        open_case(house.version, "order", "register", {"phone": "13800000001"}, by=house.viewer("clerk"), now=ONE)
    assert refused.value.reasons[0].words.zh == f"示例：暂停服务。（{first.number} 依 TR-01 冻结。）"
    assert open_case(house.version, "order", "register", {"phone": "13800000002"}, by=house.viewer("clerk"), now=ONE).pk
    customer = Customer.objects.get(pk=first.customer_id)
    rows = frozen_of_customer(customer.pk, [fresh(first)], house.viewer("clerk"))
    assert [(row.number, row.clause, row.own) for row in rows] == [(first.number, "TR-01", False)]
    assert frozen_of_customer(customer.pk, [fresh(first)], house.viewer("porter")) == []


def test_the_pages_name_what_is_frozen_and_the_case_that_holds_it() -> None:
    house = Losses()
    other, viewer = fresh(house.about("YD-1")), house.viewer("clerk")
    shown = [frozen_on_case(case, house.book, viewer)[0] for case in (fresh(house.loss), other)]
    assert [(row.what, row.which, row.clause, row.number, row.own) for row in shown] == [
        ("示例运单号", "YD-1", "TR-01", house.loss.number, True),
        ("示例运单号", "YD-1", "TR-01", house.loss.number, False),
    ]


def test_a_case_about_nothing_freezes_nothing() -> None:
    house = House({**LOSS, "when": {}})
    house.opened()
    fire_all(ONE)
    assert Freeze.objects.count() == 0


def test_frozen_twice_by_one_case_it_is_one_hold() -> None:
    Losses({**LOSS, "id": "TR-06", "within": "40m"})
    assert Freeze.objects.filter(ended_at=None).count() == 1


def test_a_handbook_that_freezes_nothing_asks_nothing() -> None:
    house = House()
    case = house.opened()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        house.act(case, "solve", "clerk", NOON)
    assert [query for query in asked.captured_queries if "cases_freeze" in query["sql"]] == []
