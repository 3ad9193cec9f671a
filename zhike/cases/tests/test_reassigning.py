"""What follows from a clause may be that others have the work (`reassign`): their turn, their limits, until the stage changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import at, facts
from zhike.cases.actions import hand_over_case
from zhike.cases.tests.trial import NOON, House, clocks, fire_all, fresh, notices
from zhike.cases.undo import undo_deed
from zhike.duties.models import Obligation
from zhike.journal.models import ClauseUse
from zhike.org.actions import add_staff
from zhike.org.models import Staff

pytestmark = pytest.mark.django_db

HALF_PAST = at("2025-06-10 12:30")
ONE = at("2025-06-10 13:00")
LIMIT: dict[str, Any] = {
    "kind": "deadline", "id": "TR-01", "starts": "stage.work.entered", "until": "action.solve", "within": "30m", "holder": "clerk",
    "breach": ["mark_overdue", {"reassign": "lead"}],
}  # fmt: skip
LONG: dict[str, Any] = {**LIMIT, "id": "TR-02", "within": "8h", "breach": []}
OTHERS: dict[str, Any] = {**LIMIT, "id": "TR-03", "within": "4h", "holder": "chief", "breach": []}
OWED: dict[str, Any] = {
    "kind": "duty", "id": "TR-04", "starts": "stage.work.entered", "owes": "action.jot", "within": "1d", "holder": "clerk", "missed": [],
}  # fmt: skip


def staff(house: House, who: str) -> str:
    return f"staff:{house.people[who].pk}"


def test_a_limit_that_ran_out_gives_the_work_to_the_lead_and_says_by_which_clause() -> None:
    house = House(LIMIT)
    case = house.opened()
    assert case.holders == [staff(house, "clerk")]
    fire_all(HALF_PAST + (ONE - HALF_PAST))
    case = fresh(case)
    assert (case.holders, case.given_to) == (["trial:lead"], ["lead"])
    assert house.viewer("lead").holds(case.audience)
    (fact,) = facts("case.reassigned", case)
    assert (fact.actor, fact.clauses, fact.payload) == (
        "system",
        ["TR-01"],
        {"to": ["lead"], "before": [staff(house, "clerk")], "holders": ["trial:lead"]},
    )
    assert notices(case) == [("TR-01", ["trial:lead"], f"{case.number} 改由您处理，请接手。")]


def test_open_limits_and_what_is_owed_go_along_and_those_of_others_stay() -> None:
    house = House(LIMIT, LONG, OTHERS, OWED)
    case = house.opened()
    fire_all(ONE)
    assert clocks(case, "TR-01") == [("overdue", ["trial:lead"], "lead")]
    assert clocks(case, "TR-02") == [("running", ["trial:lead"], "lead")]
    assert clocks(case, "TR-03") == [("running", ["trial:chief"], "chief")]
    assert clocks(case, "TR-04") == [("running", ["trial:lead"], "lead")]
    assert [(row.holders, row.held_as) for row in Obligation.objects.all()] == [(["trial:lead"], "lead")]


def test_whoever_let_it_run_out_has_it_against_him() -> None:
    house = House(LIMIT)
    case = house.opened()
    fire_all(ONE)
    house.act(case, "solve", "lead", ONE)
    broken = ClauseUse.objects.filter(subject_id=case.pk, outcome="broken")
    assert [(use.clause, use.holder) for use in broken] == [("TR-01", staff(house, "clerk"))]


def test_it_stays_the_leads_turn_until_the_stage_changes() -> None:
    house = House(LIMIT)
    case = house.opened()
    fire_all(ONE)
    house.act(case, "jot", "clerk", ONE)
    assert fresh(case).holders == ["trial:lead"]
    case = house.act(case, "solve", "lead", ONE)
    assert (case.holders, case.given_to) == ([staff(house, "clerk")], [])


def test_the_owner_may_pass_on_the_case_and_it_is_still_the_leads_turn() -> None:
    house = House(LIMIT)
    case = house.opened()
    fire_all(ONE)
    hand_over_case(case.pk, to=house.join("clerk", "second"), by=house.viewer("clerk"), now=ONE)
    assert fresh(case).holders == ["trial:lead"]


def test_undoing_a_deed_brings_the_leads_turn_back() -> None:
    house = House(LIMIT)
    case = house.opened()
    fire_all(ONE)
    house.act(case, "solve", "lead", ONE)
    undo_deed(case.pk, by=house.viewer("lead"), now=ONE)
    assert (fresh(case).holders, fresh(case).given_to) == (["trial:lead"], ["lead"])


def test_where_nobody_is_lead_it_stays_and_those_above_are_told() -> None:
    house = House(LIMIT, LONG, without=["lead"])
    case = house.opened()
    fire_all(ONE)
    case = fresh(case)
    assert (case.holders, case.given_to) == ([staff(house, "clerk")], [])
    assert clocks(case, "TR-02") == [("running", [staff(house, "clerk")], "clerk")]
    (fact,) = facts("case.not_reassigned", case)
    assert (fact.clauses, fact.payload) == (["TR-01"], {"to": ["lead"], "why": "nobody"})
    words = f"{case.number} 要转给示例主管，但现在没有人能接，仍由原来的人处理。请安排人手。"
    assert notices(case) == [("TR-01", ["trial:chief", "trial:lead"], words)]


def test_where_nobody_is_above_either_the_administrators_are_told() -> None:
    keeper = add_staff(username="keeper", name="示例管理员", by="system", now=NOON, is_admin=True)
    house = House(LIMIT, without=["lead", "chief"])
    case = house.opened()
    fire_all(ONE)
    assert [to for _, to, _ in notices(case)] == [[f"staff:{keeper.pk}"]]


def test_somebody_who_no_longer_works_here_is_nobody() -> None:
    house = House(LIMIT)
    Staff.objects.filter(pk=house.people["lead"].pk).update(is_active=False)
    case = house.opened()
    fire_all(ONE)
    assert [f.payload["why"] for f in facts("case.not_reassigned", case)] == ["nobody"]


def test_whoever_has_nothing_to_do_at_the_stage_does_not_get_it() -> None:
    late = {**LIMIT, "starts": "stage.check.entered", "until": "action.close", "breach": [{"reassign": "porter"}]}
    house = House(late, actions=[{"id": "carry", "title": "搬运", "by": "porter", "from": "work"}])
    case = house.act(house.opened(), "solve", "clerk", NOON)
    fire_all(ONE)
    assert fresh(case).holders == [staff(house, "clerk")]
    assert [f.payload for f in facts("case.not_reassigned", case)] == [{"to": ["porter"], "why": "cannot_act"}]
    assert notices(case)[0][2].startswith(f"{case.number} 要转给示例搬运，但这个岗位在“复核”没有事可办")


def test_given_back_to_the_owners_own_role_it_is_nobodys_in_person() -> None:
    house = House({**LIMIT, "breach": [{"reassign": "clerk"}]}, LONG)
    case = house.opened()
    assert case.owner_id == house.people["clerk"].pk
    fire_all(ONE)
    case = fresh(case)
    assert (case.owner_id, case.owner_role, case.holders) == (None, "", ["trial:clerk"])
    assert clocks(case, "TR-02") == [("running", ["trial:clerk"], "clerk")]
    assert [f.payload for f in facts("case.owner_changed", case)] == [
        {"owner": None, "before": house.people["clerk"].pk}
    ]


def test_the_superior_of_who_held_it_may_be_meant() -> None:
    house = House({**LIMIT, "breach": [{"reassign": "superior"}]})
    case = house.opened()
    fire_all(ONE)
    assert fresh(case).holders == ["trial:lead"]


def test_whose_turn_it_is_keeps_it_where_somebody_elses_limit_ran_out() -> None:
    house = House({**LIMIT, "holder": "chief"})
    case = house.opened()
    fire_all(ONE)
    assert fresh(case).holders == [staff(house, "clerk"), "trial:lead"]
    assert clocks(case, "TR-01") == [("overdue", ["trial:lead"], "lead")]


def test_a_missed_duty_gives_it_away_too() -> None:
    house = House({**OWED, "within": "30m", "missed": [{"reassign": "lead"}]})
    case = house.opened()
    fire_all(ONE)
    assert fresh(case).holders == ["trial:lead"]
    assert [f.clauses for f in facts("case.reassigned", case)] == [["TR-04"]]


def test_an_action_gives_it_away_without_a_clause() -> None:
    give = {"id": "raise", "title": "上交", "by": "clerk", "from": "work", "notify": [{"reassign": "lead"}]}
    house = House(LONG, actions=[give])
    case = house.opened()
    house.act(case, "raise", "clerk", HALF_PAST)
    assert fresh(case).holders == ["trial:lead"]
    assert clocks(case, "TR-02") == [("running", ["trial:lead"], "lead")]
    assert [f.clauses for f in facts("case.reassigned", case)] == [[]]


def test_a_case_that_is_over_is_nobodys_turn() -> None:
    house = House({**LIMIT, "until": "action.jot", "survives_close": True})
    case = house.opened()
    house.act(case, "solve", "clerk", NOON)
    house.act(case, "close", "clerk", NOON)
    fire_all(ONE)
    assert (fresh(case).holders, [f.payload["why"] for f in facts("case.not_reassigned", case)]) == ([], ["over"])


def test_told_by_the_clause_already_the_lead_is_not_told_twice() -> None:
    house = House({**LIMIT, "breach": [{"notify": "lead"}, {"reassign": "lead"}]})
    case = house.opened()
    fire_all(ONE)
    assert [to for _, to, _ in notices(case)] == [["trial:lead"]]
