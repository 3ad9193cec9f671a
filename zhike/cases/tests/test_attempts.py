"""What a gate refuses is not done, and what the clause says of the attempt stays: once, about whoever tried."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.world import facts
from zhike.cases.actions import open_case, take_action
from zhike.cases.bulk import BulkRefused, Picked, take_on_all
from zhike.cases.merging import merge_cases
from zhike.cases.models import Case
from zhike.cases.queries import offered
from zhike.cases.refusals import Refused
from zhike.cases.tests.trial import NOON, PARTS, House, clocks, fire_all, fresh, notices
from zhike.duties.models import Obligation
from zhike.handbook.load import examine
from zhike.handbook.tests.folder import clause, with_clause, write
from zhike.handbook.tests.test_check import GATE
from zhike.handbook.unrun import unrun_of
from zhike.journal.models import Fact
from zhike.notices.models import Notice
from zhike.org.principals import ANONYMOUS_VIEWER, SYSTEM_VIEWER

pytestmark = pytest.mark.django_db
SIGNED = {
    "id": "TRY-01", "kind": "gate", "title": {"zh": "示例本人签收", "en": "Sample own signature"}, "on": "action.solve",
    "requires": {"facts": {"case.taken.jot": {"gte": 1}}}, "refuse": {"zh": "示例：先补记。", "en": "Sample: jot it down first."},
}  # fmt: skip
FINE = {
    "id": "PEN-01", "kind": "sanction", "title": "示例处理", "on": "finding.proxy_signature", "person": "actor.principal",
    "count": {"per": ["person"], "within": "calendar_year"}, "tiers": [{"from": 1, "fine": 20}, {"from": 2, "fine": 50, "replaces": True}],
    "confirm": {"role": "chief"},
}  # fmt: skip
OWED = {
    "id": "DUTY-01", "kind": "duty", "title": "示例补办", "owes": "action.jot", "holder": "lead", "within": "1h",
    "starts": "action.close",
}  # fmt: skip
TRIED = "示例lead要办“处理完”，按“示例本人签收”没有办成。"


def gated(*more: dict[str, Any], **gate: Any) -> House:
    return House({**SIGNED, **gate}, *more)


def tried(house: House, case: Case, by: str = "lead", **more: Any) -> None:
    with pytest.raises(Refused):
        take_action(case.pk, "solve", {}, by=house.viewer(by), now=NOON, **more)


def findings() -> list[tuple[str, str, list[str]]]:
    rows = Fact.objects.filter(type="case.finding_made").order_by("id")
    return [(row.payload["finding"], row.payload["person"], row.clauses) for row in rows]


def test_a_refused_attempt_leaves_its_finding_and_the_case_as_it_was() -> None:
    house = gated(finding="proxy_signature")
    case = house.opened()
    before = fresh(case)
    tried(house, case)
    after = fresh(case)
    assert findings() == [("proxy_signature", house.viewer("lead").principal, ["TRY-01"])]
    assert (after.stage, after.version, after.data, after.tally) == ("work", before.version, before.data, before.tally)
    assert [fact.actor for fact in facts("case.refused", case)] == [house.viewer("lead").principal]


def test_the_finding_drafts_the_sanction_about_whoever_tried_and_counts_him_alone() -> None:
    house = gated(FINE, finding="proxy_signature")
    case = house.opened()
    for by in ("lead", "clerk", "lead"):
        tried(house, case, by)
    drafts = [(fact.payload["person"], fact.payload["count"]) for fact in facts("sanction.drafted", case)]
    lead, clerk = house.viewer("lead").principal, house.viewer("clerk").principal
    assert drafts == [(lead, 1), (clerk, 1), (lead, 2)]


def test_the_same_press_sent_again_leaves_nothing_more() -> None:
    house = gated(finding="proxy_signature", effects=[{"notify": "chief"}])
    case = house.opened()
    for key in ("press-1", "press-1", "press-2"):
        tried(house, case, key=key)
    assert len(findings()) == 2
    assert len([one for one in notices(case) if one[0] == "TRY-01"]) == 2


def test_the_same_key_of_somebody_else_is_a_press_of_his_own() -> None:
    house = gated(finding="proxy_signature")
    case = house.opened()
    tried(house, case, "lead", key="press-1")
    tried(house, case, "clerk", key="press-1")
    assert [person for _, person, _ in findings()] == [house.viewer("lead").principal, house.viewer("clerk").principal]


def test_whoever_is_named_is_told_who_tried_what_and_by_which_clause() -> None:
    house = gated(effects=[{"notify": ["superior", "holder"]}])
    case = house.opened()
    tried(house, case)
    [(name, to, words)] = notices(case)
    assert (name, words) == ("TRY-01", f"{case.number}：{TRIED}")
    assert to == [house.viewer("lead").principal, "trial:chief"]


def test_a_duty_is_owed_because_of_it_and_stays() -> None:
    house = gated(OWED, effects=[{"owe": "DUTY-01"}])
    case = house.opened()
    tried(house, case)
    assert [row.clause for row in Obligation.objects.filter(subject_id=case.pk)] == ["DUTY-01"]


def test_an_effect_with_a_condition_sees_who_tried() -> None:
    house = gated(effects=[{"notify": "chief", "when": {"actor.role": "clerk"}}])
    case = house.opened()
    tried(house, case, "lead")
    assert notices(case) == []
    tried(house, case, "clerk")
    assert [one[0] for one in notices(case)] == ["TRY-01"]


def test_asking_what_may_be_done_leaves_nothing() -> None:
    house = gated(finding="proxy_signature", effects=[{"notify": "chief"}])
    case = house.opened()
    [offer] = [one for one in offered(case, house.viewer("lead")) if one.action.id == "solve"]
    assert (offer.allowed, offer.clauses) == (False, ("TRY-01",))
    assert (findings(), notices(case)) == ([], [])


def test_what_is_allowed_leaves_nothing() -> None:
    house = gated(finding="proxy_signature", effects=[{"notify": "chief"}])
    case = house.opened()
    house.act(case, "jot", "clerk", NOON)
    house.act(case, "solve", "lead", NOON)
    assert (findings(), notices(case)) == ([], [])


def test_what_the_product_tries_by_itself_leaves_nothing() -> None:
    gate = {**SIGNED, "on": "action.remind", "finding": "proxy_signature", "effects": [{"notify": "chief"}]}
    house = House(gate, actions=[{"id": "remind", "title": "示例提醒", "by": "system", "from": "work"}])
    case = house.opened()
    with pytest.raises(Refused):
        take_action(case.pk, "remind", {}, by=SYSTEM_VIEWER, now=NOON)
    assert (findings(), notices(case)) == ([], [])


def test_a_limit_runs_out_although_a_gate_refuses_what_the_product_does_then() -> None:
    limit = {
        "kind": "deadline", "id": "TR-01", "starts": "stage.work.entered", "until": "action.solve", "within": "30m", "holder": "clerk",
        "breach": ["mark_overdue", {"act": "remind"}, {"notify": "lead"}],
    }  # fmt: skip
    house = House(
        limit,
        {**SIGNED, "on": "action.remind"},
        actions=[{"id": "remind", "title": "示例提醒", "by": "system", "from": "work"}],
    )
    case = house.opened()
    fire_all(NOON + dt.timedelta(hours=1))
    assert [one[0] for one in clocks(case, "TR-01")] == ["overdue"]
    assert [one[0] for one in notices(case)] == ["TR-01"]
    assert [fact.clauses for fact in facts("case.refused", case)] == [["TRY-01"]]


def test_a_case_that_does_not_come_about_leaves_the_finding_all_the_same() -> None:
    asks = {"requires": {"fields": ["waybill_no"]}, "on": "action.register", "finding": "no_waybill"}
    house = gated(**asks, effects=[{"notify": ["superior", "chief"]}])
    with pytest.raises(Refused):
        house.opened()
    assert Case.objects.count() == 0
    assert findings() == [("no_waybill", house.viewer("clerk").principal, ["TRY-01"])]
    [row] = Notice.objects.all()
    assert row.words["zh"] == "示例clerk要办“登记”，按“示例本人签收”没有办成。"
    assert row.to == ["trial:chief", "trial:lead"]


def test_a_case_about_whoever_tried_can_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    record = {
        "id": "talk", "title": "示例谈话", "fields": [
            {"id": "person", "title": "示例当事人", "type": "staff", "prefill": "person_concerned"},
            {"id": "why", "title": "示例起因", "type": "string", "prefill": "finding"},
        ],
    }  # fmt: skip
    process = {
        "id": "talking", "title": "示例谈话", "number": "T{yymmdd}-{seq}", "record": "talk",
        "stages": [{"id": "due", "title": "待谈", "holder": "chief"}, {"id": "over", "title": "已谈", "final": True}],
        "actions": [
            {"id": "call_in", "title": "约谈", "by": "system", "record": "talk", "to": "due"},
            {"id": "finish", "title": "谈完", "by": "chief", "from": "due", "to": "over"},
        ],
    }  # fmt: skip
    monkeypatch.setitem(PARTS, "records", [*PARTS["records"], record])
    monkeypatch.setitem(PARTS, "processes", [*PARTS["processes"], process])
    house = gated(finding="proxy_signature", effects=[{"opens": "talking"}])
    order = house.opened()
    tried(house, order)
    [talk] = Case.objects.filter(process="talking")
    assert talk.parent_id == order.pk
    assert talk.data["talk"] == {"person": house.people["lead"].pk, "why": "proxy_signature"}


def test_a_batch_leaves_one_for_each_case_that_refused_it() -> None:
    house = gated(finding="proxy_signature")
    cases = [house.opened(), house.opened()]
    picked = [Picked(case.number, case.version) for case in cases]
    for _ in range(2):
        with pytest.raises(BulkRefused):
            take_on_all(picked, "solve", {}, by=house.viewer("lead"), now=NOON, key="press-1")
    assert sorted(row.subject_id for row in Fact.objects.filter(type="case.finding_made")) == [
        case.pk for case in cases
    ]


def test_a_merge_that_a_gate_refuses_leaves_its_finding() -> None:
    house = gated(on="case.merged", finding="hasty_merge")
    kept, dropped = house.opened(phone="13800000001"), house.opened(phone="13800000001")
    with pytest.raises(Refused):
        merge_cases(dropped.pk, kept.pk, by=house.viewer("clerk"), now=NOON)
    assert findings() == [("hasty_merge", house.viewer("clerk").principal, ["TRY-01"])]


def test_a_customer_leaves_no_finding_but_the_rest_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    register = {**PARTS["processes"][0]["actions"][0], "by": ["clerk", "customer"]}
    actions = [register, *PARTS["processes"][0]["actions"][1:]]
    monkeypatch.setitem(PARTS, "processes", [{**PARTS["processes"][0], "actions": actions}])
    asks = {"requires": {"fields": ["waybill_no"]}, "on": "action.register", "finding": "no_waybill"}
    house = gated(**asks, effects=[{"notify": "lead"}])
    with pytest.raises(Refused):
        open_case(house.version, "order", "register", {}, by=ANONYMOUS_VIEWER, now=NOON)
    assert findings() == []
    assert [row.words["zh"] for row in Notice.objects.all()] == ["顾客要办“登记”，按“示例本人签收”没有办成。"]


SAID = [
    ({"finding": "hasty"}, []),
    ({"effects": [{"notify": "boss"}, {"owe": "S-05"}]}, []),
    ({"effects": [{"requeue": "head"}]}, ["被拒绝后，这些后果办不到：requeue。"]),
    ({"finding": "hasty", "otherwise": "flag"}, ["这条准入不拒绝（flag、skip），finding、effects 和 send_to 不会发生。"]),
    ({"finding": "hasty", "on": "export.cases"}, ["“export.cases”被拒绝后，finding、effects 和 send_to 不会发生。"]),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "said"), SAID)
def test_the_check_says_what_of_it_never_comes_about(tmp_path: Path, keys: dict[str, Any], said: list[str]) -> None:
    odd = clause(GATE, **{"id": "S-06", "on": "action.finish", **keys})
    loaded = examine(write(tmp_path, clauses=with_clause(odd)))
    assert loaded.book is not None
    assert [text.zh for text in unrun_of(loaded.book).get("S-06", ())] == said
