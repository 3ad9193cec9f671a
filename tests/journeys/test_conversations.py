"""Conversations in Chromium, each person in a browser of his own: two agents and a supervisor, while visitors write."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.people import PHONE, Somebody, somebody
from tests.served import Served
from tests.talks import opened, row, take, visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]


def test_what_a_visitor_writes_appears_is_taken_and_answered_without_reloading(anna: Somebody, talks: Served) -> None:
    number = visitor(talks, "请问退货怎么办", who="示例访客一")
    take(anna, number)
    page = anna.page
    page.locator("#wb-words").fill("您好，请把订单号发来。")
    page.keyboard.press("Enter")
    expect(page.locator("#wb-messages")).to_contain_text("您好，请把订单号发来。")
    expect(page.locator("#wb-messages .wb-open")).to_have_count(0)
    visitor(talks, "订单号 A-1", who="示例访客一")
    expect(page.locator("#wb-messages")).to_contain_text("订单号 A-1")
    expect(page.locator("#wb-messages .wb-open")).to_have_count(1)
    anna.picture("conversations-agent", full=False)


def test_a_question_answered_says_so_no_longer_and_the_row_stays_marked(anna: Somebody, talks: Served) -> None:
    number = visitor(talks, "什么时候开门", who="示例访客十")
    take(anna, number)
    page = anna.page
    expect(page.locator(row(number)).locator("[data-open]")).to_have_attribute("aria-current", "true")
    expect(page.locator(".wb-open")).to_have_text("等着答复")
    page.locator("#wb-words").fill("九点。")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-staff .wb-words")).to_have_text("九点。")
    expect(page.locator(".wb-open")).to_have_count(0)
    visitor(talks, "谢谢", who="示例访客十")
    expect(page.locator(".wb-open")).to_have_count(1)
    page.get_by_role("button", name="不用答复").click()
    expect(page.locator(".wb-open")).to_have_count(0)
    expect(page.locator(row(number)).locator("[data-open]")).to_have_attribute("aria-current", "true")


def test_a_note_is_not_called_a_reply(anna: Somebody, talks: Served) -> None:
    take(anna, visitor(talks, "在吗", who="示例访客十一"))
    page = anna.page
    words, send = page.locator("#wb-words"), page.locator("#wb-compose button[type=submit]")
    expect(send).to_have_text("发送", use_inner_text=True)
    page.locator("#wb-compose [data-mode=note]").click()
    expect(words).to_have_attribute("placeholder", re.compile("顾客看不到"))
    expect(send.locator("[data-for-note]")).to_be_visible()
    expect(send.locator("[data-for-reply]")).not_to_be_visible()
    page.locator("#wb-compose [data-mode=reply]").click()
    expect(words).to_have_attribute("placeholder", re.compile("写回复"))
    expect(send.locator("[data-for-reply]")).to_be_visible()


def test_a_draft_stays_with_its_conversation(anna: Somebody, talks: Served) -> None:
    one, two = visitor(talks, "第一位", who="示例访客二"), visitor(talks, "第二位", who="示例访客三")
    take(anna, one)
    anna.page.locator("#wb-words").fill("写了一半")
    take(anna, two)
    expect(anna.page.locator("#wb-words")).to_have_value("")
    anna.page.locator(row(one)).locator("[data-open]").click()
    opened(anna.page, one)
    expect(anna.page.locator("#wb-words")).to_have_value("写了一半")


def test_what_could_not_be_sent_is_sent_once_when_the_connection_is_back(anna: Somebody, talks: Served) -> None:
    number = visitor(talks, "在吗", who="示例访客四")
    take(anna, number)
    page = anna.page

    def cut(route: Route) -> None:
        route.continue_() if cut.back else route.abort()  # type: ignore[attr-defined]

    cut.back = False  # type: ignore[attr-defined]
    page.route(re.compile(r"/say$"), cut)
    page.locator("#wb-words").fill("在的")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-lost")).to_contain_text("没有发出")
    page.reload()
    expect(page.locator(".wb-lost")).to_contain_text("在的")
    cut.back = True  # type: ignore[attr-defined]
    page.locator(".wb-lost").get_by_role("button", name="重新发送").click()
    expect(page.locator(".wb-pending")).to_have_count(0)
    expect(page.locator(".wb-staff .wb-words")).to_have_text(["在的"])
    asked = (
        "SELECT count(*) FROM conversations_message AS m JOIN conversations_conversation AS c ON c.id = conversation_id"
    )
    assert talks.rows(asked + " WHERE number = %s AND side = 'staff'", number) == [(1,)]  # type: ignore[arg-type]
    anna.faults.clear()  # the cut connection itself


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
    expect(page.locator(row(number))).to_have_count(0)


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


def test_three_people_hand_over_whisper_and_take_over(browser: Browser, talks: Served, anna: Somebody) -> None:
    number = visitor(talks, "我要投诉", who="示例访客七")
    take(anna, number)
    with somebody(browser, talks) as bert, somebody(browser, talks) as lead:
        bert.sign_in("manager1").go("/conversations")
        lead.sign_in("supervisor1").go("/floor")
        lead.sees("示例访客七")
        lead.picture("floor")
        lead.page.get_by_role("link", name="示例访客七").first.click()
        opened(lead.page, number)
        expect(lead.page.locator("#wb-compose [data-mode=reply]")).to_have_count(0)
        lead.page.get_by_role("link", name="悄悄提示").click()
        lead.page.locator("#wb-whisper").fill("先道歉，再问订单")
        lead.page.locator("#wb-deed button[type=submit]").click()
        expect(anna.page.locator("#wb-whispers")).to_contain_text("先道歉，再问订单")
        anna.picture("conversations-whisper", full=False)
        anna.page.get_by_role("button", name="知道了").click()
        anna.page.get_by_role("link", name="转交").click()
        colleague = anna.page.locator("#wb-to option", has_text="店长").first.get_attribute("value")
        anna.page.locator("#wb-to").select_option(colleague)
        anna.page.locator("#wb-note").fill("顾客要退款")
        anna.page.locator("#wb-deed button[type=submit]").click()
        expect(anna.page.locator(".wb-title")).to_contain_text("转交中")
        bert.page.locator('[data-group="offers"]').get_by_role("button", name="接起").click()
        opened(bert.page, number)
        expect(bert.page.locator(".wb-note").last).to_contain_text("顾客要退款")
        expect(anna.page.locator(row(number))).to_have_count(0)
        lead.page.locator("summary", has_text="接管").click()
        lead.page.get_by_role("button", name="确定接管").click()
        expect(lead.page.locator(".wb-title")).to_contain_text("接待中")
        expect(lead.page.locator("#wb-compose [data-mode=reply]")).to_be_visible()


def test_on_a_telephone_a_conversation_fills_the_screen(anna: Somebody, talks: Served) -> None:
    number = visitor(talks, "手机上看", who="示例访客八")
    anna.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    take(anna, number)
    anna.fits()
    expect(anna.page.locator("#wb-left")).not_to_be_visible()
    anna.page.locator("#wb-words").fill("好的")
    anna.page.get_by_role("button", name="发送", exact=True).click()
    expect(anna.page.locator(".wb-staff .wb-words")).to_have_text("好的")


def test_typing_stays_quick_beside_two_hundred_conversations(anna: Somebody, talks: Served) -> None:
    """While somebody types nothing of the list is touched; what happened meanwhile is there when he pauses."""
    number = visitor(talks, "慢慢说", who="示例访客九")
    take(anna, number)
    page = anna.page
    page.evaluate(
        """() => { const list = document.querySelector('[data-group="mine"] ul'), one = list.firstElementChild;
        for (let n = 0; n < 200; n++) { const copy = one.cloneNode(true); copy.id = `copy-${n}`; list.append(copy); } }"""
    )
    page.evaluate(
        """() => { window.touched = 0; new MutationObserver(() => window.touched++).observe(
        document.getElementById("wb-list"), { childList: true, subtree: true }); }"""
    )
    words = "一二三四五六七八九十" * 6
    took = page.evaluate(
        """words => { const field = document.getElementById("wb-words"); const times = []; field.focus(); window.touched = 0;
        for (const letter of words) { const begin = performance.now();
            field.dispatchEvent(new KeyboardEvent("keydown", { key: letter, bubbles: true }));
            field.value += letter; field.dispatchEvent(new Event("input", { bubbles: true })); document.body.offsetHeight;
            times.push(performance.now() - begin); }
        return [times.sort((one, two) => one - two)[times.length >> 1], window.touched]; }""",
        words,
    )
    assert took[1] == 0
    assert took[0] < 50, f"half of the keys took more than {took[0]:.0f} ms"
