"""A page of staff takes at most twelve queries: the sample department is walked by its people, link by link.

The rows of the permission table say which routes there are: one that no link leads to is asked for by its address, where that
needs nothing but the number of a case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.message import Message
from pathlib import Path
from typing import Any, cast

import pytest
from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import Settings

from tests.pages import route_of, walk
from tests.served import Answer, Person, Served
from zhike.cases.models import Case
from zhike.org.models import Staff
from zhike.web.first_run import prepare
from zhike.web.permissions import PERMISSIONS

MOST = 12
WALKERS = ("agent1", "supervisor1", "manager1", "deputy1", "admin")
NOT_STAFF = {"anyone", "token", "sandbox"}


class Counting:
    """Somebody's browser that counts what each page asks, at the second look: the first fills what a process keeps."""

    def __init__(self, username: str) -> None:
        self.client = Client()
        self.client.force_login(Staff.objects.get(username=username), backend="zhike.org.backend.StaffBackend")
        self.counted: dict[str, list[str]] = {}

    def get(self, path: str) -> Answer:
        self.client.get(path)
        asked: list[str] = []

        def note(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
            if not sql.startswith(("SAVEPOINT", "RELEASE")):  # the test's transaction is around each of the product's
                asked.append(sql)
            return execute(sql, values, many, context)

        with connection.execute_wrapper(note):
            response = self.client.get(path)
        if response.status_code == 200:
            self.counted[path] = asked
        headers = Message()
        for name, value in response.headers.items():
            headers[name] = value
        text = "" if response.streaming else response.content.decode(errors="replace")
        return Answer(response.status_code, text, path, headers)


def staff_routes() -> Iterator[str]:
    """Every route of the table that a browser of staff may read."""
    for route, row in PERMISSIONS.items():
        if "GET" in row.methods and not NOT_STAFF & set(row.who):
            yield route


def addresses(route: str, numbers: Sequence[str]) -> Iterator[str]:
    for arguments in ([], *([number] for number in numbers)):
        try:
            yield reverse(route, args=arguments)
        except NoReverseMatch:
            continue


def counted(username: str) -> dict[tuple[str, str], list[str]]:
    """(route, path) -> statements, of every page `username` reaches and of those no link leads to."""
    person = Counting(username)
    walk(cast(Served, None), username, cast(Person, person))
    met = {route_of(path)[0] for path in person.counted}
    numbers = list(Case.objects.order_by("-id").values_list("number", flat=True)[:3])
    for route in staff_routes():
        for path in addresses(route, numbers) if route not in met else ():
            person.get(path)
    return {(route_of(path)[0], path): asked for path, asked in person.counted.items()}


@pytest.mark.slow
@pytest.mark.django_db
def test_no_page_of_staff_asks_more_than_twelve_times(settings: Settings, tmp_path: Path) -> None:
    settings.ZHIKE_HOME, settings.MEDIA_ROOT = tmp_path, tmp_path / "files"
    prepare("retail-hotline", sandbox=False)
    over: list[str] = []
    met: set[str] = set()
    for username in WALKERS:
        for (route, path), asked in counted(username).items():
            met.add(route)
            if len(asked) > MOST:
                over.append(f"{username} {path} ({route}): {len(asked)}\n" + "\n".join(sql[:140] for sql in asked))
    assert over == []
    assert {
        "desk:show",
        "case_page:show",
        "case_print:show",
        "customers:page",
        "board:show",
        "handbook_page:clause",
    } <= met
