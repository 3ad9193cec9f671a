"""The parts of the screen of conversations in Chromium: files, sound and title, forms, cases, cover, and what goes wrong."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Browser, expect

from tests.people import Somebody, somebody
from tests.served import Served
from tests.talks import flood, nothing_heard_of, opened, row, take, visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]

DOT = base64.b64encode(
    base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
).decode()
EVENT = """([kind, name, type, data, bytes]) => {
    const part = data ? Uint8Array.from(atob(data), (one) => one.charCodeAt(0)) : new Uint8Array(bytes);
    const holds = new DataTransfer();
    holds.items.add(new File([part], name, { type }));
    const place = document.getElementById(kind === "paste" ? "wb-words" : "wb-scroll");
    const init = { bubbles: true, cancelable: true };
    if (kind === "paste") place.dispatchEvent(new ClipboardEvent("paste", { ...init, clipboardData: holds }));
    else place.dispatchEvent(new DragEvent("drop", { ...init, dataTransfer: holds }));
}"""
CHANGE = """([seq, body]) => fetch(`${document.getElementById("wb-talk").dataset.url}/messages/${seq}`, {
    method: "POST", body: new URLSearchParams(body),
    headers: { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value },
}).then((answer) => answer.status)"""
EVIL = '<img src=x onerror="window.evil=1"><script>window.evil=1</script>'


def test_a_picture_is_pasted_or_dropped_and_waits_with_the_draft(anna: Somebody, talks: Served) -> None:
    one, two = visitor(talks, "有图吗", who="示例访客图"), visitor(talks, "另一位", who="示例访客旁")
    page = take(anna, one)
    page.evaluate(EVENT, ["paste", "pasted.png", "image/png", DOT, 0])
    expect(page.locator("#wb-files [data-token]")).to_have_count(1)
    page.evaluate(EVENT, ["drop", "dropped.png", "image/png", DOT, 0])
    expect(page.locator("#wb-files [data-token]")).to_have_count(2)
    take(anna, two)
    expect(page.locator("#wb-files [data-token]")).to_have_count(0)
    page.locator(row(one)).locator("[data-open]").click()
    opened(page, one)
    expect(page.locator("#wb-files [data-token]")).to_have_count(2)
    page.reload()
    expect(page.locator("#wb-files")).to_contain_text("dropped.png")
    page.locator("#wb-files li", has_text="dropped.png").get_by_role("button", name="去掉").click()
    page.locator("#wb-words").press("Enter")
    expect(page.locator(".wb-mine .zk-files img")).to_have_count(1)
    page.reload()
    expect(page.locator("#wb-messages .zk-files img")).to_have_count(1)
    expect(page.locator("#wb-files li")).to_have_count(0)


def test_all_that_was_written_while_the_line_was_down_is_there_when_it_is_back(anna: Somebody, talks: Served) -> None:
    page = take(anna, visitor(talks, "0", who="示例访客多"))
    page.route(re.compile(r"/tail\?"), lambda route: route.abort())
    flood(talks, "示例访客多", 230)
    page.unroute_all()
    page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(page.locator("#wb-messages .wb-customer")).to_have_count(231)
    assert page.locator("#wb-messages .wb-customer .wb-words").all_inner_texts() == [str(n) for n in range(231)]
    anna.faults.clear()  # the cut connection itself


def test_what_was_changed_or_recalled_while_too_much_was_missed_is_shown_as_it_is_now(
    anna: Somebody, talks: Served
) -> None:
    page = take(anna, visitor(talks, "价格多少", who="示例访客迟"))
    for words in ("十元", "记错了"):
        page.locator("#wb-words").fill(words)
        page.locator("#wb-words").press("Enter")
        expect(page.locator("#wb-messages .wb-mine[data-message]").last).to_contain_text(words)
    page.route(re.compile(r"/messages/\d+\?day"), lambda route: route.abort())
    for seq, body in ((2, "words=十二元"), (3, "deed=recall")):
        page.evaluate(CHANGE, [seq, body])
    expect(page.locator("#wb-messages .wb-mine").first).to_contain_text("十元")
    page.unroute_all()
    page.evaluate("() => document.dispatchEvent(new CustomEvent('zk:reset'))")
    expect(page.locator("#wb-messages .wb-mine").first).to_contain_text("十二元")
    expect(page.locator("#wb-messages .wb-mine").last).to_contain_text("这条消息已撤回")
    expect(page.locator("#wb-messages .wb-mine")).to_have_count(2)
    anna.faults.clear()  # what was cut off itself


def test_a_picture_of_thirty_megabytes_is_refused_in_words_and_the_words_stay(anna: Somebody, talks: Served) -> None:
    page = take(anna, visitor(talks, "发张大图", who="示例访客大"))
    page.locator("#wb-words").fill("图在这里")
    page.evaluate(EVENT, ["drop", "large.png", "image/png", "", 30 * 1024 * 1024])
    expect(page.locator("#zk-toast")).to_contain_text("“large.png”太大了，一个文件最多 10 MB")
    expect(page.locator("#wb-files li")).to_have_count(0)
    expect(page.locator("#wb-words")).to_have_value("图在这里")


def test_news_sound_and_stand_in_the_title(anna: Somebody, talks: Served) -> None:
    number = visitor(talks, "在吗", who="示例访客声")
    page = take(anna, number)
    page.evaluate(
        "() => { window.tones = 0; const start = OscillatorNode.prototype.start;"
        " OscillatorNode.prototype.start = function (...more) { window.tones++; return start.apply(this, more); }; }"
    )
    page.get_by_role("button", name="提示音").click()
    expect(page.locator("#wb-sound")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("() => window.tones") == 1
    other = take(anna, visitor(talks, "另一个会话", who="示例访客题"))
    visitor(talks, "还在吗", who="示例访客声")
    expect(page).to_have_title(re.compile(r"^\(\d+\+?\) "))
    other.wait_for_function("() => window.tones === 2")
    page.locator(row(number)).locator("[data-open]").click()
    opened(page, number)
    expect(page.locator(row(number)).locator(".wb-badge")).to_have_count(0)


def test_words_of_the_handbook_are_put_into_the_answer(anna: Somebody, talks: Served) -> None:
    page = take(anna, visitor(talks, "你们是谁", who="示例访客话"))
    hint = page.locator("#wb-hints li", has_text="这里是示例咨询台")
    expect(hint).to_contain_text("TALK-04")
    hint.get_by_role("button", name="写进回复").click()
    expect(page.locator("#wb-words")).to_have_value("您好，这里是示例咨询台。")
    expect(page.locator("#wb-words")).to_be_focused()


def test_a_form_is_filled_in_and_a_case_opened_with_what_is_known(anna: Somebody, talks: Served) -> None:
    number = visitor(talks, "东西坏了，要退", who="示例访客单")
    page = take(anna, number)
    page.locator(".wb-actions").get_by_role("link", name="表单").click()
    page.locator("#wb-deed [name=place]").fill("示例路一号")
    page.locator("#wb-deed button[type=submit]").click()
    expect(page.locator("#zk-toast")).to_contain_text("已保存：示例档案")
    page.locator(".wb-actions").get_by_text("转工单").click()
    expect(page.locator("#wb-deed a, .zk-form").first).to_be_visible()
    if page.locator("#wb-deed a[data-row]").count():
        page.locator("#wb-deed a[data-row]").first.click()
    expect(page.locator("form.zk-form")).to_be_visible()
    values = page.locator("form.zk-form").evaluate("form => [...form.elements].map((one) => one.value).join('|')")
    assert "东西坏了，要退" in values or "示例访客单" in values


def test_a_colleague_is_covered_for(browser: Browser, anna: Somebody, talks: Served) -> None:
    number = visitor(talks, "等了很久", who="示例访客代")
    take(anna, number)
    with somebody(browser, talks) as bert:
        page = bert.sign_in("manager1").go(f"/conversations/{number}").page
        expect(page.locator("#wb-compose [data-mode=reply]")).to_have_count(0)
        page.get_by_role("button", name="代接").click()
        expect(page.locator(".wb-title")).to_contain_text("代 ")
        expect(page.locator("#wb-compose [data-mode=reply]")).to_be_visible()
        expect(anna.page.locator("#wb-compose [data-mode=reply]")).to_have_count(0)


def test_two_press_at_once_and_one_is_told(browser: Browser, anna: Somebody, talks: Served) -> None:
    with somebody(browser, talks) as bert:
        bert.sign_in("manager1").go("/conversations")
        number = visitor(talks, "谁先接", who="示例访客抢")
        for person in (anna, bert):
            expect(person.page.locator(row(number))).to_be_visible()
        # One page that has not heard yet: the other was quicker.
        bert.page.route(re.compile("/rows"), lambda route: route.abort())
        take(anna, number)
        bert.page.locator(row(number)).get_by_role("button", name="接入").click()
        expect(bert.page.locator("#wb-told")).to_contain_text("已由同事接走")
        bert.page.unroute(re.compile("/rows"))
        expect(bert.page.locator(row(number)).get_by_role("button", name="接入")).to_have_count(0)
        bert.faults.clear()  # the cut connection itself


def test_a_machine_that_slept_is_told_and_loses_no_word(anna: Somebody, talks: Served) -> None:
    number = visitor(talks, "稍等", who="示例访客睡")
    page = take(anna, number)
    page.locator("#wb-words").fill("正在为您查")
    anna.context.set_offline(True)
    nothing_heard_of(talks, "agent1")
    anna.context.set_offline(False)
    expect(page.locator("#wb-compose-told")).to_contain_text("现在不由您回复")
    expect(page.locator("#wb-words")).to_have_value("正在为您查")
    expect(page.locator(".wb-title")).to_contain_text("排队")
    take(anna, number)
    expect(page.locator("#wb-words")).to_have_value("正在为您查")
    anna.faults.clear()  # the cut connection itself


def test_markup_in_every_field_does_nothing(browser: Browser, anna: Somebody, talks: Served) -> None:
    anna.go("/conversations/replies")
    anna.page.locator("#f-title").fill(EVIL[:58])
    anna.page.locator("#f-words").fill(f"{EVIL}退货")
    anna.page.locator("main form button[type=submit]").first.click()
    expect(anna.page.locator("main")).to_contain_text("onerror")
    number = visitor(talks, f"退货{EVIL}", who=f"示例{EVIL}"[:78])
    page = take(anna.go("/conversations"), number)
    page.locator("#wb-words").fill(f"答{EVIL}")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-staff .wb-words").last).to_contain_text("onerror")
    page.locator("#wb-compose [data-mode=note]").click()
    page.locator("#wb-words").fill(f"备注{EVIL}")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-note .wb-words").last).to_contain_text("onerror")
    page.evaluate(EVENT, ["drop", f"{EVIL}.png", "image/png", DOT, 0])
    expect(page.locator("#wb-files")).to_contain_text("png")
    expect(page.locator("#wb-hints")).to_contain_text("onerror")
    page.locator("#wb-words").press_sequentially("/")
    expect(page.locator("#wb-canned")).to_contain_text("onerror")
    assert page.evaluate("() => window.evil") is None
    with somebody(browser, talks) as lead:
        lead.sign_in("supervisor1").go("/floor").sees("示例<img")
        assert lead.page.evaluate("() => window.evil") is None
