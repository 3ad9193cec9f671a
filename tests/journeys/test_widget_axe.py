"""The chat widget under axe outside the hours: closed and open; wide and on a telephone, by day and by night, in Chinese and in English."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.axe import faults
from tests.people import SCREENS, somebody
from tests.served import Served, served

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
        expect(page.locator(".form .welcome")).to_contain_text(SAYS[locale])
        look("offline")
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
