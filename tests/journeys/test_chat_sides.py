"""Both sides of one web chat in Chromium: a visitor in the sample shop and an agent of the web chat desk at the workbench."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.people import DESKTOP, PHONE, SCREENS, Somebody, somebody
from tests.served import Served, served, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]
NEXT_OPEN = """
import datetime
from zhike.org.handbooks import book_of, current
now = datetime.datetime.fromisoformat(sys.argv[1])
calendar = book_of(current("webchat-desk", now).pk).calendar("desk_hours")
print(json.dumps((calendar.next_open(now + datetime.timedelta(days=1)) + datetime.timedelta(hours=1)).isoformat()))
"""
NOBODY = """
from zhike.conversations.models import Presence
print(json.dumps(Presence.objects.update(state="off")))
"""


@pytest.fixture(scope="module")
def desk() -> Iterator[Served]:
    with served(sandbox=True, handbook="webchat-desk") as product:
        product.clock(at=product.run(NEXT_OPEN, product.clock()["now"]))
        yield product


@pytest.fixture
def visitor(browser: Browser, desk: Served) -> Iterator[Somebody]:
    with somebody(browser, desk) as person:
        yield person.go("/demo")


@pytest.fixture
def agent(browser: Browser, desk: Served) -> Iterator[Somebody]:
    with somebody(browser, desk) as person:
        ready(person.sign_in("agent1").go("/conversations").page)
        yield person


def ready(page: Page) -> None:
    """Whoever was away only because nothing was heard of him is ready again by himself as soon as his page is open."""
    control = page.locator("#zk-presence[data-mark]")
    is_ready = re.compile("zk-is-ready")
    try:
        expect(control).to_have_class(is_ready, timeout=3000)
    except AssertionError:
        control.locator("summary").click()
        control.locator("button[value=ready]").click()
        expect(control).to_have_class(is_ready)


def begin(page: Page, words: str) -> None:
    page.locator(".launch").click()
    page.locator("input[name=name]").fill("示例访客")
    page.locator("select[name=topic]").select_option("delivery")
    page.locator("textarea[name=words]").fill(words)
    page.locator("input[name=consent]").check()
    page.locator("form.form button[type=submit]").click()
    expect(page.locator(".message.mine .words")).to_have_text(words)


def take(page: Page, words: str) -> None:
    """What waits with these words as its last."""
    waiting = page.get_by_role("button", name="接入")
    page.locator(".wb-row", has_text=words).filter(has=waiting).first.get_by_role("button", name="接入").click()
    expect(page.locator("#wb-words")).to_be_visible()


def writing_is_seen(writer: Page, other: Page) -> bool:
    """One more letter, and whether the other side is told."""
    writer.locator("#wb-words").press_sequentially("好")
    return other.locator(".typing").inner_text() == "对方正在输入…"


def test_each_side_sees_that_the_other_is_writing_and_how_far_it_has_read(agent: Somebody, visitor: Somebody) -> None:
    begin(visitor.page, "几天送到")
    take(agent.page, "几天送到")
    expect(visitor.page.locator(".message.mine .notes")).to_contain_text("已读")
    until(lambda: writing_is_seen(agent.page, visitor.page), "the visitor sees that somebody writes")
    agent.page.locator("#wb-words").fill("您好，三天送到。")
    agent.page.keyboard.press("Enter")
    expect(visitor.page.locator(".message.theirs .words")).to_have_text("您好，三天送到。")
    expect(visitor.page.locator(".typing")).to_have_text("")
    expect(agent.page.locator(".wb-staff [data-delivery]")).to_have_text("已读")
    visitor.page.locator(".composer textarea").press_sequentially("好的，谢")
    expect(agent.page.locator("#wb-typing")).to_contain_text("正在输入")
    visitor.page.keyboard.press("Enter")
    expect(agent.page.locator("#wb-messages")).to_contain_text("好的，谢")
    expect(agent.page.locator("#wb-typing")).to_be_hidden()


def test_what_comes_while_the_window_is_closed_counts_as_unread_until_it_is_opened(
    agent: Somebody, visitor: Somebody
) -> None:
    begin(visitor.page, "有现货吗")
    take(agent.page, "有现货吗")
    visitor.page.get_by_role("button", name="收起窗口").click()
    agent.page.locator("#wb-words").fill("有的。")
    agent.page.keyboard.press("Enter")
    expect(visitor.page.locator(".badge")).to_have_text("1")
    expect(agent.page.locator(".wb-staff [data-delivery]")).not_to_have_text("已读")
    visitor.page.locator(".launch").click()
    expect(agent.page.locator(".wb-staff [data-delivery]")).to_have_text("已读")


def test_while_nobody_is_there_a_message_with_a_file_becomes_a_case_the_desk_sees(
    browser: Browser, desk: Served, tmp_path: Path
) -> None:
    desk.run(NOBODY)
    note = tmp_path / "示例订单.txt"
    note.write_text("示例：订单 A-1")
    with somebody(browser, desk) as person:
        page = person.go("/demo").page
        page.locator(".launch").click()
        expect(page.locator("form.form .welcome")).to_have_text("现在没有客服在岗，请留言，我们会按您留下的方式答复。")
        page.locator("input[name=name]").fill("示例留言人")
        page.locator("select[name=topic]").select_option("after")
        page.locator("textarea[name=words]").fill("灯不亮了，请回电。")
        page.locator("form.form input[type=file]").set_input_files(note)
        expect(page.locator(".chip small")).to_contain_text("KB")
        page.locator("input[name=consent]").check()
        page.locator("form.form button[type=submit]").click()
        expect(page.locator("#p-phone")).to_have_text("请留下手机号码或邮箱，我们好答复您。")
        pictures(page, "leaving")
        page.locator("input[name=phone]").fill("138 0000 0801")
        page.locator("form.form button[type=submit]").dblclick()
        expect(page.locator(".form .welcome").first).to_contain_text("留言已收到，编号 LY")
        expect(page.locator(".form .welcome").last).to_contain_text("会有人处理")
        pictures(page, "left")
        number = re.search(r"LY\d{6}-\d+", page.locator(".form .welcome").first.inner_text())
    assert number is not None
    assert desk.rows("SELECT count(*) FROM cases_case WHERE process = 'web_message'") == [(1,)]
    with somebody(browser, desk) as person:
        page = person.sign_in("agent1").case(number[0]).page
        expect(page.locator("main")).to_contain_text("灯不亮了，请回电。")
        expect(page.locator("main")).to_contain_text("示例订单.txt")


def pictures(page: Page, name: str) -> None:
    SCREENS.mkdir(exist_ok=True)
    for width, size in ((1440, DESKTOP), (390, PHONE)):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.screenshot(path=str(SCREENS / f"chat-{name}-{width}.png"))
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
