"""Skills on their page: who keeps whose, what is wrong is said, what changed is told, and the router goes by it."""

from __future__ import annotations

import pytest
from django.test import Client

from zhike.conversations.aptitudes import asked_skills, keep_aptitude
from zhike.conversations.models import Aptitude, Conversation
from zhike.conversations.routing import route_waiting
from zhike.conversations.tests.ground import DESK, PICK, asked, at, inbox_of, installed, person, ready
from zhike.journal.models import Fact
from zhike.lib import clock
from zhike.org.actions import OrgRefused
from zhike.org.handbooks import book_of, viewer
from zhike.org.models import Assignment, Department, Staff
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db
BY_SKILL = PICK | {"strategy": "skills", "options": {"need": "topic", "overflow": ["通用"]}, "none_free": None}


@pytest.fixture(autouse=True)
def handbook() -> object:
    before = clock.install(lambda: at("03-03 09:00"))
    yield installed({key: value for key, value in BY_SKILL.items() if value is not None})
    clock.install(before)


def signed_in(viewer: Viewer) -> Client:
    client = Client()
    assert viewer.staff is not None
    client.force_login(viewer.staff)
    return client


def page_of(who: Viewer) -> str:
    assert who.staff is not None
    return f"/skills/{who.staff.pk}"


def send(client: Client, who: Viewer, **more: object) -> object:
    return client.post(page_of(who), {"handbook": "talk", "seen": "", **more})


def test_a_lead_keeps_the_skills_of_his_agents_and_the_router_goes_by_them() -> None:
    jia, lead = ready(person("jia")), signed_in(person("boss", "lead"))
    assert "示例jia" in lead.get("/skills").content.decode()
    page = lead.get(page_of(jia)).content.decode()
    assert ("通用" in page, "TALK-20" in page) == (True, True)
    assert send(lead, jia, skill=["通用"], more="退款、英语", area="440305").status_code == 302  # type: ignore[attr-defined]
    kept = Aptitude.objects.get()
    assert (kept.skills, kept.area) == (["英语", "退款", "通用"], "440305")
    row = asked(inbox_of())
    Conversation.objects.filter(pk=row.pk).update(facts={"topic": "退款"})
    route_waiting(at("03-03 09:01"))
    row.refresh_from_db()
    assert row.offered_to == jia.staff


def test_what_changed_and_who_changed_it_stands_on_the_page() -> None:
    jia, boss = person("jia"), person("boss", "lead")
    lead = signed_in(boss)
    send(lead, jia, more="退款", area="44")
    send(lead, jia, seen="退款|44", more="英语", area="44")
    facts = Fact.objects.filter(type="staff.aptitude_kept").order_by("id")
    assert [(fact.actor, fact.payload["gained"], fact.payload["lost"]) for fact in facts] == [
        (boss.principal, ["退款"], []),
        (boss.principal, ["英语"], ["退款"]),
    ]
    page = lead.get(page_of(jia)).content.decode()
    assert ("示例boss" in page, "<s>退款</s>" in page) == (True, True)
    send(lead, jia, seen="英语|44", skill=["英语"], area="44")
    assert facts.count() == 2


@pytest.mark.parametrize(
    ("more", "area", "named"),
    [
        ("x" * 41, "", "最多40个字"),
        ("、".join(map(str, range(31))), "", "最多30项"),
        ("", "深圳", "数字"),
        ("", "1", "数字"),
    ],
)
def test_what_cannot_be_kept_is_said_at_the_field_and_nothing_changes(more: str, area: str, named: str) -> None:
    jia, lead = person("jia"), signed_in(person("boss", "lead"))
    answer = send(lead, jia, more=more, area=area)
    assert (answer.status_code, named in answer.content.decode()) == (422, True)  # type: ignore[attr-defined]
    assert not Aptitude.objects.exists()


def test_a_change_somebody_else_has_just_made_is_not_written_over() -> None:
    jia, lead = person("jia"), signed_in(person("boss", "lead"))
    send(lead, jia, more="退款")
    answer = send(lead, jia, more="英语")
    assert (answer.status_code, "别人刚刚改过" in answer.content.decode()) == (422, True)  # type: ignore[attr-defined]
    assert Aptitude.objects.get().skills == ["退款"]


def test_nobody_keeps_his_own_or_a_colleagues_and_there_is_nothing_to_see() -> None:
    jia, yi = person("jia"), person("yi")
    for who in (jia, yi):
        assert signed_in(yi).get(page_of(who)).status_code == 404
        assert send(signed_in(yi), who, more="退款").status_code == 404  # type: ignore[attr-defined]
    assert "没有归您管的坐席" in signed_in(yi).get("/skills").content.decode()
    with pytest.raises(OrgRefused):
        keep_aptitude(jia.staff, "talk", ["退款"], "", by=yi, now=at("03-03 09:00"))  # type: ignore[arg-type]
    assert not Aptitude.objects.exists()


def test_the_lead_of_one_shop_does_not_keep_those_of_another() -> None:
    one, two = (Department.objects.create(code=code, name=code, kind="shop") for code in ("one", "two"))
    for each in (one, two):
        Department.objects.filter(pk=each.pk).update(path=[each.pk])
    jia, yi, boss = person("jia"), person("yi"), person("boss", "lead")
    for who, place in ((jia, one), (yi, two), (boss, one)):
        Assignment.objects.filter(staff=who.staff).update(department=place)
    lead = signed_in(viewer(Staff.objects.get(username="boss")))
    assert [lead.get(page_of(who)).status_code for who in (jia, yi)] == [200, 404]
    Department.objects.filter(pk=two.pk).update(head=boss.staff)
    assert lead.get(page_of(yi)).status_code == 200


def test_an_administrator_finds_it_on_the_persons_page_in_english_too() -> None:
    jia, boss = person("jia"), person("boss", "lead")
    Staff.objects.filter(pk=boss.staff.pk).update(is_admin=True)  # type: ignore[union-attr]
    Assignment.objects.filter(staff=boss.staff).delete()
    admin = signed_in(boss)
    assert page_of(jia) in admin.get(f"/administration/staff/{jia.staff.pk}").content.decode()  # type: ignore[union-attr]
    admin.cookies["django_language"] = "en"
    assert "Skills of" in admin.get(page_of(jia)).content.decode()
    assert "Changes" in admin.get(page_of(jia)).content.decode()


def test_the_skills_a_handbook_asks_for_are_those_its_clauses_name() -> None:
    asking = PICK | {"id": "TALK-21", "qualified": {"skills": {"contains": "英语"}}, "queue": ["desk"]}
    version = installed(
        BY_SKILL | {"none_free": PICK["none_free"]},
        {k: v for k, v in asking.items() if k != "queue"},
        queues=[DESK],
        version="2",
    )
    assert asked_skills(book_of(version.pk)) == {"通用": ["TALK-20"], "英语": ["TALK-21"]}
