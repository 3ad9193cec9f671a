"""What goes wrong on the way between a visitor and the desk, in Chromium: nothing is lost, nothing comes twice, and he is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.journeys.test_chat_sides import agent, begin, desk, take, visitor
from tests.people import Somebody, somebody
from tests.served import Person, Served, until

__all__ = ["agent", "desk", "visitor"]
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]
HALF = b"\x89PNG" + b"x" * 1_000_000
NOBODY_WAITS = """
import datetime
from zhike.conversations.actions import close
from zhike.conversations.models import Conversation
now = datetime.datetime.fromisoformat(sys.argv[1])
waiting = list(Conversation.objects.filter(state="waiting"))
for conversation in waiting:
    close(conversation, by="system", now=now)
print(json.dumps(len(waiting)))
"""
TWO_OF_THEM = """
from zhike.conversations.models import Inbox
from zhike.customers.actions import find_or_add_customer
from zhike.lib import clock
import datetime
now = datetime.datetime.fromisoformat(sys.argv[1])
for phone, email, name in (("13800000811", "", "示例母亲"), ("", "son@shop.example", "示例儿子")):
    find_or_add_customer(phone=phone, email=email, name=name, now=now)
inbox = Inbox.objects.get(medium="webchat")
inbox.settings["fields"].append({"id": "email", "required": False})
inbox.save(update_fields=["settings"])
print(json.dumps(inbox.key))
"""


def write(page: Page, words: str) -> None:
    page.locator(".composer textarea").fill(words)
    page.keyboard.press("Enter")


def said(page: Page) -> list[str]:
    return page.locator(".message .words").all_inner_texts()


def stored(desk: Served) -> list[str]:
    """The newest conversation's messages as the product keeps them."""
    rows = desk.rows(
        "SELECT words FROM conversations_message WHERE side <> 'system' AND conversation_id ="
        " (SELECT max(id) FROM conversations_conversation) ORDER BY seq"
    )
    return [words for (words,) in rows]


@pytest.fixture
def talking(agent: Somebody, visitor: Somebody) -> Iterator[tuple[Page, Page]]:
    """The visitor's page and the agent's, in one conversation."""
    begin(visitor.page, "几天送到")
    take(agent.page, "几天送到")
    yield visitor.page, agent.page
    visitor.faults.clear()  # the browser says of every answer that is cut off that it was


def test_an_answer_that_was_lost_after_the_message_was_stored_shows_it_once(
    talking: tuple[Page, Page], desk: Served
) -> None:
    page, _ = talking
    lost = []

    def cut(route: Route) -> None:
        route.fetch()  # the product has stored it
        lost.append(route.request.post_data)
        route.abort()

    page.route("**/messages", cut, times=1)
    write(page, "收到了吗")
    expect(page.locator(".pending")).to_have_count(0)
    write(page, "再问一句")
    expect(page.locator(".message.mine .words")).to_have_count(3)
    expect(page.locator(".pending")).to_have_count(0)
    assert len(lost) == 1
    assert said(page) == stored(desk) == ["几天送到", "收到了吗", "再问一句"]


def test_two_tabs_of_one_visitor_say_the_same_and_end_together(
    talking: tuple[Page, Page], visitor: Somebody, desk: Served
) -> None:
    page, theirs = talking
    other = visitor.context.new_page()
    other.goto(f"{desk.url}/demo/lamp")
    other.locator(".launch").click()
    expect(other.locator(".message.mine .words")).to_have_text("几天送到")
    for number, tab in enumerate((page, other, page), 1):
        write(tab, f"第{number}句")
        expect(tab.locator(".pending")).to_have_count(0)
    theirs.locator("#wb-words").fill("两天。")
    theirs.keyboard.press("Enter")
    for tab in (page, other):
        expect(tab.locator(".message.theirs .words")).to_have_text("两天。")
        expect(tab.locator(".message.mine .words")).to_have_count(4)
        assert said(tab) == stored(desk)
    other.locator(".menu summary").click()
    other.get_by_role("button", name="结束会话").click()
    other.get_by_role("button", name="结束", exact=True).click()
    expect(page.locator(".ended")).to_contain_text("您结束了会话。")
    newest = "SELECT count(*) FROM conversations_survey GROUP BY conversation_id ORDER BY conversation_id DESC LIMIT 1"
    assert desk.rows(newest) == [(1,)]


def test_a_clock_that_jumps_an_hour_on_either_side_loses_nothing(talking: tuple[Page, Page], desk: Served) -> None:
    page, theirs = talking
    page.evaluate("const real = Date.now; Date.now = () => real() + 3600000")
    write(page, "钟拨快了")
    page.evaluate("const before = Date.now; Date.now = () => before() - 7200000")
    write(page, "钟拨慢了")
    expect(page.locator(".pending")).to_have_count(0)
    desk.clock(advance="1h")
    theirs.locator("#wb-words").fill("都看到了。")
    theirs.keyboard.press("Enter")
    expect(page.locator(".message.theirs .words").last).to_have_text("都看到了。")
    assert stored(desk) == ["几天送到", "钟拨快了", "钟拨慢了", "都看到了。"]
    assert said(page) == stored(desk)


