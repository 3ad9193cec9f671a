"""The screen of conversations and the floor without a mouse: every deed is within reach, and after it the focus is somewhere of use."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.people import Somebody, somebody
from tests.served import Served
from tests.talks import opened, row, visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]
BODY = "() => document.activeElement === document.body || !document.activeElement.isConnected"


def not_lost(page: Page) -> None:
    """Something has the focus once everything has come to rest."""
    page.wait_for_function(f"() => !({BODY})()")


def taken_by_keys(person: Somebody, number: str) -> Page:
    """Down the list to what waits, and `a` takes it."""
    page = person.page
    page.locator(row(number)).locator("[data-open]").focus()
    page.keyboard.press("a")
    opened(page, number)
    expect(page.locator("#wb-words")).to_be_focused()
    return page


def test_one_of_many_is_found_in_the_list_and_opened(anna: Somebody, talks: Served) -> None:
    numbers = [visitor(talks, f"第 {n} 个问题", who=f"示例找{n}") for n in range(8)]
    page = anna.page
    expect(page.locator(row(numbers[7]))).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator("#wb-find")).to_be_focused()
    page.keyboard.type("示例找5")
    expect(page.locator(".wb-row:visible")).to_have_count(1)
    visitor(talks, "还在吗", who="示例找3")
    expect(page.locator(row(numbers[3]))).to_contain_text("还在吗", use_inner_text=False)
    expect(page.locator(".wb-row:visible")).to_have_count(1)
    page.keyboard.type("没有")
    expect(page.locator("#wb-not-found")).to_contain_text("到已结束的会话里找")
    page.keyboard.press("Escape")
    expect(page.locator(row(numbers[0]))).to_be_visible()
    page.keyboard.type(numbers[5])
    page.keyboard.press("Enter")
    opened(page, numbers[5])


def test_a_row_that_goes_hands_the_focus_to_its_neighbour(browser: Browser, anna: Somebody, talks: Served) -> None:
    one, two = visitor(talks, "先来", who="示例键一"), visitor(talks, "后到", who="示例键二")
    page = anna.page
    page.locator(row(one)).locator("[data-open]").focus()
    with somebody(browser, talks) as bert:
        bert.sign_in("manager1").go("/conversations")
        bert.page.locator(row(one)).get_by_role("button", name="接入").click()
        expect(page.locator(row(one))).to_have_count(0)
    not_lost(page)
    assert page.evaluate("document.activeElement.closest('.wb-row') !== null")
    expect(page.locator(row(two))).to_have_count(1)


def test_every_form_of_a_deed_opens_takes_the_focus_and_escape_gives_it_back(anna: Somebody, talks: Served) -> None:
    page = taken_by_keys(anna, visitor(talks, "逐个试", who="示例键三"))
    page.keyboard.press("Escape")
    doors = page.locator(".wb-actions > a[hx-get]").filter(has_not_text="转工单")  # which leads to a page of its own
    for place in range(doors.count()):
        name = doors.nth(place).inner_text()
        doors.nth(place).focus()
        page.keyboard.press("Enter")
        expect(page.locator("#wb-deed > *"), name).to_have_count(1)
        page.wait_for_function("() => document.getElementById('wb-deed').contains(document.activeElement)")
        page.keyboard.press("Escape")
        expect(page.locator("#wb-deed > *"), name).to_have_count(0)
        not_lost(page)


def test_what_is_done_to_a_message_leaves_the_focus_by_it(anna: Somebody, talks: Served) -> None:
    page = taken_by_keys(anna, visitor(talks, "谢谢", who="示例键四"))
    page.locator("[data-settle]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-settle]")).to_have_count(0)
    not_lost(page)
    page.locator("#wb-words").focus()
    page.keyboard.type("不客气")
    page.keyboard.press("Enter")
    expect(page.locator("[data-edit]")).to_have_count(1)
    page.keyboard.press("ArrowUp")
    expect(page.locator("#wb-words")).to_have_value("不客气")
    page.keyboard.type("。")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-staff .wb-words")).to_have_text("不客气。")
    page.locator("[data-recall]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-recall]")).to_contain_text("再按一次")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-staff .wb-words")).to_contain_text("已撤回")
    not_lost(page)


def test_what_could_not_be_sent_is_dropped_by_keys(anna: Somebody, talks: Served) -> None:
    page = taken_by_keys(anna, visitor(talks, "断线", who="示例键五"))
    page.route(re.compile(r"/say$"), lambda route: route.abort())
    page.keyboard.type("发不出去")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-lost")).to_be_visible()
    page.locator(".wb-lost").get_by_role("button", name="不发了").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".wb-lost")).to_have_count(0)
    expect(page.locator("#wb-words")).to_be_focused()
    anna.faults.clear()  # the cut connection itself


def test_after_the_end_of_a_conversation_one_is_not_at_the_top_of_the_page(anna: Somebody, talks: Served) -> None:
    page = taken_by_keys(anna, visitor(talks, "再见", who="示例键六"))
    page.keyboard.type("再见")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-staff .wb-words")).to_have_text("再见")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator("#wb-deed h2")).to_be_focused()
    page.locator("#f-topic").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".wb-title")).to_contain_text("已结束")
    not_lost(page)


def test_a_supervisor_walks_the_floor_whispers_and_the_agent_closes_it(
    browser: Browser, anna: Somebody, talks: Served
) -> None:
    number = visitor(talks, "我很着急", who="示例键七")
    page = taken_by_keys(anna, number)
    with somebody(browser, talks) as lead:
        floor = lead.sign_in("supervisor1").go("/floor").page
        lead.sees("示例键七")
        rows = floor.locator("#floor [data-row]").count()
        met = []
        for _ in range(rows):
            floor.keyboard.press("j")
            met.append(floor.evaluate("() => document.activeElement.getAttribute('href')"))
            if met[-1] == f"/conversations/{number}":
                break
        assert met[-1] == f"/conversations/{number}", met
        assert all(one != next_one for one, next_one in pairwise(met)), "a row was not got beyond"
        floor.keyboard.press("Enter")
        opened(floor, number)
        floor.get_by_role("link", name="悄悄提示").focus()
        floor.keyboard.press("Enter")
        expect(floor.locator("#wb-whisper")).to_be_focused()
        floor.keyboard.type("先道歉")
        floor.keyboard.press("Control+Enter")
        expect(page.locator("#wb-whispers")).to_contain_text("先道歉")
        not_lost(floor)
        page.get_by_role("button", name="知道了").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#wb-whispers section")).to_have_count(0)
        not_lost(page)
