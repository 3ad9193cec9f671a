"""What the repair franchise's people do on their pages, form by form: a finding of responsibility, more time, an appeal in time and too
late, a customer who disputes the outcome, a penalty. The rules themselves are rehearsed; here each page takes, refuses and tells.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from zhike.cases.models import Case
from zhike.cases.queries import offered
from zhike.clocks.actions import fire_due
from zhike.clocks.models import Clock
from zhike.lib import clock
from zhike.org.models import HandbookVersion
from zhike.web.case_page.page import new_key
from zhike.web.tests.franchise import Franchise

DONE, REFUSED = HTTPStatus.FOUND, HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.fixture
def house(db: None) -> Iterator[Franchise]:
    made = Franchise()
    before = clock.install(made.read)
    yield made
    clock.install(before)


@pytest.fixture
def case(house: Franchise) -> Case:
    """With the franchise store, which has it in its hands."""
    return house.sent("franchise-1", "示例：收费比报价多")


def moment(house: Franchise, **later: int) -> str:
    """As a field for a moment sends it."""
    return (house.now + dt.timedelta(**later)).strftime("%Y-%m-%dT%H:%M")


def post(house: Franchise, case: Case, who: str, action: str, **values: Any) -> tuple[int, str]:
    """Fill the action's form in and send it; the status and the page that came back."""
    browser: Client = house.signed_in(who)
    address = f"/cases/{case.number}/actions/{action}"
    form = browser.get(address)
    assert form.status_code == HTTPStatus.OK, (action, form.status_code)
    answer = browser.post(address, {"seen": form.context["form"].seen, **values})
    return answer.status_code, answer.content.decode()


def test_nobody_is_asked_for_what_the_product_counts(house: Franchise) -> None:
    """Which complaint alike it is stands in the same form; what somebody typed there would be thrown away."""
    form = house.signed_in("agent1").get("/desk/new/repair-franchise/complaint_case/register").content.decode()
    assert ('name="customer_name"' in form, 'name="occurrence"' in form) == (True, False)


def stage(case: Case) -> str:
    case.refresh_from_db()
    return case.stage


def notices(house: Franchise, who: str) -> str:
    return house.signed_in(who).get("/notices").content.decode()


def due(clause: str) -> dt.datetime:
    at = Clock.objects.get(clause=clause, state="running").due_at
    assert at is not None
    return at


def test_responsibility_stays_open_until_it_is_found(house: Franchise) -> None:
    made = house.handed_over("franchise-1")
    open_yet = {"verification": "示例：等单据", "liability": "pending"}
    assert post(house, made, "specialist1", "judge", **open_yet)[0] == DONE
    assert stage(made) == "with_specialist"
    status, page = post(house, made, "specialist1", "judge", verification="示例：不符", liability="store", unit_id="")
    assert status == REFUSED
    assert "责任单位" in page
    found = {"verification": "示例：不符", "liability": "store", "unit_id": str(house.departments["franchise-1"].pk)}
    assert post(house, made, "specialist1", "judge", **found)[0] == DONE
    assert stage(made) == "to_dispatch"


def test_the_store_is_told_and_another_store_is_kept_out(house: Franchise, case: Case) -> None:
    assert f"投诉 {case.number} 已下发" in notices(house, "fhead1")
    assert case.number not in notices(house, "fhead2")
    assert house.signed_in("fhead2").get(f"/cases/{case.number}").status_code == HTTPStatus.FORBIDDEN


def test_more_time_is_at_most_three_days_and_needs_its_reason(house: Franchise, case: Case) -> None:
    house.now += dt.timedelta(hours=40)
    told = moment(house, minutes=-1)
    asked = {"reason": "示例：等对账", "customer_notified_at": told}
    status, page = post(house, case, "fhead1", "request_extension", **asked, new_due_at=moment(house, hours=8 + 73))
    assert status == REFUSED
    assert "EXT-01" in page
    assert "示例：等对账" in page
    status, page = post(house, case, "fhead1", "request_extension", new_due_at=moment(house, hours=20), reason="")
    assert status == REFUSED
    assert "延长理由" in page
    assert post(house, case, "fhead1", "request_extension", **asked, new_due_at=moment(house, hours=8 + 72))[0] == DONE
    assert due("STO-02") == house.now + dt.timedelta(hours=80)


