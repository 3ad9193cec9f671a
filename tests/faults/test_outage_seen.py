"""What a colleague sees in Chromium while PostgreSQL is away: a notice in words, nothing typed is lost, and it goes on by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.faults.conftest import Breakable
from tests.people import somebody
from tests.served import until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]
OPEN = "/desk/new/retail-hotline/service_ticket/register"
SAID = "示例：停库时写下的内容"


def choose(page: Page, name: str, value: str) -> None:
    """A few choices stand beside each other, many in a list."""
    one = page.locator(f"[name={name}][value={value}]")
    one.check() if one.count() else page.locator(f"[name={name}]").select_option(value)


def test_what_was_typed_while_the_database_is_away_is_kept_told_and_sent_once(
    browser: Browser, breakable: Breakable
) -> None:
    product, server = breakable.product, breakable.postgres
    with somebody(browser, product) as anna:
        page = anna.sign_in("agent1").go(OPEN).page
        page.locator("[name=caller_phone]").fill("13800000402")
        page.locator("[name=service_class][value=query]").check()
        choose(page, "query_item", "price")
        page.locator("[name=content]").fill(SAID)
        server.stop()
        try:
            page.locator("form.zk-form button[type=submit]").click()
            expect(page.locator("body")).to_contain_text("服务暂时没有回应，您填写的内容还在")
            expect(page.locator("[name=content]")).to_have_value(SAID)
            anna.picture("outage-form")
            other = anna.context.new_page()
            other.goto(product.url + "/desk")
            expect(other.locator("h1")).to_have_text("暂时连不上数据库")
            expect(other.locator("p[lang=en]").first).to_contain_text("The database does not answer just now")
            other.set_viewport_size({"width": 390, "height": 844})
            assert other.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        finally:
            server.start()
        until(product.healthy, "the product is back")
        other.get_by_role("link", name="再试一次").click()
        expect(other.locator("nav.zk-tabs")).to_be_visible()
        page.locator("form.zk-form button[type=submit]").click()
        expect(page.locator("#zk-toast")).to_contain_text("已")
        anna.faults.clear()  # what was away itself
    stored = product.rows("SELECT count(*) FROM cases_case WHERE data->'service_ticket'->>'content' = %s", SAID)
    assert stored == [(1,)]
