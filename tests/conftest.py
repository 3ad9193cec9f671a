"""One product in its sandbox and one Chromium for all tests that need them: each costs seconds to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import talks as talking
from tests.chat_desk import furnish_desk
from tests.pages import furnish
from tests.people import Cast, Somebody, somebody
from tests.served import Served, served


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Served]:
    """The product in its sandbox, with the sample department."""
    with served(sandbox=True) as product:
        yield product


@pytest.fixture(scope="session")
def house(sandbox: Served) -> Served:
    """The product a journey is played in: the shared sandbox, where its file says nothing else."""
    return sandbox


@pytest.fixture
def cast(browser: Browser, house: Served) -> Iterator[Cast]:
    """The people of a journey; no page of theirs may have had a fault."""
    people = Cast(browser, house)
    yield people
    assert people.leave() == []


@pytest.fixture(scope="session")
def furnished(sandbox: Served) -> Served:
    """The same, with what the sample lacks (tests/pages.py)."""
    furnish(sandbox)
    return sandbox


@pytest.fixture(scope="session")
def desk() -> Iterator[Served]:
    """Another department, in which people talk with customers (tests/chat_desk.py)."""
    with served(sandbox=True, handbook="webchat-desk") as product:
        furnish_desk(product)
        yield product


@pytest.fixture(scope="session")
def talks(sandbox: Served) -> Served:
    """The sample department with a desk at which people talk with customers (tests/talks.py)."""
    talking.furnish(sandbox)
    return sandbox


@pytest.fixture
def anna(browser: Browser, talks: Served) -> Iterator[Somebody]:
    """Somebody who answers there, at the screen of conversations."""
    with somebody(browser, talks) as person:
        yield person.sign_in("agent1").go("/conversations")
