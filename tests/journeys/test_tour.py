"""The tour of docs/tour.md, with pictures: `TOUR_PICTURES=<folder> .venv/bin/pytest tests/journeys/test_tour.py`.

A visitor on a telephone, an agent and a supervisor, each in a browser of his own, on the demonstration shop of the sandbox; once in
Chinese, into `zh`, and once in English, into `en`. Everybody in it is made up (示例). Without the folder it is not walked: the same
steps are tested elsewhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Tongue:
    """What the three see and say in one language."""

    locale: str
    name: str
    question: str
    looking: str
    note: str
    hint: str
    sorry: str
    take: str
    whisper: str
    heard: str
    take_over: str
    sure: str
    end: str
    ended: str


TONGUES = {
    "zh": Tongue(
        "zh-CN", "示例访客林", "订单还没有收到，请问到哪了？", "您好，我来查一下，请稍等。", "快递说今天派送。", "先道歉，再给预计时间。",
        "非常抱歉让您久等，包裹今天送到。", "接入", "悄悄提示", "知道了", "接管", "确定接管", "结束会话", "已结束",
    ),
    "en": Tongue(
        "en-GB", "Sample visitor Lin", "My order has not come yet. Where is it?", "Good day, let me look it up.",
        "The courier says it comes today.", "Apologise first, then say when.", "I am sorry you had to wait: your parcel comes today.",
        "Take", "Whisper", "Got it", "Take over", "Take it over", "End conversation", "Ended",
    ),
}  # fmt: skip


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


def asks(page: Page, album: Album, say: Tongue) -> None:
    """On a telephone, in the shop."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.locator(".launch").click()
    page.locator("input[name=name]").fill(say.name)
    if page.locator("select[name=topic]").count():
        page.locator("select[name=topic]").select_option(index=1)
    page.locator("textarea[name=words]").fill(say.question)
    if page.locator("input[name=consent]").count():
        page.locator("input[name=consent]").check()
    album.take(page, "visitor-asks")
    page.locator("form.form button[type=submit]").click()
    expect(page.locator(".message.mine .words")).to_contain_text(say.question)
    album.take(page, "visitor-waits")


def answers(agent: Page, visitor: Page, album: Album, say: Tongue) -> str:
    """Taken, answered, noted; the number of the conversation."""
    row = agent.locator('[data-group="waiting"] .wb-row', has_text=say.name)
    number = row.get_attribute("data-number") or ""
    album.take(agent, "agent-sees-who-waits")
    row.get_by_role("button", name=say.take, exact=True).click()
    expect(agent.locator("#wb-compose [data-mode=reply]")).to_be_visible()
    agent.locator("#wb-words").fill(say.looking)
    agent.keyboard.press("Enter")
    expect(visitor.locator(".message.theirs .words").last).to_contain_text(say.looking)
    album.take(visitor, "visitor-is-answered")
    agent.locator("#wb-compose [data-mode=note]").click()
    agent.locator("#wb-words").fill(say.note)
    agent.keyboard.press("Enter")
    expect(agent.locator(".wb-note")).to_contain_text(say.note)
    album.take(agent, "agent-answers-and-notes")
    return number


def steps_in(lead: Page, agent: Page, number: str, album: Album, say: Tongue) -> None:
    """The floor, a whisper, taking over."""
    expect(lead.locator("#floor")).to_contain_text(say.name)
    album.take(lead, "supervisor-sees-the-floor")
    lead.get_by_role("link", name=say.name).first.click()
    lead.get_by_role("link", name=say.whisper).click()
    lead.locator("#wb-whisper").fill(say.hint)
    album.take(lead, "supervisor-whispers")
    lead.locator("#wb-deed button[type=submit]").click()
    expect(agent.locator("#wb-whispers")).to_contain_text(say.hint)
    album.take(agent, "agent-hears-the-whisper")
    agent.get_by_role("button", name=say.heard).click()
    lead.locator("summary", has_text=say.take_over).click()
    album.take(lead, "supervisor-is-asked")
    lead.get_by_role("button", name=say.sure).click()
    expect(lead.locator("#wb-compose [data-mode=reply]")).to_be_visible()
    lead.locator("#wb-words").fill(say.sorry)
    lead.keyboard.press("Enter")
    expect(lead.locator(".wb-mine .wb-words").last).to_contain_text(say.sorry)
    album.take(lead, "supervisor-has-taken-over")
    expect(agent.locator(f'.wb-row[data-number="{number}"]')).to_have_count(0)


def ends(lead: Page, visitor: Page, number: str, album: Album, say: Tongue) -> None:
    """The end with its topic, and found again."""
    expect(visitor.locator(".message.theirs .words").last).to_contain_text(say.sorry)
    lead.get_by_role("link", name=say.end).click()
    lead.locator("#f-topic").select_option(index=1)
    album.take(lead, "supervisor-ends-it")
    lead.locator("#wb-deed button[type=submit]").click()
    expect(lead.locator(".wb-title")).to_contain_text(say.ended)
    album.take(visitor, "visitor-at-the-end")
    lead.goto(lead.url.partition("/conversations")[0] + f"/conversations/ended?q={number}")
    expect(lead.locator("main table")).to_contain_text(say.name)
    album.take(lead, "ended-conversations")


@pytest.mark.parametrize("language", TONGUES)
def test_a_visitor_an_agent_and_a_supervisor(language: str, browser: Browser, sandbox: Served) -> None:
    furnish(sandbox)
    say = TONGUES[language]
    album, cast = Album(Path(FOLDER) / language), Cast(browser, sandbox, locale=say.locale)
    visitor = cast["customer"].go("/demo").page
    agent = cast["agent1"].go("/conversations").page
    lead = cast["supervisor1"].go("/floor").page
    agent.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    asks(visitor, album, say)
    number = answers(agent, visitor, album, say)
    steps_in(lead, agent, number, album, say)
    ends(lead, visitor, number, album, say)
    assert cast.leave() == []
