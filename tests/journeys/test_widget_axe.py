"""The chat widget under axe in every state a visitor meets: outside the hours, closed, its form, waiting, talking, its menu, the question
before the end, the rating; wide and on a telephone, by day and by night, in Chinese and in English.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.axe import faults
from tests.people import SCREENS, Somebody, somebody
from tests.served import Person, Served, served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded, pytest.mark.axe]
CHINA = dt.timezone(dt.timedelta(hours=8))
SAYS = {
    "zh-CN": {"menu": "结束会话", "name": "示例访客", "words": "示例：几天能送到？", "offline": "休息时间"},
    "en-US": {
        "menu": "End chat",
        "name": "Sample visitor",
        "words": "Sample: when does it arrive?",
        "offline": "closed",
    },
}
Look = Callable[[str], None]


@pytest.fixture(scope="module")
def shop() -> Iterator[Served]:
    with served(sandbox=True, handbook="webchat-desk") as product:
        yield product


def at(product: Served, clock: str) -> None:
    """That time of the next Tuesday: nobody has a day off in the sample then."""
    now = dt.datetime.fromisoformat(product.clock()["now"]).astimezone(CHINA)
    day = now.date() + dt.timedelta(days=(1 - now.weekday()) % 7)
    moment = dt.datetime.combine(day, dt.time.fromisoformat(clock), CHINA)
    product.clock(at=(moment if moment > now else moment + dt.timedelta(days=7)).isoformat())


@pytest.mark.parametrize("locale", SAYS)
def test_outside_the_hours(browser: Browser, shop: Served, locale: str) -> None:
    at(shop, "03:00" if locale == "zh-CN" else "03:30")
    with somebody(browser, shop, locale=locale, reduced_motion="reduce") as visitor:
        look, wrong = looking(visitor.go("/demo").page, locale)
        page = visitor.page
        expect(page.locator(".launch")).to_be_visible()
        look("closed")
        page.locator(".launch").click()
        expect(page.locator(".form .welcome")).to_contain_text(SAYS[locale]["offline"])
        look("offline")
        assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("locale", SAYS)
def test_while_somebody_is_there(browser: Browser, shop: Served, locale: str) -> None:
    at(shop, "10:00" if locale == "zh-CN" else "10:30")
    agent = Person(shop).sign_in("agent1")
    agent.get("/conversations")
    agent.post("/presence/enter", {"state": "not_ready", "reason": "示例"})
    with somebody(browser, shop, locale=locale, reduced_motion="reduce") as visitor:
        look, wrong = looking(visitor.go("/demo").page, locale)
        the_form(visitor, look, SAYS[locale])
        it_waits_and_is_talked_with(visitor, look, agent, SAYS[locale])
        it_ends(visitor, look, SAYS[locale])
        assert not wrong, "\n".join(wrong)


def looking(page: Page, locale: str) -> tuple[Look, list[str]]:
    """`look("form")` looks at the page as it stands and takes its picture; what was wrong is in the list."""
    wrong: list[str] = []

    def look(name: str) -> None:
        SCREENS.mkdir(exist_ok=True)
        wrong.extend(f"{name} {fault}" for fault in faults(page))
        page.screenshot(path=SCREENS / f"widget-{locale}-{name}-dark.png")
        page.emulate_media(color_scheme="light")
        page.screenshot(path=SCREENS / f"widget-{locale}-{name}.png")

    return look, wrong


def the_form(visitor: Somebody, look: Look, says: dict[str, str]) -> None:
    """As it opens, and as it comes back with what is missing."""
    page = visitor.page
    page.locator(".launch").click()
    expect(page.locator("form.form")).to_be_visible()
    look("form")
    page.locator("form.form button[type=submit]").click()
    expect(page.locator("form.form .problem:visible").first).to_be_visible()
    look("form-refused")
    page.locator("input[name=name]").fill(says["name"])
    page.locator("select[name=topic]").select_option("before")
    page.locator("textarea[name=words]").fill(says["words"])
    page.locator("input[name=consent]").check()
    page.locator("form.form button[type=submit]").click()


def it_waits_and_is_talked_with(visitor: Somebody, look: Look, agent: Person, says: dict[str, str]) -> None:
    page, product = visitor.page, visitor.product
    expect(page.locator(".message.mine .words")).to_have_text(says["words"])
    expect(page.locator(".pending")).to_have_count(0)
    look("waiting")
    (number,) = product.rows("SELECT number FROM conversations_conversation ORDER BY id DESC LIMIT 1")[0]
    agent.post(f"/conversations/{number}/accept", {})
    agent.post(
        f"/conversations/{number}/say", {"words": "示例：三天。https://shop.example/help", "key": secrets.token_hex(8)}
    )
    expect(page.locator(".message.theirs .words")).to_be_visible()
    look("talking")


def it_ends(visitor: Somebody, look: Look, says: dict[str, str]) -> None:
    page = visitor.page
    page.locator(".menu summary").click()
    expect(page.get_by_role("button", name=says["menu"])).to_be_visible()
    look("menu")
    page.get_by_role("button", name=says["menu"]).click()
    expect(page.locator(".ask")).to_be_visible()
    look("asked-before-the-end")
    page.locator(".ask button").first.click()
    expect(page.locator(".ended .rating")).to_be_visible()
    look("rating")
    page.locator(".star input").nth(3).check(force=True)
    page.locator(".rating button[type=submit]").click()
    expect(page.locator(".ended .thanks")).to_be_visible()
    look("rated")
