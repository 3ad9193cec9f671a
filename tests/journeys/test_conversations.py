"""Conversations in Chromium, each person in a browser of his own: two agents and a supervisor, while visitors write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.people import PHONE, Somebody, somebody
from tests.served import Served
from tests.talks import furnish, visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]


@pytest.fixture(scope="module")
def talks(sandbox: Served) -> Served:
    furnish(sandbox)
    return sandbox


@pytest.fixture
def anna(browser: Browser, talks: Served) -> Iterator[Somebody]:
    with somebody(browser, talks) as person:
        yield person.sign_in("agent1").go("/conversations")


def row(page: Page, number: str) -> str:
    return f'.wb-row[data-number="{number}"]'


def opened(page: Page, number: str) -> None:
    expect(page.locator("#wb-talk")).to_have_attribute("data-number", number)


def take(person: Somebody, number: str) -> None:
    """Take what waits, without touching the mouse elsewhere."""
    person.page.locator(row(person.page, number)).get_by_role("button", name="接入").click()
    opened(person.page, number)


def test_what_a_visitor_writes_appears_is_taken_and_answered_without_reloading(anna: Somebody, talks: Served) -> None:
    number = visitor(talks, "请问退货怎么办", who="示例访客一")
    take(anna, number)
    page = anna.page
    page.locator("#wb-words").fill("您好，请把订单号发来。")
    page.keyboard.press("Enter")
    expect(page.locator("#wb-messages")).to_contain_text("您好，请把订单号发来。")
    visitor(talks, "订单号 A-1", who="示例访客一")
    expect(page.locator("#wb-messages")).to_contain_text("订单号 A-1")
    anna.picture("conversations-agent", full=False)


def test_a_draft_stays_with_its_conversation(anna: Somebody, talks: Served) -> None:
    one, two = visitor(talks, "第一位", who="示例访客二"), visitor(talks, "第二位", who="示例访客三")
    take(anna, one)
    anna.page.locator("#wb-words").fill("写了一半")
    take(anna, two)
    expect(anna.page.locator("#wb-words")).to_have_value("")
    anna.page.locator(row(anna.page, one)).locator("[data-open]").click()
    opened(anna.page, one)
    expect(anna.page.locator("#wb-words")).to_have_value("写了一半")


def test_the_keyboard_alone_replies_notes_and_asks_for_the_topic(anna: Somebody, talks: Served) -> None:
    number = visitor(talks, "几点开门", who="示例访客五")
    take(anna, number)
    page = anna.page
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("顾客很急")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-note")).to_contain_text("顾客很急")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.type("九点")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-staff .wb-words")).to_have_text("九点")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator("#wb-deed h2")).to_have_text("结束会话")
    page.locator("#wb-deed button[type=submit]").click()
    expect(page.locator("#wb-deed")).to_contain_text("TALK-02")
    page.locator("#f-topic").select_option("hours")
    page.locator("#wb-deed button[type=submit]").click()
    expect(page.locator(".wb-title")).to_contain_text("已结束")
    expect(page.locator(row(page, number))).to_have_count(0)


def test_canned_replies_are_chosen_by_a_slash(anna: Somebody, talks: Served) -> None:
    page = anna.go("/conversations/replies").page
    page.locator("#f-title").fill("问候")
    page.locator("#f-shortcut").fill("hi")
    page.locator("#f-words").fill("{customer.name}您好")
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("main")).to_contain_text("/hi")
    anna.picture("conversations-replies")
    take(anna.go("/conversations"), visitor(talks, "你好", who="示例访客六"))
    page.locator("#wb-words").press_sequentially("/hi")
    expect(page.locator("#wb-canned")).to_contain_text("问候")
    page.keyboard.press("Enter")
    expect(page.locator("#wb-words")).to_have_value("示例访客六您好")


def test_on_a_telephone_a_conversation_fills_the_screen(anna: Somebody, talks: Served) -> None:
    number = visitor(talks, "手机上看", who="示例访客八")
    anna.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    take(anna, number)
    anna.fits()
    expect(anna.page.locator("#wb-left")).not_to_be_visible()
    anna.page.locator("#wb-words").fill("好的")
    anna.page.get_by_role("button", name="发送", exact=True).click()
    expect(anna.page.locator(".wb-staff .wb-words")).to_have_text("好的")
