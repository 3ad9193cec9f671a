"""People and departments in Chromium: shifts and leave, a colleague who stands in and takes over, a store that is moved."""

from __future__ import annotations

import datetime as dt
import json
import re
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.people import Cast, Somebody
from tests.served import Served, served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]


@pytest.fixture
def house(browser: Browser) -> Iterator[Served]:
    """A product of this journey's own: people leave it."""
    with served(sandbox=True) as product:
        yield product


def today(house: Served) -> dt.datetime:
    """By the clock of the sandbox."""
    with urllib.request.urlopen(f"{house.url}/api/sandbox/clock") as answer:
        return dt.datetime.fromisoformat(json.load(answer)["now"])


def press(person: Somebody, words: str) -> None:
    person.page.get_by_role("button", name=words, exact=True).click()


def choose(person: Somebody, field: str, words: str) -> None:
    person.page.locator(field).select_option(label=words)


def open_person(admin: Somebody, name: str) -> None:
    admin.go("/administration/staff?state=all")
    admin.page.locator("tbody").get_by_role("link", name=name, exact=True).click()


def test_a_department_is_given_a_head_who_plans_its_shifts(cast: Cast, house: Served) -> None:
    admin, head, agent = cast["admin"], cast["supervisor1"], cast["agent1"]
    admin.go("/administration/departments").picture("people-tree")
    admin.page.keyboard.press("j")
    expect(admin.page.locator(".tr-row a").first).to_be_focused()
    admin.page.locator(".tr-tree").get_by_role("link", name=re.compile("热线")).first.click()
    choose(admin, "#f-head", "示例热线主管")
    press(admin, "保存")
    admin.go("/administration/departments").sees("负责人 示例热线主管")
    admin.go("/attendance/shifts")
    for name, value in {"code": "early", "name": "示例早班", "mark": "早", "windows": "09:00-17:00"}.items():
        admin.page.locator(f'.at-new [name="{name}"]').fill(value)
    press(admin, "保存")
    admin.sees("已保存班次 示例早班")
    for name, value in {"code": "night", "name": "示例夜班", "mark": "夜", "windows": "22:00-06:00"}.items():
        admin.page.locator(f'.at-new [name="{name}"]').fill(value)
    press(admin, "保存")
    admin.picture("people-shift-types")

    head.go("/attendance").page.get_by_role("link", name="示例接线员甲", exact=True).click()
    for number in range(5):
        choose(head, f'[name="shift_{number}"]', "早 示例早班")
    press(head, "保存每周的班")
    head.sees("已保存 示例接线员甲 的排班")
    head.picture("people-planning")
    head.go("/attendance").picture("people-month")
    month = head.page.locator(".at-month tbody tr", has_text="示例接线员甲").locator("td.at-work")
    assert month.count() > 0
    agent.go("/attendance/mine")
    day = today(house).date() + dt.timedelta(days=3)
    agent.page.locator("#f-begins").fill(f"{day}T10:00")
    agent.page.locator("#f-ends").fill(f"{day}T12:00")
    agent.page.locator("#f-leave-why").fill("示例体检")
    press(agent, "提交请假")
    agent.sees("等批准")
    head.go("/attendance/requests").sees("示例体检")
    head.picture("people-requests")
    press(head, "批准")
    agent.go("/attendance/mine").sees("已批准")
    agent.picture("people-my-shifts")


def test_a_colleague_stands_in_and_then_takes_over_for_good(cast: Cast, house: Served) -> None:
    admin, agent, mate = cast["admin"], cast["agent1"], cast["agent2"]
    begin = today(house)
    agent.go("/away")
    choose(agent, "#f-substitute", "示例接线员乙")
    agent.page.locator("#f-since").fill(f"{begin:%Y-%m-%dT%H:%M}")
    agent.page.locator("#f-until").fill(f"{begin + dt.timedelta(days=2):%Y-%m-%dT%H:%M}")
    press(agent, "安排代班")
    agent.sees("代班中")
    agent.picture("people-away")
    mate.go("/desk").sees("代 示例接线员甲")
    mate.picture("people-desk-standing-in", full=False)

    agent.go("/desk")
    expect(agent.page.locator("#zk-link")).to_be_hidden()
    open_person(admin, "示例接线员甲")
    admin.page.get_by_role("link", name="办理离职").click()
    admin.sees("经办的工单")
    admin.picture("people-leaving")
    admin.page.locator("summary", has_text="办理离职").click()
    press(admin, "确定办理离职")
    admin.sees("还没有办理，什么都没有改变")
    choose(admin, "#heir", "示例接线员乙")
    admin.page.locator("summary", has_text="办理离职").click()
    press(admin, "确定办理离职")
    admin.sees("示例接线员甲 已离职")
    admin.picture("people-left")

    agent.go("/desk")
    expect(agent.page).to_have_url(re.compile("/sign-in"))
    mate.go("/notices").sees("示例接线员甲已离职")
    press(admin, "办理返岗")
    admin.sees("已返岗")
    agent.go("/desk")
    expect(agent.page).to_have_url(re.compile("/sign-in"))


def test_a_store_is_moved_after_its_consequences_were_read(cast: Cast) -> None:
    admin = cast["admin"]
    admin.go("/administration/departments").page.get_by_role("link", name="示例一店", exact=True).click()
    admin.picture("people-department")
    admin.page.get_by_role("link", name="移动", exact=True).click()
    choose(admin, "#f-to", "示例第二事业部")
    press(admin, "看看会有什么变化")
    admin.sees("移到 示例第二事业部 下面以后")
    admin.picture("people-moving")
    press(admin, "确定移动")
    admin.sees("已把 示例一店 移到 示例第二事业部 下面")
    admin.page.get_by_role("link", name="示例一店", exact=True).click()
    admin.page.get_by_role("link", name="停用", exact=True).click()
    admin.sees("停用以后")
    admin.picture("people-retiring")
