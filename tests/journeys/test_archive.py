"""Who speaks for a customer and what he agreed to, in Chromium at the repair franchise: a contact person and an authorised agent are
named and one is ended; a consent is noted with its version and taken back, and both stay in his story.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from tests.people import Cast, Somebody
from tests.served import Served, served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]


@pytest.fixture(scope="module")
def house() -> Iterator[Served]:
    with served(sandbox=True, handbook="repair-franchise") as product:
        yield product


def test_who_speaks_for_a_customer_and_what_he_agreed_to(cast: Cast) -> None:
    agent = cast["agent1"]
    company, person = added(agent, "示例公司", "13800000371"), added(agent, "示例联系人", "13800000372")
    a_contact_person_and_an_agent_are_named(agent, company, person)
    consent_is_noted_and_taken_back(agent, person)


def test_typing_goes_on_while_the_archive_is_asked_who_may_be_the_same(cast: Cast) -> None:
    page = cast["agent1"].go("/customers/new").page
    held: list[Route] = []
    page.route("**/customers/hints", lambda route: held.append(route))
    with page.expect_request("**/customers/hints"):
        page.locator("#f-name").press_sequentially("示例慢")
    page.keyboard.type("慢说")
    expect(page.locator("#f-name")).to_have_value("示例慢慢说")
    page.unroute("**/customers/hints")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("h1")).to_contain_text("示例慢慢说")


def added(agent: Somebody, name: str, phone: str) -> str:
    """A customer of the archive; his address there."""
    agent.go("/customers/new")
    agent.page.locator("#f-name").fill(name)
    agent.page.locator("main [name=phone], main [name=contact], main [name=phones]").first.fill(phone)
    agent.page.locator("main form button[type=submit]").first.click()
    expect(agent.page.locator("h1")).to_contain_text(name)
    return agent.page.url.removeprefix(agent.product.url).partition("?")[0]


def a_contact_person_and_an_agent_are_named(agent: Somebody, company: str, person: str) -> None:
    number = person.rpartition("/")[2]
    for kind in ("联系人", "委托代理人"):
        agent.go(company).page.locator("#r-kind").select_option(label=kind)
        agent.page.locator("#r-other").fill(number)
        agent.page.locator("form:has(#r-other) button").click()
        agent.sees(f"{kind} 示例联系人 #{number}")
    agent.picture("56-relations")
    agent.go(person).sees("是其联系人 示例公司")
    agent.go(company).page.get_by_role("button", name="解除").first.click()
    agent.sees_not(f"联系人 示例联系人 #{number}")
    agent.sees(f"委托代理人 示例联系人 #{number}")


def consent_is_noted_and_taken_back(agent: Somebody, person: str) -> None:
    """With its version; what was taken back counts at once, and both stay in the story."""
    page = agent.go(person).page
    page.locator("details:has(#c-purpose) summary").click()
    page.locator("#c-purpose").select_option(index=0)
    page.locator("#c-version").fill("示例告知书 2")
    page.locator("form:has(#c-version) button").click()
    consent = page.locator("section:has(#c-purpose) li").first
    expect(consent).to_contain_text("已同意")
    expect(consent).to_contain_text("示例告知书 2")
    agent.picture("57-consent")
    consent.get_by_role("button", name="撤回").click()
    expect(page.locator("section:has(#c-purpose) li").first).to_contain_text("已撤回")
    expect(page.locator(".zk-timeline")).to_contain_text("撤回")
    agent.picture("58-consent-taken-back")
