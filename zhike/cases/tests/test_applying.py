"""Where one clause says that others follow (`apply`) they do: a sanction is drafted, a duty is owed, a limit begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.world import at, facts
from zhike.cases.refusals import Refused
from zhike.cases.tests.trial import NOON, House, clocks, fire_all
from zhike.duties.models import Obligation
from zhike.handbook.load import examine
from zhike.handbook.tests.folder import clause, with_clause, write
from zhike.handbook.tests.test_check import LIMIT as LIMIT_OF_FOLDER
from zhike.handbook.unrun import unrun_of

pytestmark = pytest.mark.django_db
ONE, TWO = at("2025-06-10 13:00"), at("2025-06-10 14:00")
FIRST: dict[str, Any] = {
    "kind": "deadline", "id": "TR-01", "starts": "stage.work.entered", "until": "action.solve", "within": "30m", "holder": "clerk",
}  # fmt: skip
SECOND: dict[str, Any] = {
    "kind": "deadline", "id": "TR-02", "starts": "action.close", "until": "action.jot", "within": "1h", "holder": "lead", "breach": [],
}  # fmt: skip
OWED: dict[str, Any] = {
    "kind": "duty", "id": "TR-03", "title": "示例补办", "owes": "action.jot", "holder": "lead", "within": "1h", "starts": "action.close",
    "missed": [],
}  # fmt: skip
FINE: dict[str, Any] = {
    "kind": "sanction", "id": "TR-04", "on": "finding.never", "person": "case.owner", "tiers": [{"from": 1, "fine": 20}],
    "confirm": {"role": "chief"},
}  # fmt: skip


def late(*follows: str, **keys: Any) -> dict[str, Any]:
    return {**FIRST, "breach": [{"apply": list(follows), **keys}]}


def owed() -> list[str]:
    return list(Obligation.objects.order_by("id").values_list("clause", flat=True))


def test_a_limit_that_ran_out_begins_another_makes_a_duty_owed_and_drafts_a_sanction() -> None:
    house = House(late("TR-02", "TR-03", "TR-04"), SECOND, OWED, FINE)
    case = house.opened()
    assert (clocks(case, "TR-02"), owed(), facts("sanction.drafted", case)) == ([], [], [])
    fire_all(at("2025-06-10 12:31"))
    assert clocks(case, "TR-02") == [("running", ["trial:lead"], "lead")]
    assert owed() == ["TR-03"]
    assert [fact.clauses for fact in facts("sanction.drafted", case)] == [["TR-04"]]


def test_the_limit_counts_from_the_moment_the_first_one_ran_out() -> None:
    house = House(late("TR-02"), SECOND)
    case = house.opened()
    fire_all(at("2025-06-10 13:29"))
    assert [one[0] for one in clocks(case, "TR-02")] == ["running"]
    fire_all(at("2025-06-10 13:31"))
    assert [one[0] for one in clocks(case, "TR-02")] == ["overdue"]


def test_what_is_applied_keeps_a_condition_of_its_own() -> None:
    never = {"when": {"waybill_no": "YD-1"}}
    house = House(late("TR-02", "TR-03", "TR-04"), {**SECOND, **never}, {**OWED, **never}, {**FINE, **never})
    case = house.opened(waybill_no="YD-2")
    fire_all(ONE)
    assert (clocks(case, "TR-02"), owed(), facts("sanction.drafted", case)) == ([], [], [])


def test_on_a_case_that_is_over_only_what_outlives_it_begins() -> None:
    first = {**late("TR-02", "TR-03"), "survives_close": True, "until": "action.jot"}
    house = House(
        first, {**SECOND, "survives_close": True, "starts": "stage.over.left"}, {**OWED, "starts": "stage.over.left"}
    )
    case = house.opened()
    house.act(case, "solve", "clerk", NOON)
    house.act(case, "close", "clerk", NOON)
    fire_all(ONE)
    assert ([one[0] for one in clocks(case, "TR-02")], owed()) == (["running"], [])


def test_a_condition_of_the_effect_is_asked_first() -> None:
    house = House(late("TR-03", when={"waybill_no": "YD-1"}), OWED)
    house.opened(waybill_no="YD-2")
    house.opened(waybill_no="YD-1")
    fire_all(ONE)
    assert owed() == ["TR-03"]


def test_a_refused_attempt_can_begin_a_limit_too_and_one_that_runs_runs_on() -> None:
    gate = {
        "id": "TR-05", "kind": "gate", "on": "action.solve", "requires": {"facts": {"case.taken.jot": {"gte": 1}}},
        "refuse": {"zh": "示例", "en": "Sample"}, "effects": [{"apply": "TR-02"}],
    }  # fmt: skip
    house = House(gate, SECOND)
    case = house.opened()
    for moment in (NOON, ONE):
        with pytest.raises(Refused):
            house.act(case, "solve", "clerk", moment)
    assert clocks(case, "TR-02") == [("running", ["trial:lead"], "lead")]


def test_the_check_refuses_what_has_nothing_to_begin(tmp_path: Path) -> None:
    odd = clause(LIMIT_OF_FOLDER, id="S-06", breach=[{"apply": "S-01"}])
    loaded = examine(write(tmp_path, clauses=with_clause(odd, without=("S-04",))))
    assert {one.code for one in loaded.errors} == {"apply-nothing"}


def test_the_check_says_that_nothing_is_applied_in_a_conversation(tmp_path: Path) -> None:
    talk = {"starts": "conversation.asked", "until": "conversation.answered", "breach": [{"apply": "S-07"}]}
    odd, other = clause(LIMIT_OF_FOLDER, id="S-06", **talk), clause(LIMIT_OF_FOLDER, id="S-07", breach=[])
    loaded = examine(write(tmp_path, clauses=[*with_clause(odd, without=("S-04",)), other]))
    assert loaded.book is not None
    said = [text.zh for text in unrun_of(loaded.book)["S-06"]]
    assert said == ["只记录、不自动执行：接着适用其他条款（只在工单上办得到）。"]
