"""The product without a mouse: every key does what its page says, and the focus is never lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.people import somebody
from tests.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]


def focused(page: Page) -> str:
    """What has the focus: its id, else its words."""
    return str(page.evaluate("(document.activeElement.id || document.activeElement.textContent).trim()"))


def test_the_question_mark_opens_the_list_of_keys_and_escape_gives_the_page_back(
    browser: Browser, sandbox: Served
) -> None:
    with somebody(browser, sandbox) as agent:
        page = agent.sign_in("agent1").page
        page.keyboard.press("?")
        expect(page.locator("dialog[open]")).to_contain_text("键盘快捷键")
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        assert focused(page) == "main"


def test_the_first_tab_skips_to_the_content(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as agent:
        page = agent.sign_in("agent1").go("/cases?all=1").page
        page.keyboard.press("Tab")
        assert focused(page) == "跳到正文"
        page.keyboard.press("Enter")
        assert focused(page) == "main"


def test_tabs_lists_and_search_by_their_keys(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as supervisor:
        page = supervisor.sign_in("supervisor1").page
        for key in ("2", "1"):
            words = page.locator(f'.zk-tabs [data-key="{key}"]').inner_text()
            page.keyboard.press(key)
            expect(page.locator(".zk-tabs [aria-current]")).to_have_text(words)
            page.wait_for_load_state()  # the next key means something once the page's scripts are there
        supervisor.go("/cases?all=1")
        rows = page.locator("tbody tr[data-row]")
        page.keyboard.press("j")
        page.keyboard.press("j")
        assert rows.nth(1).evaluate("row => row.contains(document.activeElement)")
        page.keyboard.press("k")
        assert rows.nth(0).evaluate("row => row.contains(document.activeElement)")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.name") == "q"
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement === document.body")


def test_why_is_one_key_away_and_closing_it_returns_to_the_row(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as supervisor:
        page = supervisor.sign_in("supervisor1").go("/board").page
        page.keyboard.press("j")
        case = page.evaluate("document.activeElement.getAttribute('href')")
        clause = page.locator("li[data-row]").first.locator("a.zk-why").inner_text().split()[-1]
        page.keyboard.press("y")
        expect(page.locator("dialog[open] .hb-id")).to_have_text(clause)
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        expect(page.locator(f'li[data-row] a.zk-open[href="{case}"]').first).to_be_focused()


def test_what_happens_elsewhere_does_not_take_the_focus_away(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as agent:
        page = agent.sign_in("agent1").page
        expect(page.locator("#case-beside[hx-trigger=live]")).to_have_count(1)
        page.locator("#desk-mine a.zk-mine-row").nth(1).focus()
        here = page.evaluate("document.activeElement.getAttribute('href')")
        page.evaluate(
            """() => new Promise((done) => { document.addEventListener("htmx:afterSettle", done, { once: true });
            htmx.trigger(document.getElementById("desk-mine"), "live"); })"""
        )
        expect(page.locator("a:focus")).to_have_attribute("href", here)


def test_a_form_is_sent_from_inside_its_text(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as agent:
        page = agent.sign_in("agent1").page
        expect(page.locator("#note-words")).to_be_visible()
        page.keyboard.press("n")
        page.keyboard.type("示例：只用键盘写的备注")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".zk-timeline")).to_contain_text("示例：只用键盘写的备注")
