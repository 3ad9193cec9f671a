"""Forms that occur once: for what their text says, whichever case they are filled on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import at
from zhike.cases.models import Case
from zhike.cases.refusals import Unreadable
from zhike.cases.tests.trial import NOON, House, fresh
from zhike.cases.undo import undo_deed
from zhike.records.actions import empty_fillings
from zhike.records.models import Filling, Occurrence

pytestmark = pytest.mark.django_db
LATER, JULY = at("2025-06-10 13:00"), at("2025-07-01 09:00")
MARK: list[dict[str, Any]] = [
    {"id": "mark", "title": "考核", "by": ["clerk", "porter"], "from": ["work", "check"], "record": "mark"}
]


def house(*unique: list[str], **more: Any) -> House:
    fields = [
        {"id": "who", "title": {"zh": "示例员工", "en": "Sample employee"}, "type": "string"},
        {"id": "year", "title": {"zh": "示例年度", "en": "Sample year"}, "type": "int"},
        {"id": "score", "title": "示例分数", "type": "int"},
    ]
    record = {
        "id": "mark",
        "title": {"zh": "示例考核", "en": "Sample mark"},
        "fields": fields,
        "unique": list(unique),
        **more,
    }
    return House(actions=MARK, records=[record])


def refused(trial: House, case: Case, now: Any = LATER, by: str = "clerk", **values: Any) -> list[str]:
    with pytest.raises(Unreadable) as error:
        trial.act(case, "mark", by, now, **values)
    return [reason.words.zh for reason in error.value.reasons]


def test_a_second_one_is_refused_on_another_case_and_names_the_one_that_has_it() -> None:
    trial = house(["who", "year"])
    one, two = trial.opened(), trial.opened()
    trial.act(one, "mark", "clerk", NOON, who="示例甲", year=2025, score=80)
    assert refused(trial, two, who="示例甲", year=2025, score=90) == [
        f"“示例考核”按“示例员工、示例年度”只能有一份，{one.number}已经有了；请在那里更正。"
    ]
    assert (Filling.objects.filter(record="mark").count(), "mark" in fresh(two).data) == (1, False)
    trial.act(two, "mark", "clerk", LATER, who="示例甲", year=2026, score=90)
    trial.act(two, "mark", "clerk", LATER, who="示例乙", year=2025, score=90)


def test_a_correction_on_the_same_case_is_no_second_one_and_frees_what_was_wrong() -> None:
    trial = house(["who", "year"])
    one, two = trial.opened(), trial.opened()
    trial.act(one, "mark", "clerk", NOON, who="示例甲", year=2025, score=80)
    trial.act(one, "mark", "clerk", NOON, who="示例甲", year=2025, score=85)
    trial.act(one, "mark", "clerk", NOON, who="示例乙", year=2025, score=85)
    trial.act(two, "mark", "clerk", LATER, who="示例甲", year=2025, score=90)
    assert len(refused(trial, two, who="示例乙", year=2025)) == 1


def test_what_was_undone_is_free_again() -> None:
    trial = house(["who", "year"])
    one, two = trial.opened(), trial.opened()
    trial.act(one, "mark", "clerk", NOON, who="示例甲", year=2025)
    undo_deed(one.pk, by=trial.viewer("clerk"), now=NOON)
    trial.act(two, "mark", "clerk", LATER, who="示例甲", year=2025)


def test_what_lacks_one_of_its_parts_is_no_second_one() -> None:
    trial = house(["who", "year"])
    one, two = trial.opened(), trial.opened()
    trial.act(one, "mark", "clerk", NOON, who="示例甲")
    trial.act(two, "mark", "clerk", NOON, who="示例甲")
    assert Occurrence.objects.count() == 0


def test_once_a_case_is_once_there_and_a_correction_is_refused_too() -> None:
    trial = house(["case"])
    one, two = trial.opened(), trial.opened()
    trial.act(one, "mark", "clerk", NOON, score=80)
    trial.act(two, "mark", "clerk", NOON, score=80)
    assert refused(trial, one, score=90) == [
        f"“示例考核”按“工单或会话”只能有一份，{one.number}已经有了；请在那里更正。"
    ]


def test_once_a_case_means_once_whole() -> None:
    trial = house(["case"], complete=["score"])
    case = trial.opened()
    trial.act(case, "mark", "clerk", NOON, who="示例甲")
    trial.act(case, "mark", "clerk", LATER, who="示例甲", score=80)
    assert len(refused(trial, case, who="示例甲", score=90)) == 1


def test_once_a_customer_and_quarter() -> None:
    trial = house(["customer", "calendar_quarter"])
    one, two, other = (trial.opened(phone=number) for number in ("13800000001", "13800000001", "13800000002"))
    trial.act(one, "mark", "clerk", NOON, score=80)
    trial.act(other, "mark", "clerk", NOON, score=80)
    assert len(refused(trial, two, score=90)) == 1
    trial.act(two, "mark", "clerk", JULY, score=90)


def test_who_may_not_see_the_case_that_has_it_is_not_told_which() -> None:
    trial = house(["who"])
    one, two = trial.opened(), trial.opened()
    trial.act(one, "mark", "clerk", NOON, who="示例甲")
    Case.objects.filter(pk=one.pk).update(audience=["staff:0"])
    assert refused(trial, two, by="porter", who="示例甲") == [
        "“示例考核”按“示例员工”只能有一份，另一处已经有了；请在那里更正。"
    ]


def test_what_was_deleted_when_its_time_was_over_is_free_and_leaves_no_digest() -> None:
    trial = house(["who"])
    one, two = trial.opened(), trial.opened()
    trial.act(one, "mark", "clerk", NOON, who="示例甲")
    empty_fillings("case", one.pk)
    assert Occurrence.objects.count() == 0
    trial.act(two, "mark", "clerk", LATER, who="示例甲")
