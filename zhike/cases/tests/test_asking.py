"""An action no one takes without the consent of others: asked for, agreed to by one after the other, carried out at the last."""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.world import at, facts
from zhike.cases.actions import open_case, take_action
from zhike.cases.asked_deeds import awaiting, empty_asked, role_for
from zhike.cases.asking import decide_asked, take_or_ask, withdraw_asked
from zhike.cases.models import AskedDeed, Case
from zhike.cases.refusals import Impossible, NotYours, Refused
from zhike.clocks.actions import fire_due
from zhike.handbook.structure import Handbook
from zhike.journal.models import ClauseUse
from zhike.notices.models import Notice
from zhike.org.actions import add_staff, assign_role, disable_staff
from zhike.org.handbooks import book_of, viewer
from zhike.org.models import HandbookVersion, Staff
from zhike.org.principals import Viewer
from zhike.records.attachments import store_attachment
from zhike.records.models import Attachment

pytestmark = pytest.mark.django_db
NOON = at("2025-06-10 12:00")
SAID = {"cites": "1", "quote": "示例"}
GATE: dict[str, Any] = {
    "kind": "gate", "id": "REL-01", "title": "示例三级批准", **SAID, "process": "release", "on": "action.release",
    "requires": {"approvals": ["manager", ["director", "chief"]]}, "refuse": "须经理同意，再经总监或总经理批准。",
}  # fmt: skip
PARTS: dict[str, Any] = {
    "name": "release", "title": "示例调取", "version": "1", "effective": "2025-01-01",
    "roles": [{"id": name, "title": f"示例{name}"} for name in ("clerk", "manager", "director", "chief")],
    "records": [
        {"id": "wish", "title": "示例申请", "fields": [{"id": "words", "title": "示例事由", "type": "string"}]},
        {
            "id": "handing", "title": "示例交付",
            "fields": [
                {"id": "rows", "title": "示例条数", "type": "int", "required": True},
                {"id": "purpose", "title": "示例用途", "type": "string", "required": True},
                {"id": "papers", "title": "示例附件", "type": "files"},
            ],
        },
    ],
    "processes": [
        {
            "id": "release", "title": "示例调取", "number": "R{yymmdd}-{seq}", "record": "wish",
            "stages": [{"id": "open", "title": "在办", "holder": "clerk"}, {"id": "out", "title": "已交付", "final": True}],
            "actions": [
                {"id": "begin", "title": "登记", "by": ["clerk", "manager"], "record": "wish", "to": "open"},
                {"id": "release", "title": "交付", "by": ["clerk", "manager"], "from": "open", "record": "handing", "to": "out"},
                {"id": "amend", "title": "更正", "by": ["clerk", "manager"], "from": "open", "record": "wish"},
                {"id": "cancel", "title": "作废", "by": ["clerk", "manager"], "from": "open", "to": "out"},
            ],
        }
    ],
    "clauses": [
        GATE,
        {
            "kind": "gate", "id": "REL-02", "title": "示例不超过一百条", **SAID, "process": "release", "on": "action.release",
            "requires": {"facts": {"rows": {"lte": 100}}}, "refuse": "一次不超过一百条。",
        },
    ],
}  # fmt: skip
FORM = {"rows": 20, "purpose": "示例核对"}


