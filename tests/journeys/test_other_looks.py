"""The same product in English and in the dark: every page has its words and fits both widths."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.people import Somebody, somebody
from tests.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]

STAFF_PAGES = {
    # page: a word that must be there in English
    "/desk": "My cases",
    "/board": "Board",
    "/cases?all=1": "Cases",
    "/handbook/retail-hotline": "Kept",
    "/handbook/retail-hotline/clause/WARN-05": "30 minutes",
    "/lookup": "Outlets",
    "/notices": "Notices",
    "/sandbox": "Sandbox",
    "/welcome": "Zhike",
}
PUBLIC_PAGES = {"/portal/": "How can we help", "/portal/follow": "Follow a request", "/sign-in": "Sign in"}


def visit(person: Somebody, path: str, word: str, picture: str) -> None:
    person.go(path)
    expect(person.page.locator("html")).to_have_attribute("lang", "en")
    expect(person.page.locator("body")).to_contain_text(re.compile(word, re.IGNORECASE))
    person.picture(picture, full=False)


def name_of(path: str) -> str:
    return re.sub(r"\W+", "-", path).strip("-") or "first"


def test_every_page_is_there_in_english_and_in_the_dark(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox, locale="en-GB", color_scheme="dark") as visitor:
        for path, word in PUBLIC_PAGES.items():
            visit(visitor, path, word, f"en-dark-{name_of(path)}")
    with somebody(browser, sandbox, locale="en-GB", color_scheme="dark") as supervisor:
        supervisor.sign_in("supervisor1")
        for path, word in STAFF_PAGES.items():
            visit(supervisor, path, word, f"en-dark-{name_of(path)}")
        supervisor.go("/cases?all=1").page.locator("tbody a").first.click()
        expect(supervisor.page.locator(".zk-stage").first).to_be_visible()
        supervisor.picture("en-dark-case")


def test_the_page_is_dark_when_the_machine_is(browser: Browser, sandbox: Served) -> None:
    for scheme, is_dark in (("dark", True), ("light", False)):
        with somebody(browser, sandbox, color_scheme=scheme) as visitor:
            visitor.go("/portal/")
            red, green, blue = visitor.page.evaluate(
                "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
            )
            assert (red + green + blue < 3 * 100) == is_dark, scheme
