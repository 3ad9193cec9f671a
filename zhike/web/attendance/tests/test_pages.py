"""The pages of attendance: who sees whose month, who plans, who answers; forms that come back with what is wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from zhike.org.actions import assign_role
from zhike.org.attendance import keep_shift_type, set_pattern
from zhike.org.models import Department, ShiftRequest, ShiftType
from zhike.org.rosters import rosters
from zhike.web.tests.world import World


@pytest.fixture
def house(world: World) -> World:
    """The supervisor heads the hotline; early and night shifts; the agent works Monday to Friday."""
    Department.objects.filter(code="hotline").update(head=world.staff["supervisor"])
    boss = world.viewer("boss")
    early = keep_shift_type("early", name="示例早班", mark="早", windows=["09:00-17:00"], by=boss, now=world.now)
    keep_shift_type("night", name="示例夜班", mark="夜", windows=["22:00-06:00"], by=boss, now=world.now)
    mate = world.add("mate")
    assign_role(mate, world.version.name, "hotline_agent", world.departments["hotline"], by="system", now=world.now)
    for who in ("agent", "mate"):
        set_pattern(world.staff[who], [early] * 5 + [None] * 2, since=dt.date(2025, 6, 11), by=boss, now=world.now)
    return world


def works(world: World, who: str, day: str) -> str:
    wanted = dt.date.fromisoformat(day)
    planned = rosters([world.staff[who].pk], wanted, wanted)[world.staff[who].pk].get(wanted)
    return "" if planned is None else planned.shift.mark if planned.shift else "休"


def test_the_month_shows_ones_own_department_and_nobody_elses(house: World) -> None:
    page = house.signed_in("agent").get("/attendance")
    assert [line.person.username for line in page.context["lines"]] == ["agent", "center", "mate", "supervisor"]
    assert page.context["department"].code == "hotline"
    store = house.departments["store-1"].pk
    assert house.signed_in("agent").get(f"/attendance?department={store}").context["department"].code == "hotline"
    assert house.signed_in("boss").get(f"/attendance?department={store}").context["department"].code == "store-1"
    assert "示例manager1" not in page.content.decode()


def test_a_department_that_was_closed_has_no_month(house: World) -> None:
    boss = house.signed_in("boss")
    Department.objects.filter(code="store-2").update(is_active=False)
    codes = {place.code for place in boss.get("/attendance").context["departments"]}
    assert codes == {"hotline", "division", "store-1"}


def test_the_tabs_of_planning_are_for_whoever_plans(house: World) -> None:
    seen = {}
    for who in ("agent", "supervisor", "boss"):
        client = house.signed_in(who)
        seen[who] = {
            "/attendance/import" in client.get(f"/attendance{path}").content.decode()
            for path in ("", "/requests", "/mine")
        }
    assert seen == {"agent": {False}, "supervisor": {True}, "boss": {True}}


def test_the_month_marks_shifts_days_off_and_who_works_now(house: World) -> None:
    house.now = dt.datetime.fromisoformat("2025-06-12T10:00:00+08:00")
    page = house.signed_in("agent").get("/attendance?month=2025-06")
    line = next(line for line in page.context["lines"] if line.person.username == "agent")
    assert [line.cells[n].mark for n in (9, 10, 12, 13)] == ["", "早", "早", "休"]
    assert line.working
    assert "当班" in page.content.decode()


@pytest.mark.parametrize("month", ["", "2025-13", "x", "9999-99", "2025-6"])
def test_a_month_that_is_none_is_the_running_one(house: World, month: str) -> None:
    assert house.signed_in("agent").get("/attendance", {"month": month}).context["month"] == dt.date(2025, 6, 1)


def test_the_month_costs_the_same_for_two_people_and_for_forty(
    house: World, django_assert_max_num_queries: Any
) -> None:
    for number in range(40):
        person = house.add(f"n{number}")
        assign_role(
            person, house.version.name, "hotline_agent", house.departments["hotline"], by="system", now=house.now
        )
    browser = house.signed_in("agent")
    browser.get("/attendance")
    with django_assert_max_num_queries(12):
        assert len(browser.get("/attendance").context["lines"]) == 44


def test_the_head_plans_and_nobody_else(house: World) -> None:
    number = house.staff["agent"].pk
    head, address = house.signed_in("supervisor"), f"/attendance/person/{number}"
    assert head.get(address).status_code == 200
    typed = {"weeks": "1", "since": "2025-06-16", **{f"shift_{n}": "night" for n in range(7)}}
    assert head.post(f"{address}/weeks", typed).status_code == 302
    assert works(house, "agent", "2025-06-16") == "夜"
    head.post(f"{address}/day", {"day": "2025-06-18", "shift": "off", "why": "示例"})
    assert works(house, "agent", "2025-06-18") == "休"
    head.post(f"{address}/day", {"day": "2025-06-18", "shift": "pattern"})
    assert works(house, "agent", "2025-06-18") == "夜"
    head.post(f"{address}/weeks", {"remove": "2025-06-16"})
    assert works(house, "agent", "2025-06-18") == "早"
    for who in ("agent", "mate", "manager1", "outsider"):
        for path in (address, f"{address}/weeks", f"{address}/day"):
            assert house.signed_in(who).post(path, typed).status_code in (404, 405)
    other = house.staff["manager1"].pk
    assert head.get(f"/attendance/person/{other}").status_code == 404
    assert Client().get("/attendance").status_code == 302


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("weeks", {"since": "x"}), ("weeks", {"since": "2025-06-01", "weeks": "1"}), ("weeks", {"since": "2031-01-01"}),
        ("day", {"day": "x", "shift": "early"}), ("day", {"day": "2025-06-12", "shift": "none"}),
        ("day", {"day": "2025-06-09", "shift": "early"}),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_comes_back_with_its_reason(house: World, path: str, typed: dict[str, str]) -> None:
    answer = house.signed_in("supervisor").post(f"/attendance/person/{house.staff['agent'].pk}/{path}", typed)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


def test_leave_from_asking_to_approval(house: World) -> None:
    agent, head = house.signed_in("agent"), house.signed_in("supervisor")
    typed = {"begins_at": "2025-06-12T09:00", "ends_at": "2025-06-12T17:00", "why": "示例体检"}
    assert "已提交请假" in agent.post("/attendance/mine/leave", typed, follow=True).content.decode()
    number = ShiftRequest.objects.get().pk
    assert "示例体检" in head.get("/attendance/requests").content.decode()
    assert house.signed_in("mate").post(f"/attendance/requests/{number}", {"how": "approve"}).status_code == 404
    assert house.signed_in("manager1").post(f"/attendance/requests/{number}", {"how": "approve"}).status_code == 404
    head.post(f"/attendance/requests/{number}", {"how": "approve", "answer": "示例好的"})
    page = agent.get("/attendance/mine").content.decode()
    assert "已批准" in page
    assert "示例好的" in page
    agent.post(f"/attendance/requests/{number}", {"how": "withdraw"})
    assert ShiftRequest.objects.get().state == "withdrawn"


def test_what_was_answered_stands_below_what_waits_for_whom_it_concerns(house: World) -> None:
    agent, head = house.signed_in("agent"), house.signed_in("supervisor")
    agent.post(
        "/attendance/mine/leave", {"begins_at": "2025-06-12T09:00", "ends_at": "2025-06-12T17:00", "why": "示例"}
    )
    number = ShiftRequest.objects.get().pk
    assert "已经答复的" not in head.get("/attendance/requests").content.decode()
    head.post(f"/attendance/requests/{number}", {"how": "refuse", "answer": "示例：人手不够"})
    for who in ("supervisor", "agent"):
        page = house.signed_in(who).get("/attendance/requests").content.decode()
        assert [words in page for words in ("已经答复的", "未批准", "示例：人手不够")] == [True] * 3
    assert "示例：人手不够" not in house.signed_in("mate").get("/attendance/requests").content.decode()


def test_a_swap_from_asking_to_approval(house: World) -> None:
    set_pattern(
        house.staff["mate"], [ShiftType.objects.get(code="night")] * 7, since=dt.date(2025, 6, 12), by=house.viewer("boss"),
        now=house.now,
    )  # fmt: skip
    agent, mate, head = (house.signed_in(who) for who in ("agent", "mate", "supervisor"))
    typed = {"other": house.staff["mate"].pk, "day": "2025-06-12"}
    assert agent.post("/attendance/mine/swap", typed).status_code == 302
    number = ShiftRequest.objects.get().pk
    assert "同意换班" in mate.get("/attendance/requests").content.decode()
    mate.post(f"/attendance/requests/{number}", {"how": "agree"})
    head.post(f"/attendance/requests/{number}", {"how": "approve"})
    assert (works(house, "agent", "2025-06-12"), works(house, "mate", "2025-06-12")) == ("夜", "早")


def test_nobody_approves_his_own_leave_from_the_page(house: World) -> None:
    head = house.signed_in("supervisor")
    typed = {"begins_at": "2025-06-12T09:00", "ends_at": "2025-06-12T17:00", "why": "示例"}
    head.post("/attendance/mine/leave", typed)
    number = ShiftRequest.objects.get().pk
    assert "示例supervisor" not in head.get("/attendance/requests").content.decode().partition("<main")[2]
    page = head.post(f"/attendance/requests/{number}", {"how": "approve"}, follow=True).content.decode()
    assert "不能批准自己的申请" in page
    assert ShiftRequest.objects.get().state == "asked"


@pytest.mark.parametrize("how", ["", "own", "approve,refuse"])
def test_an_answer_that_is_none_is_not_found(house: World, how: str) -> None:
    assert house.signed_in("boss").post("/attendance/requests/1", {"how": how}).status_code == 404
    assert house.signed_in("boss").post("/attendance/requests/999", {"how": "approve"}).status_code == 404


def test_kinds_of_shifts_are_kept_by_administrators(house: World) -> None:
    boss = house.signed_in("boss")
    typed = {"code": "late", "name": "示例晚班", "mark": "晚", "windows": "13:00-17:00，18:00-21:00"}
    boss.post("/attendance/shifts", typed)
    assert ShiftType.objects.get(code="late").windows == ["13:00-17:00", "18:00-21:00"]
    assert boss.post("/attendance/shifts", {**typed, "windows": "late"}).status_code == 422
    assert house.signed_in("supervisor").get("/attendance/shifts").status_code == 200
    assert house.signed_in("supervisor").post("/attendance/shifts", typed).status_code == 422
    assert house.signed_in("agent").get("/attendance/shifts").status_code == 404


def test_a_file_is_taken_or_its_lines_are_named(house: World) -> None:
    head = house.signed_in("supervisor")

    def send(text: str) -> Any:
        return head.post(
            "/attendance/import", {"file": SimpleUploadedFile("班.csv", text.encode("gb18030"))}, follow=True
        )

    wrong = send("用户名,日期,班次\nagent,2025-06-20,夜\nmanager1,2025-06-20,夜\n")
    assert wrong.status_code == 422
    assert "第 3 行" in wrong.content.decode()
    assert works(house, "agent", "2025-06-20") == "早"
    assert "已导入 1 人、1 天的班" in send("用户名,日期,班次\nagent,2025-06-20,夜\n").content.decode()
    assert works(house, "agent", "2025-06-20") == "夜"
    assert head.post("/attendance/import").status_code == 422
    assert house.signed_in("agent").get("/attendance/import").status_code == 404


@pytest.mark.parametrize("attack", ["<script>alert(1)</script>", '" onmouseover="x'])
def test_markup_in_reasons_shows_as_text(house: World, attack: str) -> None:
    agent = house.signed_in("agent")
    agent.post(
        "/attendance/mine/leave", {"begins_at": "2025-06-12T09:00", "ends_at": "2025-06-12T17:00", "why": attack}
    )
    for page in (agent.get("/attendance/mine"), house.signed_in("supervisor").get("/attendance/requests")):
        assert "<script>alert(1)" not in page.content.decode()
        assert '" onmouseover="x' not in page.content.decode()