class House:
    def __init__(self, **requires: Any) -> None:
        parts = copy.deepcopy(PARTS)
        parts["clauses"][0]["requires"] |= requires
        source = Handbook.model_validate(parts).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        self.version = HandbookVersion.objects.create(
            name="release", version="1", effective_from=NOON - dt.timedelta(days=30), source=source, text="", digest="r"
        )
        book_of(self.version.pk)
        self.people: dict[str, Staff] = {}
        for who, role in (
            ("clerk", "clerk"), ("manager", "manager"), ("second", "manager"), ("director", "director"), ("chief", "chief"),
        ):  # fmt: skip
            self.people[who] = add_staff(username=who, name=f"示例{who}", by="system", now=NOON)
            assign_role(self.people[who], "release", role, None, by="system", now=NOON)
        self.case = open_case(self.version, "release", "begin", {"words": "示例"}, by=self.viewer("clerk"), now=NOON)

    def viewer(self, who: str) -> Viewer:
        return viewer(self.people[who])

    def ask(self, by: str = "clerk", key: str = "", **form: Any) -> AskedDeed:
        asked = take_or_ask(self.case.pk, "release", {**FORM, **form}, by=self.viewer(by), now=NOON, key=key)
        assert isinstance(asked, AskedDeed)
        return asked

    def decide(
        self, row: AskedDeed, who: str, agree: bool = True, words: str = "", now: dt.datetime = NOON
    ) -> AskedDeed:
        return decide_asked(row.pk, agree=agree, words=words, by=self.viewer(who), now=now)

    def stage(self) -> str:
        return Case.objects.get(pk=self.case.pk).stage

    def whose_turn(self, row: AskedDeed) -> list[str]:
        row.refresh_from_db()
        return [who for who in self.people if row in awaiting(self.viewer(who), NOON)]

    def told(self, who: str) -> list[str]:
        keys = sorted(self.viewer(who).keys)
        rows = Notice.objects.filter(subject_kind="asked_deed", to__overlap=keys).order_by("id")
        return [notice.words["zh"].split("：", 1)[1] for notice in rows]

    def uses(self) -> list[tuple[str, str]]:
        return list(ClauseUse.objects.filter(clause="REL-01").order_by("id").values_list("outcome", "holder"))


@pytest.fixture
def house() -> House:
    return House()


def test_it_is_asked_for_and_carried_out_when_the_last_one_agrees(house: House) -> None:
    row = house.ask()
    assert house.stage() == "open"
    assert house.whose_turn(row) == ["manager", "second"]
    house.decide(row, "manager")
    assert house.stage() == "open"
    assert house.whose_turn(row) == ["director", "chief"]
    house.decide(row, "chief", now=NOON + dt.timedelta(hours=1))
    assert house.stage() == "out"
    case = Case.objects.get(pk=house.case.pk)
    assert case.data["handing"] == {"rows": 20, "purpose": "示例核对"}
    [done] = [fact for fact in facts("case.action_taken", case) if fact.payload["action"] == "release"]
    assert (done.actor, done.at) == (house.viewer("clerk").principal, NOON + dt.timedelta(hours=1))
    assert house.uses() == [("applied", house.viewer("clerk").principal)]
    row.refresh_from_db()
    assert (row.state, row.turn) == ("done", [])


def test_each_is_told_when_it_is_his_turn_and_whoever_asked_when_it_is_done(house: House) -> None:
    row = house.ask()
    assert house.told("manager") == ["示例clerk提交“交付”，要您同意。"]
    assert house.told("chief") == []
    house.decide(row, "manager")
    assert house.told("chief") == ["示例clerk提交“交付”，要您同意。"]
    house.decide(row, "director")
    assert house.told("clerk") == ["您提交的“交付”已获同意，已经办理。"]


def test_the_journal_tells_who_asked_and_who_agreed_by_which_clause(house: House) -> None:
    row = house.ask()
    house.decide(row, "manager", words="示例同意")
    [asked], [agreed] = facts("case.deed_asked", house.case), facts("case.deed_decided", house.case)
    assert (asked.actor, list(asked.clauses)) == (house.viewer("clerk").principal, ["REL-01"])
    assert (agreed.actor, list(agreed.clauses), agreed.payload["role"]) == (
        house.viewer("manager").principal, ["REL-01"], "manager",
    )  # fmt: skip
    assert facts("case.refused", house.case) == []