def test_an_appeal_in_time_is_ruled_on_and_the_store_hears_of_it(house: Franchise, case: Case) -> None:
    objection = {"ground": "not_ours", "found_at": moment(house, minutes=-1)}
    assert post(house, case, "fhead1", "object", **objection)[0] == DONE
    status, page = post(house, case, "fhead1", "appeal", statement="")
    assert status == REFUSED
    assert "APP-01" in page
    assert post(house, case, "fhead1", "appeal", statement="示例：派单在乙店")[0] == DONE
    assert stage(case) == "appeal_filed"
    story = house.signed_in("fhead1").get(f"/cases/{case.number}").content.decode()
    assert "暂停计时" in story
    assert "action.appeal" not in story
    assert post(house, case, "fhead1", "send_back")[0] == DONE
    assert post(house, case, "complaint1", "rule_not_ours", outcome="rejected", reason="示例：派单无误")[0] == DONE
    assert stage(case) == "at_unit"
    assert f"投诉 {case.number} 的申诉已裁定" in notices(house, "fhead1")


def test_an_appeal_after_its_working_day_is_refused_with_the_clause(house: Franchise, case: Case) -> None:
    post(house, case, "fhead1", "object", ground="not_ours", found_at=moment(house))
    house.now += dt.timedelta(days=1, seconds=1)
    fire_due(house.now)
    status, page = post(house, case, "fhead1", "appeal", statement="示例：想再说一遍")
    assert status == REFUSED
    assert "逾期视为接受" in page
    assert "示例：想再说一遍" in page
    assert stage(case) == "at_unit"


def test_a_disputed_outcome_is_judged_again_and_ends_in_a_penalty(house: Franchise, case: Case) -> None:
    outcome = {
        "result": "示例：退差价",
        "result_kind": "handled",
        "feedback_channel": "system",
        "accepts_liability": "false",
    }
    assert post(house, case, "fhead1", "unit_reply", **outcome)[0] == DONE
    verified = {"findings": "示例：已核实", "confirmed": "true", "outcome": "示例：退差价", "told_how": "customer"}
    assert post(house, case, "specialist1", "verify", **verified)[0] == DONE
    status, page = post(house, case, "callback1", "call_back", content="示例：只退一半", satisfied="false")
    assert status == REFUSED
    assert "不满意的地方" in page
    disputed = {"content": "示例：只退一半", "satisfied": "false", "dissatisfaction": "示例：还差 50 元"}
    assert post(house, case, "callback1", "call_back", **disputed)[0] == DONE
    assert stage(case) == "second_judgement"
    assert case.number in notices(house, "csmanager1")
    again = {
        "verification": "示例：确实少退",
        "confirmed": "true",
        "responsible_person": str(house.staff["fhead1"].pk),
    }
    assert post(house, case, "specialist1", "judge_again", **again)[0] == DONE
    status, page = post(house, case, "csmanager1", "punish", penalty="示例：扣绩效")
    assert status == REFUSED
    assert "邮件通报" in page
    for amount in ("", "二十"):  # as a browser sends it, and as somebody writes it out
        status, page = post(house, case, "csmanager1", "punish", penalty="示例：扣绩效", amount=amount)
        assert status == REFUSED
        assert "邮件通报" in page


def test_a_form_asks_what_an_earlier_form_makes_it_ask(house: Franchise, case: Case) -> None:
    """The rule and the record of an appeal are asked of whoever objects that a complaint is untrue, and of nobody else."""

    def asked() -> dict[str, dict[str, list[str]]]:
        form = house.signed_in("fhead1").get(f"/cases/{case.number}/actions/appeal").context["form"]
        return {field.name: field.shown_when for field in form.fields}

    post(house, case, "fhead1", "object", ground="not_ours", found_at=moment(house, minutes=-1))
    assert asked() == {"statement": {}}
    post(house, case, "fhead1", "object", ground="unlawful_or_untrue", found_at=moment(house, minutes=-1))
    assert asked() == {"statement": {}, "clause_ref": {}, "evidence": {}}
    status, page = post(house, case, "fhead1", "appeal", statement="示例：当天已上门。", clause_ref="")
    assert status == REFUSED
    assert "APP-04" in page


