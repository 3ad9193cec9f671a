"""pytest inside the copy. First every test once, noting which checks refuse somebody in it; then, for each check, those tests without it.

They are tried until one fails: those of the check's own folder first, then from the quickest on. With the answer of an earlier run
only the tests that caught something there are asked, beside those named, which takes minutes where the whole takes an hour. Rows of the
permission table and doors of the API are checks too. Removed, a row lets anybody in who is signed in (or, where that was asked,
anybody at all), and a door asks for no scope or no page.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import guards_switch as switch
import pytest
from _pytest.runner import runtestprotocol

MOST_TRIED = 300
"""Tests tried for one check; a check that refuses somebody in so many of them unnoticed is one nobody looks at."""


class Watched(MutableMapping[Any, Any]):
    """The product's own table, whose rows note that they were read, and one of which may be off. What a test takes out is out."""

    def __init__(self, whole: dict[Any, Any]) -> None:
        self.whole = whole

    def __getitem__(self, key: Any) -> Any:
        return self.seen(key, self.whole[key])

    def __setitem__(self, key: Any, row: Any) -> None:
        self.whole[key] = row

    def __delitem__(self, key: Any) -> None:
        del self.whole[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.whole)

    def __len__(self) -> int:
        return len(self.whole)

    def seen(self, key: Any, row: Any) -> Any:
        return row


class Rows(Watched):
    def seen(self, key: Any, row: Any) -> Any:
        if row is None or row.who in (("anyone",), ("token",)):
            return row
        if switch.gone(f"web/permissions.py row {key}"):
            return replace(row, who=("anyone",) if "signed_in" in row.who else ("signed_in",))
        return row


class Doors(Watched):
    rows: Rows
    """A page of everybody who is signed in asks nothing."""

    def seen(self, key: Any, door: Any) -> Any:
        if door is None:
            return door
        where = f"{key[0]} {key[1]}"
        if door.scope and switch.gone(f"web/api/scopes.py scope {where}"):
            return replace(door, scope="")
        if self.rows[door.page].who != ("signed_in",) and switch.gone(f"web/api/scopes.py page {where}"):
            return replace(door, page="notices_page:show")
        return door


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With GUARDS_AGAIN: the tests that caught something then, and those under the names of GUARDS_NAMED."""
    again = os.environ.get("GUARDS_AGAIN", "")
    if again:
        told = set(json.loads(Path(again).read_text()).values())
        named = tuple(os.environ.get("GUARDS_NAMED", "").split())
        items[:] = [item for item in items if item.nodeid in told or (named and item.nodeid.startswith(named))]


def pytest_collection_finish() -> None:
    import zhike
    from zhike.web import middleware, permissions
    from zhike.web.api import guard, scopes

    assert Path.cwd() in Path(zhike.__file__).parents, "the tests run on the product, not on its copy"
    rows, doors = Rows(permissions.PERMISSIONS), Doors(scopes.DOORS)
    doors.rows = rows
    for module in (permissions, middleware, guard):
        module.__dict__["PERMISSIONS"] = rows
    for module in (scopes, guard):
        module.__dict__["DOORS"] = doors
    watch_forgery()


def watch_forgery() -> None:
    """The check against forged forms, where a test asks for it at all."""
    from django.middleware.csrf import CsrfViewMiddleware

    whole = CsrfViewMiddleware.process_view

    def process_view(self: Any, request: Any, *more: Any) -> Any:
        asked = not getattr(request, "_dont_enforce_csrf_checks", False)
        return None if asked and switch.gone("settings.py middleware forged forms") else whole(self, request, *more)

    setattr(CsrfViewMiddleware, "process_view", process_view)  # noqa: B010 - what mypy knows of it is another shape


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    if session.testsfailed:
        raise session.Interrupted("errors during collection")
    known: list[str] = json.loads(Path(os.environ["GUARDS_KNOWN"]).read_text())
    passing, spans = first_round(session)
    caught: dict[str, str] = {}
    names = sorted(set(known) | set(passing))
    until = time.monotonic() + float(os.environ.get("GUARDS_SECONDS", "7200"))
    left = [name for name in names if wanted(name)]
    for number, name in enumerate(left, 1):
        tests = sorted(passing.get(name, []), key=lambda item: (far(item, name), spans[item.nodeid]))[:MOST_TRIED]
        if time.monotonic() > until:
            break
        caught[name] = without(name, tests)
        say(f"[{number}/{len(left)}] {'caught' if caught[name] else 'NOT CAUGHT'} {name} ({len(tests)} tests)")
    Path(os.environ["GUARDS_ANSWER"]).write_text(json.dumps({"caught": caught, "all": len(left)}, indent=1))
    return True


def far(item: pytest.Item, name: str) -> int:
    """How far a test is from a check: those of the check's own folder are most likely to be about it, of a row those of the table."""
    if name.startswith(("web/permissions.py row", "web/api/scopes.py")):
        return 0 if item.nodeid.startswith(("tests/architecture/", "zhike/web/api/tests/test_doors")) else 1
    folder = name.partition(":")[0].rpartition("/")[0]
    return 0 if folder and f"zhike/{folder}/" in item.nodeid else 1


def wanted(name: str) -> bool:
    only = os.environ.get("GUARDS_ONLY", "")
    return not only or any(part in name for part in only.split(","))


def first_round(session: pytest.Session) -> tuple[dict[str, list[pytest.Item]], dict[str, float]]:
    """Which tests come to which check, and how long each takes. A test that fails as things are proves nothing later."""
    passing: dict[str, list[pytest.Item]] = {}
    spans: dict[str, float] = {}
    for number, item in enumerate(session.items):
        following = session.items[number + 1] if number + 1 < len(session.items) else None
        switch.passed.clear()
        began = time.monotonic()
        if run(item, following):
            spans[item.nodeid] = time.monotonic() - began
            for name in switch.passed:
                passing.setdefault(name, []).append(item)
        else:
            say(f"fails as it is: {item.nodeid}")
    say(f"{len(spans)} tests come to {len(passing)} checks")
    return passing, spans


def without(name: str, tests: list[pytest.Item]) -> str:
    """The first test that fails without this check, "" when none does."""
    for number, item in enumerate(tests):
        following = tests[number + 1] if number + 1 < len(tests) else item
        with off(name):
            if not run(item, following):
                return item.nodeid
    return ""


@contextmanager
def off(name: str) -> Iterator[None]:
    switch.off = name
    try:
        yield
    finally:
        switch.off = ""


def run(item: pytest.Item, following: pytest.Item | None) -> bool:
    if hasattr(item, "_initrequest"):
        item._initrequest()
    return all(report.passed or report.skipped for report in runtestprotocol(item, log=False, nextitem=following))


def say(words: str) -> None:
    os.write(2, f"{words}\n".encode())
