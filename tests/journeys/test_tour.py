"""The tour of docs/tour.md, with pictures: `TOUR_PICTURES=<folder> .venv/bin/pytest tests/journeys/test_tour.py`.

A visitor on a telephone, an agent and a supervisor, each in a browser of his own, on the demonstration shop of the sandbox.
Everybody in it is made up (示例). Without the folder it is not walked: the same steps are tested elsewhere.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.people import DESKTOP, PHONE, Cast
from tests.served import Served
from tests.talks import furnish

FOLDER = os.environ.get("TOUR_PICTURES", "")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.embedded,
    pytest.mark.skipif(not FOLDER, reason="writes pictures into the folder TOUR_PICTURES names"),
]


class Album:
    """Pictures in the order they are taken, by day and by night: `03-agent-answers-1440-light.png`; staff's also at a telephone's width."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.taken = 0

    def take(self, page: Page, name: str) -> None:
        self.taken += 1
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        own = page.viewport_size or DESKTOP
        for size in [own] if own["width"] == PHONE["width"] else [DESKTOP, PHONE]:
            page.set_viewport_size(size)  # type: ignore[arg-type]
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                picture = self.folder / f"{self.taken:02}-{name}-{size['width']}-{scheme}.png"
                page.screenshot(path=picture, animations="disabled")
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, f"{name} is {over} px wider than the screen at {size['width']}"
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(own)


def asks(page: Page, album: Album) -> None:
    """On a telephone, in the shop."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.locator(".launch").click()
    page.locator("input[name=name]").fill("示例访客林")
    if page.locator("select[name=topic]").count():
        page.locator("select[name=topic]").select_option(index=1)
    page.locator("textarea[name=words]").fill("订单还没有收到，请问到哪了？")
    if page.locator("input[name=consent]").count():
        page.locator("input[name=consent]").check()
    album.take(page, "visitor-asks")
    page.locator("form.form button[type=submit]").click()
    expect(page.locator(".message.mine .words")).to_contain_text("订单还没有收到")
    album.take(page, "visitor-waits")


def answers(agent: Page, visitor: Page, album: Album) -> str:
    """Taken, answered, noted; the number of the conversation."""
    row = agent.locator('[data-group="waiting"] .wb-row', has_text="示例访客林")
    number = row.get_attribute("data-number") or ""
    album.take(agent, "agent-sees-who-waits")
    row.get_by_role("button", name="接入").click()
    expect(agent.locator("#wb-compose [data-mode=reply]")).to_be_visible()
    agent.locator("#wb-words").fill("您好，我来查一下，请稍等。")
    agent.keyboard.press("Enter")
    expect(visitor.locator(".message.theirs .words").last).to_contain_text("我来查一下")
    album.take(visitor, "visitor-is-answered")
    agent.locator("#wb-compose [data-mode=note]").click()
    agent.locator("#wb-words").fill("快递说今天派送。")
    agent.keyboard.press("Enter")
    expect(agent.locator(".wb-note")).to_contain_text("今天派送")
    album.take(agent, "agent-answers-and-notes")
    return number


def steps_in(lead: Page, agent: Page, number: str, album: Album) -> None:
    """The floor, a whisper, taking over."""
    expect(lead.locator("#floor")).to_contain_text("示例访客林")
    album.take(lead, "supervisor-sees-the-floor")
    lead.get_by_role("link", name="示例访客林").first.click()
    lead.get_by_role("link", name="悄悄提示").click()
    lead.locator("#wb-whisper").fill("先道歉，再给预计时间。")
    album.take(lead, "supervisor-whispers")
    lead.locator("#wb-deed button[type=submit]").click()
    expect(agent.locator("#wb-whispers")).to_contain_text("先道歉")
    album.take(agent, "agent-hears-the-whisper")
    agent.get_by_role("button", name="知道了").click()
    lead.locator("summary", has_text="接管").click()
    album.take(lead, "supervisor-is-asked")
    lead.get_by_role("button", name="确定接管").click()
    expect(lead.locator("#wb-compose [data-mode=reply]")).to_be_visible()
    lead.locator("#wb-words").fill("非常抱歉让您久等，包裹今天送到。")
    lead.keyboard.press("Enter")
    expect(lead.locator(".wb-mine .wb-words").last).to_contain_text("今天送到")
    album.take(lead, "supervisor-has-taken-over")
    expect(agent.locator(f'.wb-row[data-number="{number}"]')).to_have_count(0)


def ends(lead: Page, visitor: Page, number: str, album: Album) -> None:
    """The end with its topic, and found again."""
    expect(visitor.locator(".message.theirs .words").last).to_contain_text("今天送到")
    lead.get_by_role("link", name="结束会话").click()
    lead.locator("#f-topic").select_option(index=1)
    album.take(lead, "supervisor-ends-it")
    lead.locator("#wb-deed button[type=submit]").click()
    expect(lead.locator(".wb-title")).to_contain_text("已结束")
    album.take(visitor, "visitor-at-the-end")
    lead.goto(lead.url.partition("/conversations")[0] + f"/conversations/ended?q={number}")
    expect(lead.locator("main table")).to_contain_text("示例访客林")
    album.take(lead, "ended-conversations")


def test_a_visitor_an_agent_and_a_supervisor(browser: Browser, sandbox: Served) -> None:
    furnish(sandbox)
    album, cast = Album(Path(FOLDER)), Cast(browser, sandbox)
    visitor = cast["customer"].go("/demo").page
    agent = cast["agent1"].go("/conversations").page
    lead = cast["supervisor1"].go("/floor").page
    agent.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    asks(visitor, album)
    number = answers(agent, visitor, album)
    steps_in(lead, agent, number, album)
    ends(lead, visitor, number, album)
    assert cast.leave() == []
