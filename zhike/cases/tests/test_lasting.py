"""What a sanction lays on somebody for a time: it begins when confirmed, ends by itself, at once when taken back, and where the clause says
so only when what it waits for is the case."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest

from tests.world import at, facts
from zhike.cases.actions import open_case, take_action
from zhike.cases.consequences import of_case, of_person
from zhike.cases.models import Case, Consequence
from zhike.cases.refusals import Refused
from zhike.clocks import queries
from zhike.clocks.actions import fire_due
from zhike.handbook.structure import Handbook
from zhike.notices.models import Notice
from zhike.org.actions import add_staff, assign_role
from zhike.org.handbooks import book_of, viewer
from zhike.org.models import HandbookVersion, Staff
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db
NOON = at("2025-06-10 12:00")
WEEK = at("2025-06-17 12:00")
SAID = {"cites": "1", "quote": "示例"}
TIER: dict[str, Any] = {"from": 1, "fine": 200, "propose": ["study"], "lasts": "7d"}
PARTS: dict[str, Any] = {
    "name": "discipline", "title": "示例奖惩", "version": "1", "effective": "2025-01-01",
    "names": {"study": {"zh": "待岗学习", "en": "Standing by"}},
    "roles": [
        {"id": "clerk", "title": "示例经办"}, {"id": "lead", "title": "示例主管"}, {"id": "chief", "title": "示例总监"},
    ],
    "records": [
        {"id": "sheet", "title": "示例处分单", "fields": [{"id": "who", "title": "示例当事人", "type": "staff", "required": True}]},
        {"id": "exam", "title": "示例考核", "fields": [{"id": "passed", "title": "示例通过", "type": "bool", "required": True}]},
    ],
    "processes": [
        {
            "id": "penalty", "title": "示例处分", "number": "P{yymmdd}-{seq}", "record": "sheet", "person": "who",
            "visible_to": [{"role": "lead"}, {"role": "chief"}, {"role": "clerk", "person": "sheet.who"}],
            "stages": [
                {"id": "drafted", "title": "待定", "holder": "chief"}, {"id": "study", "title": "学习", "holder": "lead"},
                {"id": "over", "title": "办结", "final": True},
            ],
            "actions": [
                {"id": "propose", "title": "提出", "by": "lead", "record": "sheet", "to": "drafted"},
                {"id": "confirm", "title": "确认", "by": "chief", "from": "drafted", "confirms": ["PEN-01"]},
                {"id": "start", "title": "开始学习", "by": "lead", "from": "drafted", "to": "study"},
                {"id": "overturn", "title": "申诉成立", "by": "chief", "from": ["drafted", "study"], "revokes": ["PEN-01"]},
                {"id": "examine", "title": "考核", "by": "lead", "from": ["drafted", "study"], "record": "exam"},
                {"id": "close", "title": "办结", "by": "lead", "from": ["drafted", "study"], "to": "over"},
            ],
        }
    ],
    "clauses": [
        {
            "kind": "sanction", "id": "PEN-01", "title": "示例学习一周", **SAID, "process": "penalty", "on": "action.propose",
            "person": "who", "form": "measure", "tiers": [TIER], "confirm": {"role": "chief"},
        },
        {
            "kind": "gate", "id": "PEN-02", "title": "示例学习期间不另行安排", **SAID, "process": "penalty", "on": "action.start",
            "requires": {"facts": {"sanction.PEN-01.lasts": {"ne": True}}}, "refuse": "处理还在持续。",
        },
    ],
}  # fmt: skip


class House:
    def __init__(self, confirm: dict[str, Any] | None = None, **tier: Any) -> None:
        parts = copy.deepcopy(PARTS)
        parts["clauses"][0]["confirm"] |= confirm or {}
        parts["clauses"][0]["tiers"] = [{key: value for key, value in {**TIER, **tier}.items() if value is not None}]
        source = Handbook.model_validate(parts).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        self.version = HandbookVersion.objects.create(
            name="discipline",
            version="1",
            effective_from=NOON - dt.timedelta(days=30),
            source=source,
            text="",
            digest="p",
        )
        self.book = book_of(self.version.pk)
        self.people = {role: self.join(role) for role in ("clerk", "lead", "chief")}
        sheet = {"who": self.people["clerk"].pk}
        self.case = open_case(self.version, "penalty", "propose", sheet, by=self.viewer("lead"), now=NOON)

    def join(self, role: str) -> Staff:
        person = add_staff(username=role, name=f"示例{role}", by="system", now=NOON)
        assign_role(person, "discipline", role, None, by="system", now=NOON)
        return person

    def viewer(self, role: str) -> Viewer:
        return viewer(self.people[role])

    def act(self, action: str, by: str, now: dt.datetime = NOON, **values: Any) -> Case:
        return take_action(self.case.pk, action, values, by=self.viewer(by), now=now)

    def states(self) -> list[tuple[str, str]]:
        return [(row.state, row.why) for row in Consequence.objects.order_by("id")]

    def ended(self) -> list[tuple[dt.datetime, str, str, list[str]]]:
        rows = facts("sanction.ended", self.case)
        return [(f.at, f.actor, f.payload["why"], list(f.clauses)) for f in rows]


def fire_all(now: dt.datetime) -> None:
    while fire_due(now):
        pass


def test_it_begins_with_the_confirmation_and_ends_by_itself_at_its_moment() -> None:
    house = House()
    assert house.states() == []
    house.act("confirm", "chief")
    [row] = of_case(house.case)
    assert (row.what, row.person, row.began_at, row.ends_at) == (
        "study",
        f"staff:{house.people['clerk'].pk}",
        NOON,
        WEEK,
    )
    assert queries.next_moment() == WEEK
    fire_all(WEEK - dt.timedelta(seconds=1))
    assert house.states() == [("running", "")]
    fire_all(WEEK)
    assert house.states() == [("ended", "time")]
    assert house.ended() == [(WEEK, "system", "time", ["PEN-01"])]
    assert queries.next_moment() is None


def test_one_that_a_sleeping_worker_meets_late_ended_at_its_own_moment() -> None:
    house = House()
    house.act("confirm", "chief")
    fire_all(WEEK + dt.timedelta(days=3))
    assert [f[0] for f in house.ended()] == [WEEK]


def test_it_ends_at_once_when_the_sanction_is_taken_back() -> None:
    house = House()
    house.act("confirm", "chief")
    house.act("overturn", "chief", NOON + dt.timedelta(days=2))
    assert house.states() == [("ended", "revoked")]
    fire_all(WEEK)
    assert [f[2] for f in house.ended()] == ["revoked"]


def test_what_was_taken_back_once_cannot_be_taken_back_again() -> None:
    house = House()
    house.act("confirm", "chief")
    house.act("overturn", "chief")
    with pytest.raises(Refused) as refused:
        house.act("overturn", "chief")
    assert [reason.clause for reason in refused.value.reasons] == ["PEN-01"]


def test_a_draft_that_is_never_confirmed_lays_nothing_on_anybody() -> None:
    house = House()
    house.act("overturn", "chief")
    assert house.states() == []


def test_it_goes_on_after_its_time_until_what_the_clause_waits_for_is_the_case() -> None:
    house = House(until={"exam.passed": True})
    house.act("confirm", "chief")
    house.act("examine", "lead", NOON + dt.timedelta(days=1), passed=False)
    fire_all(WEEK)
    assert house.states() == [("awaited", "")]
    house.act("examine", "lead", WEEK + dt.timedelta(days=1), passed=False)
    assert house.states() == [("awaited", "")]
    house.act("examine", "lead", WEEK + dt.timedelta(days=2), passed=True)
    assert house.states() == [("ended", "passed")]
    assert [f[0] for f in house.ended()] == [WEEK + dt.timedelta(days=2)]


def test_passing_early_does_not_shorten_it() -> None:
    house = House(until={"exam.passed": True})
    house.act("confirm", "chief")
    house.act("examine", "lead", NOON + dt.timedelta(days=1), passed=True)
    assert house.states() == [("running", "")]
    fire_all(WEEK)
    assert house.states() == [("ended", "passed")]


def test_without_a_length_it_lasts_only_until_the_facts_hold() -> None:
    house = House(lasts=None, until={"exam.passed": True})
    house.act("confirm", "chief")
    assert queries.next_moment() is None
    house.act("examine", "lead", passed=True)
    assert house.states() == [("ended", "passed")]


def test_where_the_clause_names_an_event_it_begins_with_that() -> None:
    house = House(starts=["stage.study.entered"])
    house.act("confirm", "chief")
    assert house.states() == [("due", "")]
    assert of_case(house.case) == []
    house.act("start", "lead", NOON + dt.timedelta(days=1))
    assert [row.ends_at for row in of_case(house.case)] == [WEEK + dt.timedelta(days=1)]


def test_closing_the_case_drops_what_never_began() -> None:
    house = House(starts=["stage.study.entered"])
    house.act("confirm", "chief")
    house.act("close", "lead")
    assert house.states() == [("ended", "closed")]
    assert house.ended() == []


def test_closing_the_case_ends_what_only_waits() -> None:
    house = House(until={"exam.passed": True})
    house.act("confirm", "chief")
    fire_all(WEEK)
    house.act("close", "lead", WEEK + dt.timedelta(hours=1))
    assert house.states() == [("ended", "closed")]


def test_what_runs_when_the_case_closes_runs_out_by_itself() -> None:
    house = House(until={"exam.passed": True})
    house.act("confirm", "chief")
    house.act("close", "lead", NOON + dt.timedelta(hours=1))
    assert house.states() == [("running", "")]
    fire_all(WEEK)
    assert house.states() == [("ended", "closed")]


def test_conditions_may_ask_whether_it_lasts() -> None:
    house = House()
    house.act("confirm", "chief")
    with pytest.raises(Refused) as refused:
        house.act("start", "lead", WEEK - dt.timedelta(seconds=1))
    assert [reason.clause for reason in refused.value.reasons] == ["PEN-02"]
    house.act("start", "lead", WEEK)
    assert house.states() == [("running", "")]


def test_the_person_is_told_when_it_begins_and_when_it_ends() -> None:
    house = House()
    house.act("confirm", "chief")
    fire_all(WEEK)
    said = Notice.objects.filter(to__contains=[f"staff:{house.people['clerk'].pk}"]).order_by("id")
    number = house.case.number
    assert [notice.words["zh"] for notice in said] == [
        f"{number}：对您的“待岗学习”从现在起生效，到 06-17 12:00 为止。", f"{number}：“待岗学习”已经结束。",
    ]  # fmt: skip


def test_only_who_may_see_the_case_sees_it_on_the_persons_page() -> None:
    house = House()
    house.act("confirm", "chief")
    person = f"staff:{house.people['clerk'].pk}"
    assert len(of_person(person, house.viewer("clerk").keys)) == 1
    assert len(of_person(person, house.viewer("lead").keys)) == 1
    other = add_staff(username="other", name="示例旁人", by="system", now=NOON)
    assign_role(other, "discipline", "clerk", None, by="system", now=NOON)
    assert of_person(person, viewer(other).keys) == []