def test_declining_needs_a_reason_and_ends_it(house: House) -> None:
    row = house.ask()
    with pytest.raises(Impossible):
        house.decide(row, "manager", agree=False)
    house.decide(row, "manager", agree=False, words="示例范围太大")
    row.refresh_from_db()
    assert (row.state, row.why["zh"], house.stage()) == ("declined", "没有同意：示例范围太大", "open")
    assert house.told("clerk") == ["您提交的“交付”没有办成。没有同意：示例范围太大"]
    assert house.uses() == [("refused", house.viewer("clerk").principal)]
    with pytest.raises(NotYours):
        house.decide(row, "second")


def test_nobody_decides_out_of_turn_or_twice(house: House) -> None:
    row = house.ask()
    for who in ("clerk", "chief"):
        with pytest.raises(NotYours):
            house.decide(row, who)
    house.decide(row, "manager")
    for who in ("manager", "second"):
        with pytest.raises(NotYours):
            house.decide(row, who)


def test_whoever_asks_agrees_in_his_own_role_by_asking(house: House) -> None:
    row = house.ask(by="manager")
    assert house.whose_turn(row) == ["director", "chief"]
    house.decide(row, "chief")
    assert house.stage() == "out"


def test_where_the_clause_wants_others_asking_is_no_consent() -> None:
    house = House(distinct=True)
    row = house.ask(by="manager")
    assert house.whose_turn(row) == ["second"]
    with pytest.raises(NotYours):
        house.decide(row, "manager")
    house.decide(row, "second")
    house.decide(row, "director")
    assert house.stage() == "out"


def test_in_parallel_the_order_is_free() -> None:
    house = House(parallel=True)
    row = house.ask()
    assert house.whose_turn(row) == ["manager", "second", "director", "chief"]
    house.decide(row, "chief")
    assert house.whose_turn(row) == ["manager", "second"]
    house.decide(row, "second")
    assert house.stage() == "out"


def test_what_another_clause_refuses_is_refused_and_not_asked_for(house: House) -> None:
    with pytest.raises(Refused) as refused:
        take_or_ask(house.case.pk, "release", {**FORM, "rows": 101}, by=house.viewer("clerk"), now=NOON)
    assert {reason.clause for reason in refused.value.reasons} == {"REL-01", "REL-02"}
    assert not AskedDeed.objects.exists()


def test_a_form_that_cannot_be_read_says_so_before_anybody_is_asked(house: House) -> None:
    with pytest.raises(Exception, match="示例用途") as refused:
        take_or_ask(house.case.pk, "release", {"rows": 20}, by=house.viewer("clerk"), now=NOON)
    assert set(refused.value.fields) == {"purpose"}  # type: ignore[attr-defined]
    assert not AskedDeed.objects.exists()


def test_the_verb_that_does_not_ask_is_refused_as_before(house: House) -> None:
    with pytest.raises(Refused):
        take_action(house.case.pk, "release", FORM, by=house.viewer("clerk"), now=NOON)
    assert house.uses() == [("refused", house.viewer("clerk").principal)]


def test_a_case_that_changed_takes_the_request_with_it(house: House) -> None:
    row = house.ask()
    take_action(house.case.pk, "amend", {"words": "示例另一事由"}, by=house.viewer("clerk"), now=NOON)
    row.refresh_from_db()
    assert row.state == "superseded"
    with pytest.raises(NotYours):
        house.decide(row, "manager")


def test_a_case_that_changed_without_a_deed_is_noticed_at_the_next_decision(house: House) -> None:
    row = house.ask()
    Case.objects.filter(pk=house.case.pk).update(round=2)
    assert house.decide(row, "manager").state == "superseded"
    assert house.told("clerk") == ["您提交的“交付”没有办成。工单在这之后有了变化，请重新提交。"]


def test_gates_are_asked_again_at_the_end(house: House) -> None:
    row = house.ask()
    house.decide(row, "manager")
    AskedDeed.objects.filter(pk=row.pk).update(values={**FORM, "rows": 500})
    assert house.decide(row, "chief").state == "refused"
    assert house.stage() == "open"
    assert house.told("clerk")[-1] == "您提交的“交付”没有办成。一次不超过一百条。"