def test_a_page_closed_in_the_middle_of_an_upload_leaves_nothing_behind(desk: Served) -> None:
    Person(desk).get("/demo")  # its first visitor opens the shop's inbox
    before = desk.rows("SELECT count(*) FROM records_attachment")
    key = desk.rows("SELECT key FROM conversations_inbox WHERE medium = 'webchat'")[0][0]
    head = (
        f"POST /chat/{key}/files HTTP/1.1\r\nHost: 127.0.0.1:{desk.port}\r\nAuthorization: Visitor {'v' * 43}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    )
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", desk.port)) as page:
            page.sendall(head.encode() + HALF)
    assert desk.healthy()
    incoming = desk.home / "files" / "incoming"
    until(lambda: not incoming.exists() or not list(incoming.iterdir()), "nothing half received is kept")
    assert desk.rows("SELECT count(*) FROM records_attachment") == before


def test_a_picture_whose_page_was_closed_goes_again_when_he_is_back(
    talking: tuple[Page, Page], tmp_path: Path, desk: Served
) -> None:
    page, _ = talking
    picture = tmp_path / "示例.png"
    picture.write_bytes(page.screenshot())
    page.route("**/files", lambda route: None)  # it hangs
    page.locator(".composer input[type=file]").set_input_files(picture)
    page.locator(".composer textarea").fill("看这张")
    expect(page.locator(".chip")).to_contain_text("正在上传")
    page.unroute_all(behavior="ignoreErrors")
    page.reload()
    page.locator(".launch").click()
    expect(page.locator(".composer textarea")).to_have_value("看这张")
    page.locator(".composer input[type=file]").set_input_files(picture)
    expect(page.locator(".chip small")).to_contain_text("KB")
    page.locator(".go").click()
    expect(page.locator(".message.mine canvas")).to_be_visible()
    assert stored(desk) == ["几天送到", "看这张"]


def test_who_writes_faster_than_sixty_a_minute_is_told_and_all_of_it_arrives_in_order(
    talking: tuple[Page, Page], desk: Served
) -> None:
    page, _ = talking

    def enough(route: Route) -> None:
        words = '{"error": "too_many", "words": "发送得太快了，请稍等片刻再试。", "wait": 2}'
        route.fulfill(status=429, content_type="application/json", body=words)

    page.route("**/messages", enough, times=1)
    for number in range(1, 4):
        write(page, f"快{number}")
    expect(page.locator(".pending").first).to_contain_text("发送得太快了，2 秒后自动发出。")
    expect(page.locator(".pending")).to_have_count(0)
    assert stored(desk) == ["几天送到", "快1", "快2", "快3"]


def test_he_is_invited_once_a_visit_and_the_invitation_opens_the_window(agent: Somebody, visitor: Somebody) -> None:
    page = visitor.page
    page.clock.install()
    page.reload()
    expect(page.locator(".launch")).to_be_visible()
    page.clock.fast_forward(21_000)
    expect(page.locator(".bubble")).to_contain_text("需要帮忙挑选吗？")
    page.get_by_role("button", name="聊一聊").click()
    expect(page.locator("form.form")).to_be_visible()
    page.reload()
    expect(page.locator(".launch")).to_be_visible()
    page.clock.fast_forward(60_000)
    expect(page.locator(".bubble")).to_have_count(0)


def test_his_place_in_the_queue_moves_up_while_he_looks(browser: Browser, desk: Served, agent: Somebody) -> None:
    desk.run(NOBODY_WAITS, desk.clock()["now"])
    with somebody(browser, desk) as first, somebody(browser, desk) as second:
        second.page.clock.install()
        for person, words in ((first, "我先来"), (second, "我后到")):
            begin(person.go("/demo").page, words)
        expect(first.page.locator(".state")).to_contain_text("下一位就是您")
        expect(second.page.locator(".state")).to_contain_text("前面还有 1 位")
        take(agent.page, "我先来")
        expect(first.page.locator(".state")).to_contain_text("为您服务")
        second.page.clock.fast_forward(31_000)
        expect(second.page.locator(".state")).to_contain_text("下一位就是您")


def test_contact_points_of_two_customers_are_shown_to_the_agent_and_not_guessed(
    browser: Browser, desk: Served, agent: Somebody
) -> None:
    Person(desk).get("/demo")  # the shop's inbox is made when it is first opened
    desk.run(TWO_OF_THEM, desk.clock()["now"])
    with somebody(browser, desk) as person:
        page = person.go("/demo").page
        page.locator(".launch").click()
        page.locator("input[name=phone]").fill("13800000811")
        page.locator("input[name=email]").fill("son@shop.example")
        page.locator("input[name=name]").fill("示例访客")
        page.locator("select[name=topic]").select_option("after")
        page.locator("textarea[name=words]").fill("是我")
        page.locator("input[name=consent]").check()
        page.locator("form.form button[type=submit]").click()
        expect(page.locator(".message.mine .words")).to_have_text("是我")
    take(agent.page, "是我")
    expect(agent.page.locator("main")).to_contain_text("示例母亲")
    expect(agent.page.locator("main")).to_contain_text("示例儿子")
    agent.picture("chat-ambiguous", full=False)


def test_who_signs_in_on_the_site_is_known_to_the_agent_at_once(talking: tuple[Page, Page], desk: Served) -> None:
    from zhike.web.webchat.tests.ground import token_of

    page, theirs = talking
    now = desk.clock()["now"]
    secret = desk.run(
        "import datetime\nfrom zhike.channels.webchat.inboxes import renew_secret\nfrom zhike.conversations.models import Inbox\n"
        "now = datetime.datetime.fromisoformat(sys.argv[1])\n"
        "print(json.dumps([renew_secret(Inbox.objects.get(medium='webchat').pk, by='system', now=now), int(now.timestamp())]))", now
    )  # fmt: skip
    good = token_of(secret[0], phone="13800000821", name="示例会员", exp=secret[1] + 600, jti="j1")
    forged = token_of("another secret", phone="13800000822", name="示例冒名", exp=secret[1] + 600, jti="j2")
    page.evaluate("token => Zhike.identify(token)", forged)
    page.evaluate("token => Zhike.identify(token)", good)
    expect(theirs.locator("main")).to_contain_text("示例会员")
    assert desk.rows("SELECT count(*) FROM customers_customer WHERE name = '示例冒名'") == [(0,)]
