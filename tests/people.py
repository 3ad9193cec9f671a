"""People in front of Chromium: what they click and type, and what a camera sees meanwhile."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.served import Served

SCREENS = Path(__file__).resolve().parent / "screens"
"""Pictures for people to judge; git does not know the folder."""
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
expect.set_options(timeout=20_000)


class Somebody:
    """A person with a browser of his own. Whatever goes wrong in his pages' scripts fails the test at the end."""

    def __init__(self, browser: Browser, product: Served, **options: str) -> None:
        self.product = product
        wanted = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "color_scheme": "light", **options}
        self.context: BrowserContext = browser.new_context(viewport=DESKTOP, **wanted)  # type: ignore[arg-type]
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self._hear(message.type, message.text))

    def _hear(self, kind: str, words: str) -> None:
        # A refused form (422) or a stale one (409) is an answer; the browser calls every such status an error.
        if kind == "error" and not re.search(r"status of (409|422|401|403|404|413|429)", words):
            self.faults.append(words)

    def sign_in(self, username: str) -> Somebody:
        self.go("/sign-in")
        self.page.locator("#username").fill(username)
        self.page.locator("#password").fill(self.product.password())
        self.page.locator("main button[type=submit]").click()
        expect(self.page.locator("nav.zk-tabs")).to_be_visible()
        self.page.wait_for_load_state()  # its keys are there once its scripts are
        return self

    @property
    def own_menu(self) -> Locator:
        """What opens the menu with his own name, on the right of the top."""
        return self.page.locator(".zk-top > .zk-menu > summary")

    def go(self, path: str) -> Somebody:
        self.page.goto(self.product.url + path)
        return self

    def sees(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.locator("body")).to_contain_text(words)

    def sees_not(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.locator("body")).not_to_contain_text(words)

    def picture(self, name: str, *, full: bool = True) -> None:
        """The page as it stands, at both widths."""
        SCREENS.mkdir(exist_ok=True)
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        for width, size in ((1440, DESKTOP), (390, PHONE)):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self.fits()
            self.page.screenshot(path=SCREENS / f"{name}-{width}.png", full_page=full)
        self.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]

    def fits(self) -> None:
        """Nothing sticks out at the side: a page that scrolls sideways is broken on a telephone."""
        over = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{self.page.url} is {over} px wider than the screen"

    def case(self, number: str) -> Somebody:
        return self.go(f"/cases/{number}")

    def begin(self, action: str) -> None:
        """Press an action of the case: its form opens."""
        self.page.locator(".zk-actions").get_by_text(action, exact=True).click()
        expect(self.page.locator("#case-form form h2")).to_have_text(action)

    def fill(self, values: Mapping[str, str]) -> None:
        """Fill the open form by field: text, a choice by its words, a department by its name."""
        for name, value in values.items():
            field = self.page.locator(f'form.zk-form [name="{name}"], form.po-form [name="{name}"]')
            kind = field.first.evaluate("e => e.type || e.tagName.toLowerCase()")
            if kind == "radio":
                field.first.locator("xpath=ancestor::fieldset").get_by_text(value, exact=True).click()
            elif kind == "select-one":
                field.select_option(label=value)
            else:
                field.fill(value)

    def submit(self) -> None:
        self.page.locator("#case-form form button[type=submit], form.po-form button[type=submit]").first.click()

    def act(self, action: str, values: Mapping[str, str]) -> None:
        """The whole deed, and the word that it is done."""
        self.begin(action)
        self.fill(values)
        self.submit()
        expect(self.page.locator("#zk-toast")).to_contain_text(f"已办理：{action}")

    def does(self, number: str, action: str, **values: str) -> Somebody:
        """The whole deed at that case."""
        self.case(number).act(action, values)
        return self

    def tries(self, number: str, action: str, **values: str) -> Somebody:
        """The form is sent; what comes of it is for the caller to see."""
        self.case(number).begin(action)
        self.fill(values)
        self.submit()
        return self

    def presses(self, number: str, action: str) -> Somebody:
        """A deed without a form."""
        self.case(number).page.locator(".zk-actions").get_by_text(action, exact=True).click()
        expect(self.page.locator("#zk-toast")).to_contain_text(f"已办理：{action}")
        return self

    def refused(self, clause: str, words: str) -> None:
        """The form came back with the clause that stands against it, as a link to its sentence."""
        told = self.page.locator(".zk-refusals").first
        expect(told).to_contain_text(words)
        expect(told.locator(f'a[href*="{clause}"]').first).to_be_visible()

    def barred(self, number: str, action: str, clause: str, words: str) -> None:
        """The action stands among those he cannot take, with why and the clause."""
        line = self.case(number).page.locator(".zk-not li", has_text=action)
        expect(line).to_contain_text(words)
        expect(line.locator(f'a[href*="{clause}"]')).to_be_attached()

    def deadline(self, clause: str, *words: str) -> None:
        """Its line on the case's page, whose clause stands beside it."""
        line = self.page.locator(".zk-deadline").filter(has=self.page.locator(f'a[href*="{clause}"]')).first
        for each in words:
            expect(line).to_contain_text(each)

    def stage(self, title: str) -> None:
        expect(self.page.locator(".zk-stage").first).to_have_text(title)


@contextmanager
def somebody(browser: Browser, product: Served, **options: str) -> Iterator[Somebody]:
    person = Somebody(browser, product, **options)
    try:
        yield person
        assert person.faults == []
    finally:
        person.context.close()


def photo() -> bytes:
    """A picture as a telephone takes it, plainly of nothing."""
    picture = Image.new("RGB", (800, 600), (221, 226, 233))
    ImageDraw.Draw(picture).rectangle((40, 40, 760, 560), outline=(90, 100, 116), width=6)
    target = io.BytesIO()
    picture.save(target, "JPEG")
    return target.getvalue()


class Cast:
    """The people of a journey by user name, each in a browser of his own, opened when first needed; `options`: of each browser."""

    def __init__(self, browser: Browser, product: Served, **options: str) -> None:
        self.browser = browser
        self.options = options
        self.product = product
        self.people: dict[str, Somebody] = {}

    def __getitem__(self, name: str) -> Somebody:
        """`customer` is nobody in particular; everybody else signs in."""
        if name not in self.people:
            person = Somebody(self.browser, self.product, **self.options)
            self.people[name] = person if name == "customer" else person.sign_in(name)
        return self.people[name]

    def leave(self) -> list[str]:
        """Everybody goes; what went wrong in their pages."""
        faults = [f"{name}: {fault}" for name, person in self.people.items() for fault in person.faults]
        for person in self.people.values():
            person.context.close()
        return faults
