"""A form that may be finished later: saved without some of its fields, complete only with them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import at
from zhike.cases.queries import offered
from zhike.cases.refusals import Refused
from zhike.cases.tests.trial import NOON, House, clocks, fire_all, fresh

pytestmark = pytest.mark.django_db
LATER, THREE = at("2025-06-10 13:00"), at("2025-06-10 15:00")
REPORT: dict[str, Any] = {
    "id": "report", "title": {"zh": "示例报告", "en": "Sample report"}, "complete": ["cause", "proof"], "fields": [
        {"id": "found", "title": {"zh": "示例经过", "en": "Sample account"}, "type": "text", "required": True},
        {"id": "cause", "title": {"zh": "示例原因", "en": "Sample cause"}, "type": "text"},
        {"id": "proof", "title": {"zh": "示例证明", "en": "Sample proof"}, "type": "text", "absence": True},
    ],
}  # fmt: skip
WRITE: dict[str, Any] = {"id": "write", "title": "写报告", "by": "clerk", "from": ["work", "check"], "record": "report"}
WITHIN: dict[str, Any] = {
    "id": "RP-01", "kind": "deadline", "starts": "stage.work.entered", "until": "record.report.completed", "within": "2h",
    "holder": "clerk", "breach": [],
}  # fmt: skip
CLOSING: dict[str, Any] = {
    "id": "RP-02", "kind": "gate", "on": "action.close", "requires": {"facts": {"record.report.complete": True}},
    "refuse": {"zh": "报告写全才能办结。", "en": "Close it with a complete report."},
}  # fmt: skip
ON_COMPLETION: dict[str, Any] = {
    "id": "RP-03", "kind": "gate", "on": "record.report.complete", "requires": {"facts": {"actor.role": "lead"}},
    "refuse": {"zh": "报告由主管定稿。", "en": "The lead completes the report."},
}  # fmt: skip


def house(*clauses: dict[str, Any]) -> House:
    return House(*clauses, actions=[{**WRITE, "by": ["clerk", "lead"]}], records=[REPORT])


def test_it_is_saved_without_them_and_the_limit_runs_on_until_it_is_complete() -> None:
    trial = house(WITHIN)
    case = trial.opened()
    trial.act(case, "write", "clerk", NOON, found="示例", cause="")
    assert fresh(case).data["report"] == {"found": "示例"}
    assert clocks(case, "RP-01")[0][0] == "running"
    trial.act(case, "write", "clerk", LATER, found="示例", cause="示例", proof="示例")
    assert clocks(case, "RP-01")[0][0] == "kept"


def test_half_a_form_does_not_keep_a_limit() -> None:
    trial = house(WITHIN)
    case = trial.opened()
    trial.act(case, "write", "clerk", NOON, found="示例", cause="示例")
    fire_all(THREE)
    assert clocks(case, "RP-01")[0][0] == "overdue"


def test_a_reason_for_not_having_it_makes_it_complete_too() -> None:
    trial = house(WITHIN)
    case = trial.opened()
    trial.act(case, "write", "clerk", LATER, found="示例", cause="示例", proof__absent="示例：没有")
    assert clocks(case, "RP-01")[0][0] == "kept"


def test_what_asks_for_the_complete_form_says_which_fields_it_lacks() -> None:
    trial = house(CLOSING)
    case = trial.opened()
    trial.act(case, "solve", "clerk", NOON)

    def told() -> tuple[str, str, str]:
        with pytest.raises(Refused) as refused:
            trial.act(case, "close", "clerk", LATER)
        [reason] = refused.value.reasons
        return reason.words.zh, reason.words.en, reason.clause

    assert told() == (
        "报告写全才能办结。“示例报告”还没有填。",
        "Close it with a complete report. “Sample report” was not filled yet.",
        "RP-02",
    )
    trial.act(case, "write", "clerk", NOON, found="示例")
    assert told() == (
        "报告写全才能办结。“示例报告”还缺：示例原因、示例证明。",
        "Close it with a complete report. “Sample report” still lacks: Sample cause, Sample proof.",
        "RP-02",
    )
    offer = next(o for o in offered(fresh(case), trial.viewer("clerk")) if o.action.id == "close")
    assert offer.why is not None
    assert offer.why.zh == "报告写全才能办结。“示例报告”还缺：示例原因、示例证明。"
    trial.act(case, "write", "clerk", LATER, found="示例", cause="示例", proof="示例")
    trial.act(case, "close", "clerk", LATER)
    assert fresh(case).stage == "over"


def test_a_gate_on_completion_is_asked_when_nothing_is_lacking_any_more() -> None:
    trial = house(ON_COMPLETION)
    case = trial.opened()
    trial.act(case, "write", "clerk", NOON, found="示例", cause="示例")
    with pytest.raises(Refused) as refused:
        trial.act(case, "write", "clerk", LATER, found="示例", cause="示例", proof="示例")
    assert refused.value.clauses == ["RP-03"]
    trial.act(case, "write", "lead", LATER, found="示例", cause="示例", proof="示例")
    assert fresh(case).data["report"]["proof"] == "示例"
