"""Pictures of every page of everybody, for people to judge: `python -m tests.pictures [folder] [who ...]`.

Serves a sandbox of its own, or looks at one that runs where ZHIKE_LOOK_AT=home:port names it. Chinese by day and English by night,
at 1440 and 390 px; git does not know the folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import django
from playwright.sync_api import Browser, sync_playwright

from tests.served import Served, served

LOOKS = {"zh-light": ("zh-CN", "light"), "en-dark": ("en-GB", "dark")}


@contextmanager
def a_sandbox(named: str) -> Iterator[Served]:
    if named:
        home, port = named.rsplit(":", 1)
        environment = {**os.environ}
        yield Served(Path(home), int(port), subprocess.Popen(["true"], text=True), environment)
        return
    with served(sandbox=True) as product:
        yield product


def take(browser: Browser, product: Served, who: str, folder: Path) -> None:
    from tests.pages import VISITOR, entered, walk

    person = entered(product, who)
    places = walk(product, who, person)
    cookies = [
        {"name": c.name, "value": c.value or "", "url": product.url}
        for c in person.cookies
        if c.name != "django_language"
    ]
    for look, (locale, scheme) in LOOKS.items():
        context = browser.new_context(locale=locale, color_scheme=scheme, timezone_id="Asia/Shanghai")  # type: ignore[arg-type]
        if who != VISITOR or cookies:
            context.add_cookies(cookies)  # type: ignore[arg-type]
        page = context.new_page()
        for place in places:
            page.goto(product.url + place.path)
            for width, height in ((1440, 900), (390, 844)):
                page.set_viewport_size({"width": width, "height": height})
                over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                if over > 0:
                    click.echo(f"{over} px too wide: {place.path} as {who} at {width} {look}")
                page.screenshot(path=folder / f"{place.name}-{look}-{width}.png", full_page=True)
        context.close()
    click.echo(f"{who}: {len(places)} pages")


def main(folder: str = "tests/screens", *people: str) -> None:
    named = os.environ.get("ZHIKE_LOOK_AT", "")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.pages import EVERYBODY, furnish

    there = Path(folder)
    there.mkdir(parents=True, exist_ok=True)
    from conftest import CHROMIUM_PLACES

    path = os.environ.get("ZHIKE_CHROMIUM") or next(each for each in CHROMIUM_PLACES if Path(each).exists())
    with a_sandbox(named) as product, sync_playwright() as playwright:
        furnish(product)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for who in people or EVERYBODY:
            take(browser, product, who, there)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
