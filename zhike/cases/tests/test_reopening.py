"""What follows from a clause may be that a case which was over goes on (`reopen`), with its limits anew."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import at, facts
from zhike.cases.models import Case
from zhike.cases.tests.trial import NOON, House, clocks, fire_all, fresh, notices
from zhike.duties.models import Obligation
from zhike.org.models import Staff

pytestmark = pytest.mark.django_db

ONE = at("2025-06-10 13:00")
TWO = at("2025-06-10 14:00")
LIMIT: dict[str, Any] = {
    "kind": "deadline", "id": "TR-01", "starts": "stage.check.entered", "until": "action.close", "within": "30m", "holder": "clerk",
    "breach": [],
}  # fmt: skip
AGAIN: dict[str, Any] = {**LIMIT, "id": "TR-02", "starts": "case.reopened", "within": "2h"}
CALL: dict[str, Any] = {
    "id": "call_back", "title": "回访", "by": "clerk", "from": "over", "record": "callback",
    "notify": [{"reopen": True, "when": {"satisfied": False}}],
}  # fmt: skip
CALLED: dict[str, Any] = {
    "kind": "duty", "id": "TR-03", "starts": "case.closed", "owes": "action.call_back", "within": "2h", "holder": "clerk",
    "survives_close": True, "missed": [{"reopen": "work"}],
}  # fmt: skip


def closed(house: House) -> Case:
    case = house.act(house.opened(), "solve", "clerk", NOON)
    return house.act(case, "close", "clerk", NOON)


def test_dissatisfied_at_the_callback_it_goes_on_where_it_was_closed_from() -> None:
    house = House(LIMIT, actions=[CALL])
    case = closed(house)
    house.act(case, "call_back", "clerk", ONE, satisfied=False)
    case = fresh(case)
    assert (case.status, case.stage, case.closed_at) == ("open", "check", None)
    assert case.holders == [f"staff:{house.people['clerk'].pk}"]
    (fact,) = facts("case.reopened", case)
    assert (fact.actor, fact.payload) == ("system", {"number": case.number, "stage": "check"})
    assert notices(case) == [("", case.holders, f"{case.number} 已重新打开，回到“复核”，请继续处理。")]


def test_satisfied_it_stays_closed() -> None:
    house = House(LIMIT, actions=[CALL])
    case = closed(house)
    house.act(case, "call_back", "clerk", ONE, satisfied=True)
    assert (fresh(case).status, facts("case.reopened", case)) == ("closed", [])


def test_limits_of_the_stage_and_of_the_opening_begin_anew_and_what_was_decided_stays() -> None:
    house = House(LIMIT, AGAIN, actions=[CALL])
    case = closed(house)
    assert [state for state, *_ in clocks(case, "TR-01")] == ["kept"]
    house.act(case, "call_back", "clerk", ONE, satisfied=False)
    assert [state for state, *_ in clocks(case, "TR-01")] == ["kept", "running"]
    assert [state for state, *_ in clocks(case, "TR-02")] == ["running"]
    assert fresh(case).next_due_at == at("2025-06-10 13:30")


def test_it_can_be_closed_and_opened_again_a_second_time() -> None:
    house = House(LIMIT, actions=[CALL])
    case = closed(house)
    for _ in range(2):
        house.act(case, "call_back", "clerk", ONE, satisfied=False)
        house.act(case, "close", "clerk", ONE)
    assert [state for state, *_ in clocks(case, "TR-01")] == ["kept", "kept", "kept"]
    assert len(facts("case.reopened", case)) == 2


def test_a_missed_duty_opens_it_at_the_stage_the_clause_names() -> None:
    house = House(CALLED, actions=[CALL])
    case = closed(house)
    assert [row.is_open for row in Obligation.objects.all()] == [True]
    fire_all(TWO + (TWO - ONE))
    case = fresh(case)
    assert (case.status, case.stage) == ("open", "work")
    assert [fact.clauses for fact in facts("case.reopened", case)] == [["TR-03"]]


def test_an_open_case_is_left_alone() -> None:
    house = House({**LIMIT, "breach": [{"reopen": "work"}]})
    case = house.act(house.opened(), "solve", "clerk", NOON)
    fire_all(TWO)
    assert (fresh(case).stage, facts("case.reopened", case)) == ("check", [])


def test_one_whose_contents_were_deleted_is_left_alone() -> None:
    house = House(CALLED, actions=[CALL])
    case = closed(house)
    Case.objects.filter(pk=case.pk).update(emptied_at=ONE, emptied_by="TR-09")
    fire_all(TWO + (TWO - ONE))
    assert (fresh(case).status, facts("case.reopened", case)) == ("closed", [])


def test_whoever_owned_it_and_has_left_does_not_get_it_back() -> None:
    house = House(CALLED, actions=[CALL])
    case = closed(house)
    Staff.objects.filter(pk=house.people["clerk"].pk).update(is_active=False)
    fire_all(TWO + (TWO - ONE))
    case = fresh(case)
    assert (case.owner_id, case.holders) == (None, ["trial:clerk"])


def test_a_sanction_on_reopening_is_drafted() -> None:
    sanction = {
        "kind": "sanction", "id": "TR-05", "on": "case.reopened", "tiers": [{"from": 1, "fine": 20}], "confirm": {"role": "lead"},
    }  # fmt: skip
    house = House(LIMIT, sanction, actions=[CALL])
    case = closed(house)
    house.act(case, "call_back", "clerk", ONE, satisfied=False)
    assert [fact.clauses for fact in facts("sanction.drafted", case)] == [["TR-05"]]
