"""What a gate refuses goes to the role the clause names, and where a route leads to nobody what the clause says follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.world import facts
from zhike.cases.actions import take_action
from zhike.cases.models import Case
from zhike.cases.refusals import Refused
from zhike.cases.tests.trial import NOON, House, fresh, notices
from zhike.duties.models import Obligation
from zhike.handbook.load import examine
from zhike.handbook.tests.folder import clause, with_clause, write
from zhike.handbook.tests.test_check import GATE
from zhike.handbook.unrun import unrun_of
from zhike.journal.models import Fact

pytestmark = pytest.mark.django_db
SENT = {
    "id": "TRY-01", "kind": "gate", "title": {"zh": "示例上报", "en": "Sample report"}, "on": "action.solve", "send_to": ["lead"],
    "requires": {"facts": {"actor.role": "lead"}}, "refuse": {"zh": "示例：交主管处理。", "en": "Sample: for the lead."},
}  # fmt: skip
ROUTE = {
    "id": "WAY-01", "kind": "route", "title": {"zh": "示例复核分派", "en": "Sample way"}, "on": "action.solve", "yields": "holder",
    "to": ["porter"], "otherwise": [{"notify": "lead"}, {"finding": "nobody_there"}],
}  # fmt: skip
CARRY = {"id": "carry", "title": "示例搬运", "by": "porter", "from": "check"}
OWED = {
    "id": "DUTY-01", "kind": "duty", "title": "示例安排", "owes": "action.jot", "holder": "chief", "within": "1h", "starts": "action.close",
}  # fmt: skip


def refuse(house: House, case: Case, by: str = "clerk") -> None:
    with pytest.raises(Refused):
        take_action(case.pk, "solve", {}, by=house.viewer(by), now=NOON)


def test_a_refused_case_goes_to_the_role_named_which_is_told_by_which_clause() -> None:
    house = House(SENT)
    case = house.opened()
    refuse(house, case)
    after = fresh(case)
    assert (after.stage, after.holders, after.given_to) == ("work", ["trial:lead"], ["lead"])
    assert notices(case) == [("TRY-01", ["trial:lead"], f"{case.number} 改由您处理，请接手。")]
    assert [fact.clauses for fact in facts("case.reassigned", case)] == [["TRY-01"]]
    house.act(case, "solve", "lead", NOON)
    assert fresh(case).stage == "check"


def test_of_several_roles_the_first_has_it_in_which_somebody_is() -> None:
    house = House({**SENT, "send_to": ["lead", "chief"], "requires": {"facts": {"actor.role": "x"}}}, without=["lead"])
    case = house.opened()
    refuse(house, case)
    assert fresh(case).holders == ["trial:chief"]


def test_where_nobody_is_it_stays_and_those_above_are_told() -> None:
    house = House(SENT, without=["lead"])
    case = house.opened()
    before = fresh(case).holders
    refuse(house, case)
    assert fresh(case).holders == before
    [(name, to, words)] = notices(case)
    assert (name, to) == ("TRY-01", ["trial:chief", "trial:lead"])
    assert "现在没有人能接" in words


def test_a_case_that_was_sent_on_stays_there_when_the_next_one_tries() -> None:
    house = House(SENT)
    case = house.opened()
    refuse(house, case)
    refuse(house, case)
    assert len(facts("case.reassigned", case)) == 1


def test_a_case_that_comes_to_a_role_without_anybody_is_reported_by_its_clause() -> None:
    house = House(ROUTE, actions=[CARRY], without=["porter"])
    case = house.opened()
    house.act(case, "solve", "clerk", NOON)
    after = fresh(case)
    assert (after.stage, after.holders) == ("check", ["trial:porter"])
    assert notices(case) == [
        ("WAY-01", ["trial:lead"], f"{case.number} 按“示例复核分派”到了“复核”，现在没有人能接。请安排人手。")
    ]
    assert [fact.payload["finding"] for fact in Fact.objects.filter(type="case.finding_made")] == ["nobody_there"]


def test_where_somebody_is_nothing_of_it_follows() -> None:
    house = House(ROUTE, actions=[CARRY])
    case = house.opened()
    house.act(case, "solve", "clerk", NOON)
    assert (notices(case), facts("case.finding_made", case)) == ([], [])


def test_the_work_can_go_to_others_then_and_a_duty_be_owed() -> None:
    house = House(
        {**ROUTE, "otherwise": [{"reassign": "lead"}, {"owe": "DUTY-01"}]}, OWED, actions=[CARRY], without=["porter"]
    )
    case = house.opened()
    house.act(case, "solve", "clerk", NOON)
    assert fresh(case).holders == ["trial:lead"]
    assert [row.clause for row in Obligation.objects.filter(subject_id=case.pk)] == ["DUTY-01"]


SAID = [
    ({"on": "action.finish", "send_to": ["agent"]}, []),
    ({"on": "conversation.accepting", "send_to": ["agent"]},
     ["工单转给岗位，会话转到队列；建立工单被拒绝时没有工单可转（send_to）。"]),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "said"), SAID)
def test_the_check_says_where_nothing_is_sent_on(tmp_path: Path, keys: dict[str, Any], said: list[str]) -> None:
    loaded = examine(write(tmp_path, clauses=with_clause(clause(GATE, **{"id": "S-06", **keys}))))
    assert loaded.book is not None
    assert [text.zh for text in unrun_of(loaded.book).get("S-06", ())] == said


def test_a_role_that_could_not_go_on_with_it_is_refused_by_the_check(tmp_path: Path) -> None:
    odd = clause(GATE, id="S-06", on="action.finish", requires={"facts": {"kind": "plain"}}, send_to=["customer"])
    codes = {one.code for one in examine(write(tmp_path, clauses=with_clause(odd))).errors}
    assert codes == {"reassign-cannot-act"}
