"""Cases about colleagues, and cases given to one: `person` of a process, `owner_from` of an action."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.world import at
from zhike.cases.about_staff import from_cases
from zhike.cases.actions import open_case, take_action
from zhike.cases.models import Case
from zhike.cases.refusals import Unreadable
from zhike.clocks.models import Clock
from zhike.conversations.staff_facts import facts_about
from zhike.duties.models import Obligation
from zhike.duties.populations import look_at_populations
from zhike.handbook.structure import Handbook
from zhike.org.actions import add_department, add_staff, assign_role
from zhike.org.handbooks import book_of, viewer
from zhike.org.models import HandbookVersion, Staff
from zhike.org.principals import Viewer, staff_key

pytestmark = pytest.mark.django_db
NOON = at("2025-06-10 12:00")
WORDS = {"id": "words", "title": "示例内容", "type": "string"}
PARTS: dict[str, Any] = {
    "name": "crew", "title": "示例班组", "version": "1", "effective": "2025-01-01",
    "departments": [{"id": "shed", "title": "示例车间"}],
    "roles": [{"id": "lead", "title": "示例组长"}, {"id": "worker", "title": "示例组员", "reports_to": "lead"}],
    "records": [
        {"id": "member", "title": "示例成员", "fields": [{"id": "who", "title": "示例人", "type": "staff", "required": True}, WORDS]},
        {"id": "training", "title": "示例培训", "fields": [{"id": "marks", "title": "示例分数", "type": "int"}]},
        {"id": "job", "title": "示例工作", "fields": [WORDS]},
        {"id": "giving", "title": "示例派工", "fields": [{"id": "to", "title": "示例承办人", "type": "staff", "required": True}]},
    ],
    "processes": [
        {
            "id": "member", "title": "示例成员", "number": "A{yymmdd}-{seq}", "record": "member", "person": "who",
            "stages": [{"id": "here", "title": "在"}, {"id": "gone", "title": "离", "final": True}],
            "actions": [
                {"id": "enter", "title": "登记", "by": "lead", "record": "member", "to": "here"},
                {"id": "train", "title": "培训", "by": "lead", "from": "here", "record": "training"},
                {"id": "leave", "title": "离开", "by": "lead", "from": "here", "to": "gone"},
            ],
        },
        {
            "id": "job", "title": "示例工作", "number": "B{yymmdd}-{seq}", "record": "job",
            "stages": [
                {"id": "new", "title": "新"}, {"id": "given", "title": "已派", "holder": "owner"},
                {"id": "done", "title": "完", "final": True},
            ],
            "actions": [
                {"id": "begin", "title": "立项", "by": "lead", "record": "job", "to": "new", "takes": True},
                {
                    "id": "give", "title": "派工", "by": "lead", "from": ["new", "given"], "record": "giving", "to": "given",
                    "owner_from": "to",
                },
                {"id": "finish", "title": "完成", "by": "worker", "from": "given", "to": "done"},
            ],
        },
    ],
    "clauses": [
        {
            "kind": "deadline", "id": "CREW-01", "title": "示例两小时", "cites": "1", "quote": "示例", "process": "job", "holder": "owner",
            "starts": "action.give", "until": "action.finish", "within": "2h", "each": True,
        },
        {
            "kind": "duty", "id": "CREW-02", "title": "示例每月培训", "cites": "1", "quote": "示例", "process": "member", "for": "staff",
            "where": {"role": "worker"}, "every": "calendar_month", "owes": "action.train", "holder": "lead",
        },
        {
            "kind": "duty", "id": "CREW-03", "title": "示例每日立项", "cites": "1", "quote": "示例", "process": "job", "for": "department",
            "where": {"kind": "shed"}, "every": "calendar_day", "owes": "action.begin", "holder": "lead",
        },
        {
            "kind": "duty", "id": "CREW-04", "title": "示例派工后办完", "cites": "1", "quote": "示例", "process": "job",
            "when": {"case.stage": "given"}, "within": "2h", "owes": "action.give", "holder": "owner",
        },
    ],
}  # fmt: skip


class Crew:
    def __init__(self) -> None:
        source = Handbook.model_validate(PARTS).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        self.version = HandbookVersion.objects.create(
            name="crew", version="1", effective_from=NOON - dt.timedelta(days=30), source=source, text="", digest="crew"
        )
        self.book = book_of(self.version.pk)
        self.lead, self.jia, self.yi = self.join("lead", "lead"), self.join("jia", "worker"), self.join("yi", "worker")

    def join(self, name: str, role: str) -> Staff:
        person = add_staff(username=name, name=f"示例{name}", by="system", now=NOON)
        assign_role(person, "crew", role, None, by="system", now=NOON)
        return person

    @property
    def boss(self) -> Viewer:
        return viewer(self.lead)

    def open(self, process: str, action: str, **values: Any) -> Case:
        return open_case(self.version, process, action, values, by=self.boss, now=NOON)

    def act(self, case: Case, action: str, by: Viewer | None = None, **values: Any) -> Case:
        return take_action(case.pk, action, values, by=by or self.boss, now=NOON)


@pytest.fixture
def crew() -> Crew:
    return Crew()


def test_the_latest_open_case_about_a_colleague_says_what_is_known_of_him(crew: Crew) -> None:
    old, new, other = (crew.open("member", "enter", who=who.pk) for who in (crew.jia, crew.jia, crew.yi))
    crew.act(old, "train", marks=60)
    crew.act(new, "train", marks=90)
    crew.act(other, "train", marks=70)
    assert from_cases(crew.book, crew.jia.pk)["member.training.marks"] == 90
    assert facts_about(crew.book, crew.yi.pk)["member.training.marks"] == 70
    assert "member.case.stage" not in from_cases(crew.book, crew.jia.pk)
    crew.act(new, "leave")
    assert from_cases(crew.book, crew.jia.pk)["member.training.marks"] == 60
    crew.act(old, "leave")
    assert from_cases(crew.book, crew.jia.pk) == {}


def test_a_deed_on_a_case_about_a_colleague_settles_what_is_owed_for_him_whoever_does_it(crew: Crew) -> None:
    look_at_populations(NOON)
    case = crew.open("member", "enter", who=crew.jia.pk)
    crew.act(case, "train", marks=90)
    june = Obligation.objects.filter(clause="CREW-02", period="2025-06")
    assert {row.subject_id: row.state for row in june} == {crew.jia.pk: "met", crew.yi.pk: "owed"}
    assert {tuple(row.holders) for row in june} == {("crew:lead",)}


def test_the_form_names_the_new_owner_and_his_limit_is_his(crew: Crew) -> None:
    job = crew.act(crew.open("job", "begin"), "give", to=crew.jia.pk)
    assert (job.owner_id, job.holders) == (crew.jia.pk, [staff_key(crew.jia.pk)])
    assert Clock.objects.get(clause="CREW-01").holders == [staff_key(crew.jia.pk)]
    assert crew.act(job, "give", to=crew.yi.pk).owner_id == crew.yi.pk
    assert crew.act(job, "finish", by=viewer(crew.yi)).status == "closed"


def test_nobody_becomes_owner_who_holds_no_role_here(crew: Crew) -> None:
    stranger = add_staff(username="stranger", name="示例外人", by="system", now=NOON)
    job = crew.open("job", "begin")
    with pytest.raises(Unreadable):
        crew.act(job, "give", to=stranger.pk)
    assert Case.objects.get(pk=job.pk).owner_id == crew.lead.pk


def test_a_deed_on_a_case_of_no_department_settles_what_the_department_of_whoever_acts_owes(crew: Crew) -> None:
    mine, other = (
        add_department(code=code, name=f"示例{code}", kind="shed", by="system", now=NOON) for code in ("one", "two")
    )
    assign_role(crew.lead, "crew", "lead", mine, by="system", now=NOON)
    look_at_populations(NOON)
    case = crew.open("job", "begin")
    assert case.department_id is None
    today = Obligation.objects.filter(clause="CREW-03", period="2025-06-10")
    assert {row.subject_id: row.state for row in today} == {mine.pk: "met", other.pk: "owed"}
    crew.open("job", "begin")
    assert {row.subject_id: row.state for row in today.all()} == {mine.pk: "met", other.pk: "owed"}


def test_a_duty_that_no_event_begins_is_owed_once_its_conditions_hold_and_not_again_when_it_is_done(crew: Crew) -> None:
    job = crew.open("job", "begin")
    assert not Obligation.objects.filter(clause="CREW-04").exists()
    crew.act(job, "give", to=crew.jia.pk)
    owed = Obligation.objects.get(clause="CREW-04")
    assert (owed.state, owed.ends_at, owed.holders) == ("owed", NOON + dt.timedelta(hours=2), [staff_key(crew.jia.pk)])
    crew.act(job, "give", to=crew.yi.pk)
    assert [row.state for row in Obligation.objects.filter(clause="CREW-04")] == ["met"]
