"""Pages that redraw themselves leave alone what somebody is using, and catch up when he is done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.people import Somebody, somebody
from tests.served import Served
from tests.talks import visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]

PART = """() => {
    const part = document.createElement("div");
    part.id = "part";
    part.setAttribute("hx-get", "/floor/now");
    part.setAttribute("hx-trigger", "live");
    part.setAttribute("hx-swap", "innerHTML");
    part.dataset.live = "conversation";
    part.innerHTML = `<button id="press" type="button">press</button><input id="write">
        <details class="zk-confirm"><summary id="ask">ask</summary>
        <button id="yes" type="button">yes</button></details>`;
    document.getElementById("main").prepend(part);
    window.clicks = 0;
    for (const id of ["press", "yes"]) document.getElementById(id).addEventListener("click", () => window.clicks++);
    htmx.process(part);
}"""
NEWS = "() => { window.news = new Promise((heard) => document.addEventListener('zk:live', heard, { once: true })).then(() => true); }"

ANSWERED = """() => { window.answered = new Promise((heard) =>
    document.addEventListener('htmx:afterRequest', heard, { once: true })).then(() => true); }"""


@pytest.fixture
def lead(browser: Browser, talks: Served) -> Iterator[Somebody]:
    """Before a page with a part that any news of conversations redraws."""
    with somebody(browser, talks) as person:
        person.sign_in("supervisor1").go("/shortcuts")
        expect(person.page.locator("#zk-link")).to_be_hidden()
        person.page.evaluate(PART)
        yield person


def news(page: Page, talks: Served, words: str) -> None:
    """A visitor writes, and the page has heard of it."""
    page.evaluate(NEWS)
    visitor(talks, words, who="示例访客静")
    assert page.evaluate("() => window.news")


def redrawn(page: Page) -> None:
    expect(page.locator("#part #floor")).to_be_visible()


def middle_of(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_button_going_down_stays_until_its_click(lead: Somebody, talks: Served) -> None:
    page = lead.page
    page.mouse.move(*middle_of(page, "#press"))
    page.mouse.down()
    news(page, talks, "按下的时候")
    expect(page.locator("#press")).to_be_visible()
    page.mouse.up()
    redrawn(page)
    assert page.evaluate("() => window.clicks") == 1


def test_an_answer_on_its_way_when_the_button_goes_down_waits_too(lead: Somebody, talks: Served) -> None:
    page = lead.page
    asked: list[Route] = []
    page.route("**/floor/now", lambda route: route.continue_() if asked else asked.append(route))
    with page.expect_request("**/floor/now"):
        news(page, talks, "路上的时候")
    page.mouse.move(*middle_of(page, "#press"))
    page.mouse.down()
    page.evaluate(ANSWERED)
    asked[0].continue_()
    assert page.evaluate("() => window.answered")
    expect(page.locator("#press")).to_be_visible()
    page.mouse.up()
    redrawn(page)
    assert page.evaluate("() => window.clicks") == 1


def test_an_open_question_stays_open_until_it_is_answered_or_closed(lead: Somebody, talks: Served) -> None:
    page = lead.page
    page.locator("#ask").click()
    news(page, talks, "问着的时候")
    page.locator("#yes").click()
    assert page.evaluate("() => window.clicks") == 1
    page.keyboard.press("Escape")
    redrawn(page)


def test_half_written_words_stay_until_they_are_gone(lead: Somebody, talks: Served) -> None:
    page = lead.page
    page.locator("#write").fill("写了一半")
    news(page, talks, "写着的时候")
    expect(page.locator("#write")).to_be_focused()
    page.locator("#ask").focus()
    expect(page.locator("#write")).to_have_value("写了一半")
    page.locator("#write").fill("")
    page.locator("#ask").focus()
    redrawn(page)


def test_a_row_whose_deed_is_on_its_way_stays_and_hears_the_answer(browser: Browser, talks: Served) -> None:
    """The news that it is taken may come before the answer to whoever takes it."""
    number = visitor(talks, "消息先到", who="示例访客先")
    with somebody(browser, talks) as anna:
        page = anna.sign_in("agent1").go("/conversations").page
        expect(page.locator("#zk-link")).to_be_hidden()
        page.evaluate(NEWS)
        page.route("**/accept", lambda route: _told_before_answered(route, page))
        page.locator(f'.wb-row[data-number="{number}"] [data-open]').focus()
        page.keyboard.press("a")
        expect(page.locator("#wb-talk")).to_have_attribute("data-number", number)
        expect(page.locator(f'[data-group="mine"] .wb-row[data-number="{number}"]')).to_have_count(1)


def _told_before_answered(route: Route, page: Page) -> None:
    """The answer comes after the news, upon which the list would have been drawn anew."""
    answer = route.fetch()
    page.evaluate("() => window.news")
    assert page.evaluate("() => window.zkStill.held(document.getElementById('wb-list'))")
    route.fulfill(response=answer)