def changed(house: Franchise, change: Callable[[dict[str, Any]], None]) -> None:
    """A newer handbook, in force from now on."""
    version = HandbookVersion.objects.get()
    source = json.loads(json.dumps(version.source))
    change(source)
    house.version = HandbookVersion.objects.create(
        name=version.name, version="2", effective_from=house.now, source=source, text=version.text, digest="e" * 64
    )


@pytest.mark.parametrize(
    ("asks", "who", "allowed"),
    [
        ({"actor.role": "complaint_specialist"}, "specialist1", True),
        ({"actor.role": "complaint_specialist"}, "duty1", False),
        ({"case.round": {"lt": {"param": "repeat_threshold"}}}, "duty1", True),
        ({"hour": {"gte": 8}}, "duty1", True),
        ({"weekday": 7}, "duty1", True),  # whether it is Sunday is seen when somebody acts
    ],
)
def test_a_button_is_dead_only_where_the_clause_would_refuse_this_person(
    house: Franchise, asks: dict[str, Any], who: str, allowed: bool
) -> None:
    def change(source: dict[str, Any]) -> None:
        gate = next(each for each in source["clauses"] if each["id"] == "SCOPE-01")
        gate["requires"]["facts"] = asks

    changed(house, change)
    made = house.complaint("franchise-1")
    offers = {each.action.id: each.allowed for each in offered(made, house.viewer(who))}
    assert offers["dispatch"] is allowed


def test_a_dead_button_names_the_clause_that_stands_against_it(house: Franchise) -> None:
    """Another clause speaks of the same action, and comes before it."""

    def change(source: dict[str, Any]) -> None:
        gate = next(each for each in source["clauses"] if each["id"] == "SCOPE-01")
        gate["requires"]["facts"] = {"actor.role": "complaint_specialist"}
        source["clauses"].insert(0, gate | {"id": "SCOPE-09", "requires": {"facts": {"weekday": 7}}})

    changed(house, change)
    made = house.complaint("franchise-1")
    offer = next(each for each in offered(made, house.viewer("duty1")) if each.action.id == "dispatch")
    assert offer.clauses[:2] == ("SCOPE-01", "SCOPE-09")


def kept_from_the_agent(house: Franchise) -> None:
    """From now on a newer handbook, by which whoever registers a complaint does not see what becomes of it."""

    def change(source: dict[str, Any]) -> None:
        clause = next(each for each in source["clauses"] if each["id"] == "VIS-01")
        clause["to"] = [{"role": "complaint_specialist"}]
        register = next(each for each in source["processes"][0]["actions"] if each["id"] == "register")
        register.update(to="with_specialist", takes=False, owner_from="keeper")
        form = next(each for each in source["records"] if each["id"] == "complaint_case")
        form["fields"].append({"id": "keeper", "title": {"zh": "示例办理人", "en": "Sample keeper"}, "type": "staff"})

    changed(house, change)


def complaint(house: Franchise) -> dict[str, Any]:
    return {
        "customer_name": "示例客户", "contact": "13800000077", "content": "示例：修好又坏", "demand": "示例：重修",
        "issue": "repair_quality", "keeper": house.staff["specialist1"].pk,
    }  # fmt: skip


def test_who_does_not_see_what_he_registered_is_not_led_there(house: Franchise) -> None:
    kept_from_the_agent(house)
    answer = house.signed_in("agent1").post("/desk/new/repair-franchise/complaint_case/register", complaint(house))
    made = Case.objects.get()
    assert (answer.status_code, answer["Location"]) == (DONE, "/desk")
    assert house.signed_in("specialist1").get(f"/cases/{made.number}").status_code == HTTPStatus.OK


def test_what_one_would_not_see_afterwards_is_not_split_off(house: Franchise) -> None:
    """Both cases are linked, and a link is made by whoever sees both ends: so the page may lead to the new one."""
    case = house.opened("franchise-1")
    kept_from_the_agent(house)
    browser = house.signed_in("agent1")
    address = f"/cases/{case.number}/split"
    into = browser.get(address).context["into"]
    answer = browser.post(address, {"into": into, "title": "示例：另一件", "key": new_key(), **complaint(house)})
    assert answer.status_code == REFUSED
    assert "两张工单都看得到的同事才能关联" in answer.content.decode()
    assert Case.objects.get() == case
