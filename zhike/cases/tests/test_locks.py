"""Fields of a case's forms that stay as they stand: those others fill, those a clause says are written once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import at
from zhike.cases.actions import open_case
from zhike.cases.locks import locks_of
from zhike.cases.models import Case
from zhike.cases.refusals import Refused, Unreadable
from zhike.cases.tests.trial import NOON, House, fresh
from zhike.journal.models import ClauseUse

pytestmark = pytest.mark.django_db
LATER = at("2025-06-10 13:00")
SURVEY: dict[str, Any] = {
    "id": "survey", "title": "示例核对单", "fields": [
        {"id": "count", "title": {"zh": "示例件数", "en": "Sample count"}, "type": "int", "required": True},
        {"id": "remark", "title": {"zh": "示例异议", "en": "Sample objection"}, "type": "text"},
        {"id": "sum", "title": {"zh": "示例核定金额", "en": "Sample sum"}, "type": "money", "required": True, "fills": ["lead"]},
    ],
}  # fmt: skip
CHECK: list[dict[str, Any]] = [
    {"id": "check", "title": "核对", "by": ["clerk", "lead"], "from": ["work", "check"], "record": "survey"},
    {
        "id": "again",
        "title": "再来一轮",
        "by": "clerk",
        "from": ["work", "check"],
        "record": "survey",
        "new_round": True,
    },
]
ONCE = {
    "id": "ONE-01", "kind": "visibility", "of": "record.survey", "fields": ["count"], "write_once": True,
    "refuse": {"zh": "示例件数填后不改。", "en": "The count stays."},
}  # fmt: skip


def house(*clauses: dict[str, Any]) -> House:
    return House(*clauses, actions=CHECK, records=[SURVEY])


def kept(case: Case) -> dict[str, Any]:
    found = fresh(case).data["survey"]
    return dict(found)


def test_a_field_another_role_fills_is_refused_by_name_and_asked_of_nobody_else() -> None:
    trial = house()
    case = trial.opened()
    with pytest.raises(Unreadable) as refused:
        trial.act(case, "check", "clerk", NOON, count=3, sum="20")
    assert [(reason.words.zh, reason.fields) for reason in refused.value.reasons] == [
        ("“示例核定金额”由示例主管填写，您不能改动。", ("sum",))
    ]
    trial.act(case, "check", "clerk", NOON, count=3)
    assert kept(case) == {"count": 3}


def test_what_the_role_filled_in_stays_when_others_fill_the_form_again() -> None:
    trial = house()
    case = trial.opened()
    trial.act(case, "check", "lead", NOON, count=3, sum="20")
    trial.act(case, "check", "clerk", LATER, count=4)
    assert kept(case) == {"count": 4, "sum": "20.00"}
    trial.act(case, "check", "clerk", LATER, count=5, sum="20.00")
    assert kept(case) == {"count": 5, "sum": "20.00"}
    with pytest.raises(Unreadable):
        trial.act(case, "check", "clerk", LATER, count=5, sum="21.00")


def test_who_opens_a_case_leaves_to_others_what_they_fill() -> None:
    form = {"id": "begin", "title": "示例另行登记", "by": "clerk", "record": "survey", "to": "work"}
    trial = House(actions=[form], records=[SURVEY])
    with pytest.raises(Unreadable):
        open_case(trial.version, "order", "begin", {"count": 1, "sum": "5"}, by=trial.viewer("clerk"), now=NOON)
    case = open_case(trial.version, "order", "begin", {"count": 1}, by=trial.viewer("clerk"), now=NOON)
    assert kept(case) == {"count": 1}


def test_what_is_written_once_nobody_changes_and_the_refusal_names_the_clause() -> None:
    trial = house(ONCE)
    case = trial.opened()
    trial.act(case, "check", "lead", NOON, count=3, sum="20")
    with pytest.raises(Refused) as refused:
        trial.act(case, "check", "lead", LATER, count=4, sum="30")
    assert [(r.words.zh, r.clause, r.fields) for r in refused.value.reasons] == [
        ("示例件数填后不改。", "ONE-01", ("count",))
    ]
    use = ClauseUse.objects.get(clause="ONE-01")
    assert (use.outcome, use.subject_id) == ("refused", case.pk)
    assert kept(case) == {"count": 3, "sum": "20.00"}


def test_a_disagreement_is_written_beside_what_was_written_once() -> None:
    trial = house(ONCE)
    case = trial.opened()
    trial.act(case, "check", "lead", NOON, count=3, sum="20")
    trial.act(case, "check", "lead", LATER, remark="示例：数出来是四件", sum="30")
    assert kept(case) == {"count": 3, "remark": "示例：数出来是四件", "sum": "30.00"}


def test_a_clause_without_fields_holds_the_whole_form_and_what_is_empty_can_still_be_filled() -> None:
    trial = house({**ONCE, "fields": []})
    case = trial.opened()
    trial.act(case, "check", "clerk", NOON, count=3)
    trial.act(case, "check", "lead", LATER, sum="20", remark="示例")
    assert kept(case) == {"count": 3, "remark": "示例", "sum": "20.00"}
    with pytest.raises(Refused):
        trial.act(case, "check", "lead", LATER, sum="21")


def test_what_was_written_once_cannot_be_emptied_either() -> None:
    trial = house(ONCE)
    case = trial.opened()
    trial.act(case, "check", "clerk", NOON, count=3)
    with pytest.raises(Refused):
        trial.act(case, "check", "clerk", LATER, count="")
    assert kept(case) == {"count": 3}


def test_a_new_round_is_filled_in_anew() -> None:
    trial = house(ONCE)
    case = trial.opened()
    trial.act(case, "check", "clerk", NOON, count=3)
    trial.act(case, "again", "clerk", LATER, count=4)
    assert kept(case) == {"count": 4}
    with pytest.raises(Refused):
        trial.act(case, "check", "clerk", LATER, count=5)


def test_the_form_of_the_page_knows_which_fields_stay_for_whom() -> None:
    trial = house(ONCE)
    case = trial.opened()
    trial.act(case, "check", "lead", NOON, count=3, sum="20")
    action = trial.book.action("order", "check")
    of = {who: locks_of(trial.book, "order", action, trial.viewer(who), fresh(case)) for who in ("clerk", "lead")}
    assert {who: {name: lock.clause for name, lock in locks.items()} for who, locks in of.items()} == {
        "clerk": {"sum": "", "count": "ONE-01"}, "lead": {"count": "ONE-01"},
    }  # fmt: skip
