"""Ground for every test, in the rooms and in tests/: a PostgreSQL that starts with the first test that needs one."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation
from pytest_django import DjangoDbBlocker

from zhike.web.allowances import forget_shares
from zhike.web.cli import environment
from zhike.web.cli.postgres import Embedded


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers last: Playwright's loop runs in its thread until the session ends, and asyncio.run() refuses a thread that has one."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


QUICK = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""Options of a server whose data nobody will want again."""


@pytest.fixture(autouse=True)
def own_language() -> None:
    """Django's thread keeps the language of the last request, whichever test sent it: each begins with the product's own."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(scope="session")
def postgres() -> Iterator[None]:
    """The server the tests run on: an embedded one of their own, or the one ZHIKE_TEST_DATABASE_URL names."""
    if environment.external_database():
        yield
        return
    server = Embedded(Path(settings.ZHIKE_HOME), QUICK)
    server.start()
    yield
    server.stop()


@pytest.fixture(scope="session")
def turn() -> Iterator[IO[str]]:
    """Held while the test database is made: PostgreSQL copies its template for one at a time, and processes of a run share a server."""
    with (Path(tempfile.gettempdir()) / f"zhike-test-{os.getuid()}.turn").open("w") as held:
        yield held


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    postgres: None, turn: IO[str], django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """pytest-django asks for this before it makes the test database, one for each process of a run."""
    fcntl.flock(turn, fcntl.LOCK_EX)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker, turn: IO[str]) -> Iterator[None]:
    """As pytest-django has it; at the end, sessions of threads that outlived their test do not keep the database."""
    fcntl.flock(turn, fcntl.LOCK_UN)
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    """What a process has taken of an allowance is in its memory: no test pays for the one before it."""
    forget_shares()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that Playwright can drive; tools/run_tests.py sees to it that there is one."""
    if path := os.environ.get("ZHIKE_CHROMIUM"):
        return path
    for candidate in CHROMIUM_PLACES:
        if Path(candidate).exists():
            return candidate
    pytest.fail("no Chromium: run `make test`, or name one in ZHIKE_CHROMIUM")


@pytest.fixture(scope="session")
def soffice() -> str:
    """The program of LibreOffice; tools/run_tests.py installs it where that is allowed."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found is None:
        pytest.skip(
            "no LibreOffice on this machine (Debian: apt-get install libreoffice-calc-nogui): exports are not opened with it"
        )
    return found


CHROMIUM_PLACES = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
]