def test_whoever_lost_his_right_meanwhile_gets_nothing_done(house: House) -> None:
    row = house.ask()
    house.decide(row, "manager")
    disable_staff(house.people["clerk"], by="system", now=NOON)
    assert house.decide(row, "chief").state == "refused"
    assert house.stage() == "open"


def test_it_is_withdrawn_by_whoever_asked_and_by_nobody_else(house: House) -> None:
    row = house.ask()
    with pytest.raises(NotYours):
        withdraw_asked(row.pk, by=house.viewer("manager"), now=NOON)
    assert withdraw_asked(row.pk, by=house.viewer("clerk"), now=NOON).state == "withdrawn"
    assert house.whose_turn(row) == []
    with pytest.raises(NotYours):
        withdraw_asked(row.pk, by=house.viewer("clerk"), now=NOON)


def test_it_is_asked_for_once(house: House) -> None:
    row = house.ask(key="press")
    assert house.ask(key="press") == row
    with pytest.raises(Impossible):
        house.ask()


def test_it_ends_when_nobody_decides_in_time(house: House) -> None:
    row = house.ask()
    week = NOON + dt.timedelta(days=7)
    assert role_for(row, house.viewer("manager"), week) == "manager"
    fire_due(week)
    row.refresh_from_db()
    assert row.state == "waiting"
    fire_due(week + dt.timedelta(microseconds=1))
    row.refresh_from_db()
    assert (row.state, row.ended_at) == ("expired", week)
    assert house.told("clerk") == ["您提交的“交付”没有办成。限期内没有等到同意，请重新提交。"]


def test_a_single_link_in_ones_own_role_is_given_by_acting() -> None:
    house = House(approvals=["manager"])
    done = take_or_ask(house.case.pk, "release", FORM, by=house.viewer("manager"), now=NOON)
    assert isinstance(done, Case)
    assert house.stage() == "out"


def test_a_single_link_that_wants_another_person_is_asked_for() -> None:
    house = House(approvals=["manager"], distinct=True)
    row = house.ask(by="manager")
    assert house.whose_turn(row) == ["second"]
    house.decide(row, "second")
    assert house.stage() == "out"


def test_what_was_asked_for_in_ones_place_is_not_ones_own_to_decide(house: House) -> None:
    row = house.ask()
    AskedDeed.objects.filter(pk=row.pk).update(in_place_of=house.viewer("manager").principal)
    assert house.whose_turn(row) == ["second"]
    with pytest.raises(NotYours):
        house.decide(row, "manager")


def test_what_was_filled_in_and_said_goes_with_the_contents_of_the_case(house: House) -> None:
    row = house.ask()
    house.decide(row, "manager", agree=False, words="示例范围太大")
    empty_asked(house.case)
    row.refresh_from_db()
    assert (row.values, row.shown, row.why, [one["words"] for one in row.approvals]) == ({}, {}, {}, [""])
    assert (row.action, row.state) == ("release", "declined")


def test_files_stay_with_the_case_while_it_waits_and_come_along(
    house: House, tmp_path: Path, settings: Settings
) -> None:
    settings.ZHIKE_HOME = tmp_path
    clerk = house.viewer("clerk").principal
    field, beside = (store_attachment(text, "note.txt", by=clerk, now=NOON).token for text in (b"one", b"two"))
    form = {**FORM, "papers": [field]}
    row = take_or_ask(house.case.pk, "release", form, by=house.viewer("clerk"), now=NOON, attachments=[beside])
    assert isinstance(row, AskedDeed)
    kept = Attachment.objects.filter(subject_kind="case", subject_id=house.case.pk)
    assert set(kept.values_list("token", flat=True)) == {field, beside}
    house.decide(row, "manager")
    assert house.decide(row, "chief").state == "done"
    assert set(kept.values_list("token", flat=True)) == {field, beside}
    assert Case.objects.get(pk=house.case.pk).data["handing"]["papers"] == [field]
