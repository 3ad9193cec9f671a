"""A visitor in Chromium asks in the sample shop and is answered: order, double click, markup, a file too big, a restart, the end."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.people import DESKTOP, PHONE, SCREENS, Somebody, somebody
from tests.served import Served, served, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]

AGENT = """
from zhike.conversations.actions import say
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation
from zhike.conversations.passing import tell_passing
from zhike.org.handbooks import viewer
from zhike.org.models import Staff
what, words = sys.argv[1], sys.argv[2]
conversation = Conversation.objects.latest("id")
person = viewer(Staff.objects.filter(is_sample=True, is_active=True).order_by("id").first())
now = conversation.last_message_at
if what == "say":
    if conversation.owner_id is None:
        accept(conversation, person, now=now)
    say(conversation, person, words=words, key=words[:60], now=now)
elif what == "note":
    say(conversation, person, words=words, key=words[:60], internal=True, now=now)
elif what == "type":
    tell_passing(conversation, "typing", person.principal)
rows = conversation.messages.order_by("seq").values_list("seq", "words", "side")
print(json.dumps([list(row) for row in rows]))
"""
HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>"\'><svg onload=window.hit=1>'


@pytest.fixture(scope="module")
def shop() -> Iterator[Served]:
    with served(sandbox=True) as product:
        yield product


@pytest.fixture
def visitor(browser: Browser, shop: Served) -> Iterator[Somebody]:
    with somebody(browser, shop) as person:
        yield person


def agent(product: Served, what: str, words: str = "") -> list[list[Any]]:
    found: list[list[Any]] = product.run(AGENT, what, words)
    return found


def begin(person: Somebody, words: str = "请问几天送到", name: str = "示例访客") -> Page:
    page = person.go("/demo").page
    page.locator(".launch").click()
    page.locator("input[name=name]").fill(name)
    page.locator("select[name=topic]").select_option("delivery")
    page.locator("textarea[name=words]").fill(words)
    page.locator("input[name=consent]").check()
    page.locator("form.form button[type=submit]").dblclick()
    expect(page.locator(".message.mine .words")).to_have_text(words)
    return page


def pictures(page: Page, name: str) -> None:
    SCREENS.mkdir(exist_ok=True)
    for width, size in ((1440, DESKTOP), (390, PHONE)):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.screenshot(path=str(SCREENS / f"chat-{name}-{width}.png"))
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]


def write(page: Page, words: str) -> None:
    page.locator(".composer textarea").fill(words)
    page.locator(".go").dblclick()


def test_asked_and_answered_in_order_once_and_nothing_typed_is_executed(visitor: Somebody, shop: Served) -> None:
    page = begin(visitor, words=HOSTILE, name=HOSTILE[:80])
    expect(page.locator(".state")).to_contain_text("正在排队")
    for number in range(1, 6):
        write(page, f"第{number}句")
    expect(page.locator(".message.mine .words")).to_have_count(6)
    expect(page.locator(".pending")).to_have_count(0)
    told = agent(shop, "say", "您好，三天送到。https://shop.example/help 可以看进度。" + HOSTILE)
    assert [words for _, words, side in told if side == "customer"] == [HOSTILE, *(f"第{n}句" for n in range(1, 6))]
    assert [seq for seq, _, _ in told] == list(range(1, 8))
    expect(page.locator(".message.theirs .words")).to_contain_text("三天送到")
    expect(page.locator(".message.theirs a")).to_have_attribute("rel", "noopener noreferrer nofollow")
    assert page.evaluate("window.hit") is None
    pictures(page, "talking")


def test_notes_stay_inside_and_typing_is_seen(visitor: Somebody, shop: Served) -> None:
    page = begin(visitor)
    agent(shop, "note", "像是老客户")
    agent(shop, "say", "您好，我来查一下。")
    expect(page.locator(".message.theirs .words")).to_have_text("您好，我来查一下。")
    expect(page.locator(".log")).not_to_contain_text("老客户")
    agent(shop, "type")
    expect(page.locator(".typing")).to_have_text("对方正在输入…")


def test_a_file_too_big_is_refused_with_a_reason_and_a_picture_goes(
    visitor: Somebody, shop: Served, tmp_path: Path
) -> None:
    page = begin(visitor)
    picker = page.locator(".composer input[type=file]")
    big, small = tmp_path / "big.png", tmp_path / "照片.png"
    big.write_bytes(b"\x89PNG" + b"x" * 30 * 1024 * 1024)
    small.write_bytes(page.screenshot())
    picker.set_input_files(big)
    expect(page.locator(".composer .wrong")).to_contain_text("最多 10 MB")
    picker.set_input_files(small)
    expect(page.locator(".chip small")).to_contain_text("KB")
    page.locator(".go").click()
    expect(page.locator(".message.mine canvas")).to_be_visible()
    until(lambda: page.locator(".message.mine canvas").evaluate("each => each.width !== 220"), "the picture is drawn")


def kill_the_server(product: Served) -> None:
    """At once, with the processes it serves from; `zhike up` starts another."""
    web = product.child("web")
    assert web is not None
    serving = Path(f"/proc/{web}/task/{web}/children").read_text().split()
    for pid in (web, *map(int, serving)):
        os.kill(pid, signal.SIGKILL)


def test_a_restarted_server_loses_and_doubles_nothing(visitor: Somebody, shop: Served) -> None:
    page = begin(visitor)
    agent(shop, "say", "请稍等。")
    expect(page.locator(".message.theirs .words")).to_have_count(1)
    kill_the_server(shop)
    for number in range(1, 4):
        write(page, f"断线时{number}")
    until(shop.healthy, "the product is back")
    expect(page.locator(".pending")).to_have_count(0, timeout=60_000)
    agent(shop, "say", "都收到了。")
    expect(page.locator(".message.theirs .words").last).to_have_text("都收到了。", timeout=60_000)
    told = agent(shop, "look")
    assert [words for _, words, _ in told] == [
        "请问几天送到",
        "请稍等。",
        "断线时1",
        "断线时2",
        "断线时3",
        "都收到了。",
    ]
    words = page.locator(".message .words").all_inner_texts()
    assert words == [words for _, words, _ in told]
    page.reload()
    page.locator(".launch").click()
    expect(page.locator(".message .words")).to_have_text(words)
    visitor.faults.clear()  # while the server was away the browser said so


def test_the_end_is_his_and_he_is_asked_once(visitor: Somebody, shop: Served) -> None:
    page = begin(visitor)
    agent(shop, "say", "三天送到。")
    expect(page.locator(".message.theirs .words")).to_have_count(1)
    page.locator(".menu summary").click()
    page.get_by_role("button", name="结束会话").click()
    page.get_by_role("button", name="结束", exact=True).click()
    expect(page.locator(".ended")).to_contain_text("您结束了会话。")
    page.locator(".star input").nth(3).check(force=True)
    page.locator(".rating textarea").fill("示例：回答很快")
    pictures(page, "rating")
    page.get_by_role("button", name="提交评价").click()
    expect(page.locator(".ended")).to_contain_text("谢谢您的评价！")
    assert shop.rows("SELECT score, comment FROM conversations_survey ORDER BY id DESC LIMIT 1") == [
        (4, "示例：回答很快")
    ]
    page.get_by_role("button", name="重新咨询").click()
    expect(page.locator("textarea[name=words]")).to_be_visible()


@contextmanager
def other_site() -> Iterator[tuple[str, dict[str, str]]]:
    """A site of its own: every address answers the page with the policy put into the mapping."""
    pages: dict[str, str] = {}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", pages["policy"])
            self.end_headers()
            self.wfile.write(pages["html"].encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", pages
        server.shutdown()


def test_a_site_with_a_strict_policy_of_its_own_can_use_it(browser: Browser, shop: Served) -> None:
    """Another origin, whose policy names what it must and nothing else."""
    with somebody(browser, shop) as person, other_site() as (site, pages):
        person.go("/demo")
        key = shop.rows("SELECT key FROM conversations_inbox WHERE medium = 'webchat' ORDER BY id LIMIT 1")[0][0]
        shop.run(
            "from zhike.conversations.models import Inbox\ninbox = Inbox.objects.get(key=sys.argv[1])\n"
            "inbox.settings['origins'] = [sys.argv[2]]\ninbox.save()\nprint(json.dumps(1))", key, site,
        )  # fmt: skip
        policy = f"default-src 'none'; script-src {shop.url}; connect-src {shop.url}"
        html = f'<!doctype html><html lang="en"><title>t</title><script src="{shop.url}/chat/widget.js" data-inbox="{key}" async></script>'
        pages.update(policy=policy, html=html)
        page = person.page
        page.goto(f"{site}/price")
        page.locator(".launch").click()
        expect(page.locator("form.form")).to_contain_text("Sample notice")
        assert page.locator(".panel").evaluate("each => getComputedStyle(each).position") == "fixed"
        page.locator("input[name=name]").fill("Sample")
        page.locator("select[name=topic]").select_option("before")
        page.locator("textarea[name=words]").fill("Is it in stock?")
        page.locator("input[name=consent]").check()
        pictures(page, "form-en")
        page.locator("form.form button[type=submit]").click()
        expect(page.locator(".message.mine .words")).to_have_text("Is it in stock?")
        agent(shop, "say", "Yes, it is.")
        expect(page.locator(".message.theirs .words")).to_have_text("Yes, it is.")
        trail = shop.rows("SELECT url FROM conversations_pageview ORDER BY id DESC LIMIT 1")
        assert json.dumps(trail) == json.dumps([[f"{site}/price"]])
