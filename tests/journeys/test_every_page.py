"""Every page under axe, wide and on a telephone, by day and by night; one line a page, nothing serious anywhere. A page that several
people may open is looked at with the first of them; EVERY_PAGE=1 looks at every page of everybody.

The pages are found by walking the product as each of its people (tests/pages.py); what the permission table lets a browser read
and no walk has met is named here with its reason, or the test fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import chat_desk
from tests.axe import faults
from tests.chat_desk import survey_of
from tests.in_between import BETWEEN, in_between
from tests.pages import EVERYBODY, VISITOR, Place, entered, walk
from tests.served import Person, Served
from zhike.web.permissions import PERMISSIONS, READ

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded, pytest.mark.axe]

NOT_PAGES = {
    # part of a page, drawn into it and seen with it
    "desk:mine", "case_page:live", "case_page:timeline", "case_page:beside", "board:lanes", "notices_page:bell", "portal:state",
    "case_list:cards", "case_list:counts",
    # answers that are no pages: files, streams, figures, JSON, a way on to a page
    "case_page:file", "case_list:download", "portal:attachment", "customers:faults", "portal:link", "sandbox:clock_api", "api:openapi",
    "case_page:people", "presence:control", "mailboxes:file",
    # what a widget on somebody else's page asks for, and another house's handshake
    "webchat:widget", "webchat:settings", "webchat:state", "webchat:get_file", "webchat:transcript", "callbacks:wechat",
    # parts of a conversation and of the floor, drawn into their pages
    "workbench:list", "workbench:rows", "workbench:head", "workbench:beside", "workbench:trail", "workbench:tail", "workbench:earlier",
    "workbench:offered", "workbench:message", "workbench:file", "floor:now", "messaging:picker",
    # ways on to a page: where one begins, and what may be opened where there is one thing to open, as here
    "home", "administration:index", "desk:new",
}  # fmt: skip
MACHINES = ("api:", "health:", "live:", "first_run:")
"""Areas without pages, but for the API's own description."""


@pytest.fixture(scope="module")
def walked() -> dict[str, set[str]]:
    """who -> the routes met."""
    return {}


def looked_at(page: Page, product: Served, place: Place) -> list[str]:
    page.goto(product.url + place.path)
    expect(page.locator(".htmx-request")).to_have_count(0)
    return faults(page)


def carrying(browser: Browser, product: Served, person: Person) -> BrowserContext:
    """A browser with somebody's cookies, in which nothing fades: a colour on its way to another is neither."""
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce")
    for cookie in person.cookies:
        context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": product.url}])
    return context


def looked_at_all(
    browser: Browser, product: Served, person: Person, places: list[Place], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every place with its line; fails with what was found."""
    context = carrying(browser, product, person)
    page = context.new_page()
    wrong: dict[str, list[str]] = {}
    for place in places:
        found = looked_at(page, product, place)
        with capsys.disabled():
            print(f"{len(found):3} {place.who:12} {place.route:32} {place.path}")  # noqa: T201 - the line a page this is for
        if found:
            wrong[place.path] = found
    context.close()
    assert not wrong, "\n".join(f"{path}: {fault}" for path, found in wrong.items() for fault in found)


def not_seen(places: list[Place], walked: dict[str, set[str]], who: str) -> list[Place]:
    """Those nobody before him was looked at with, one of a kind; all where every page is asked for."""
    elsewhere = set().union(*walked.values())
    walked[who] = {place.route for place in places}
    if os.environ.get("EVERY_PAGE"):
        return places
    return list({place.route: place for place in places if place.route not in elsewhere}.values())


@pytest.mark.parametrize("who", EVERYBODY)
def test_nothing_serious_on_any_page(
    browser: Browser, furnished: Served, walked: dict[str, set[str]], who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    person = entered(furnished, who)
    places = walk(furnished, who, person)
    assert len(places) > (6 if who == VISITOR else 15)
    looked_at_all(browser, furnished, person, not_seen(places, walked, who), capsys)


@pytest.mark.parametrize("who", chat_desk.PEOPLE)
def test_nothing_serious_where_people_talk(
    browser: Browser, desk: Served, walked: dict[str, set[str]], who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same at the web chat desk: conversations, floor, mails, short messages, the shop and the question after the end."""
    person = Person(desk) if who == VISITOR else entered(desk, who)
    begins = ("/demo", "/demo/kettle", survey_of(desk), "/sign-in", "/welcome") if who == VISITOR else None
    places = walk(desk, who, person, begins)
    assert len(places) > (4 if who == VISITOR else 12)
    looked_at_all(browser, desk, person, not_seen(places, walked, f"desk {who}"), capsys)


def test_nothing_serious_half_way(browser: Browser, furnished: Served, walked: dict[str, set[str]]) -> None:
    """Pages that stand in the middle of something."""
    wrong: list[str] = []
    with in_between(furnished) as places:
        walked[BETWEEN] = {place.route for _, place in places}
        for person, place in places:
            context = carrying(browser, furnished, person)
            wrong += [f"{place.path}: {fault}" for fault in looked_at(context.new_page(), furnished, place)]
            context.close()
    assert not wrong, "\n".join(wrong)


def readable() -> Iterator[str]:
    for name, row in PERMISSIONS.items():
        if READ & row.methods and not name.startswith(MACHINES):
            yield name


def test_every_page_of_the_permission_table_was_walked(walked: dict[str, set[str]]) -> None:
    if set(walked) != {*EVERYBODY, BETWEEN, *(f"desk {who}" for who in chat_desk.PEOPLE)}:
        pytest.skip("only some of the walks were run")
    met = set().union(*walked.values())
    assert sorted(set(readable()) - met - NOT_PAGES) == []
