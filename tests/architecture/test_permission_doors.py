"""The table at the door: every route, by every method it has, as a page and as a fragment, for everybody it is not for.

What a row says is tested beside (test_permission_table.py); here each refusal is one a browser meets, before any view is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve

from tests.architecture.test_permission_table import ROUTES
from zhike.lib import clock
from zhike.org.actions import disable_staff
from zhike.org.models import Substitution
from zhike.web.permissions import PERMISSIONS, may_open
from zhike.web.tests.world import World, in_time_of

PART = re.compile(r"<(int|slug|str):\w+>")
ANYBODYS = ("anyone", "token", "visitor")
"""Open on purpose, or behind guards of their own: the portal, programs with a token, the web chat of another site."""
PEOPLE = ("visitor", "disabled", "without a role", "substitute", "other department", "administrator")


@pytest.fixture
def world(db: None) -> Iterator[World]:
    made = World()
    before = in_time_of(made)
    yield made
    clock.install(before)


def somebody(world: World, who: str) -> tuple[Client, str]:
    """His browser, and the user name whose rights are asked for; "" where he is nobody."""
    if who == "visitor":
        return Client(), ""
    if who == "disabled":
        client = world.signed_in("supervisor")
        disable_staff(world.staff["supervisor"], by="system", now=world.now)
        return client, ""
    if who == "substitute":
        Substitution.objects.create(
            absent=world.staff["supervisor"], substitute=world.staff["outsider"], begins_at=world.now,
            ends_at=world.now.replace(hour=23), made_by="system", made_at=world.now,
        )  # fmt: skip
    name = {"other department": "manager1", "administrator": "boss"}.get(who, "outsider")
    return world.signed_in(name), name


def addresses() -> Iterator[tuple[str, str, str]]:
    """(route, method, address) of everything that asks who somebody is."""
    for name, pattern in ROUTES:
        row = PERMISSIONS[name]
        if set(row.who) & set(ANYBODYS):
            continue
        path = "/" + PART.sub(lambda part: "1" if part[1] == "int" else "x1", pattern)
        assert resolve(path).view_name == name, path
        for method in sorted(row.methods & {"GET", "POST"}):
            yield name, method, path


@pytest.mark.parametrize("who", PEOPLE)
def test_every_route_is_shut_to_everybody_it_is_not_for(world: World, who: str) -> None:
    client, name = somebody(world, who)
    tried, wrong = 0, []
    for route, method, path in addresses():
        if name and may_open(world.viewer(name), route):
            continue
        for fragment in (False, True):
            answer = client.generic(method, path, headers={"HX-Request": "true"} if fragment else {})
            tried += 1
            if answer.status_code != refusal(route, method, fragment, bool(name)):
                wrong.append((route, method, fragment, answer.status_code))
            elif answer.status_code == 302 and not answer["Location"].startswith("/sign-in"):
                wrong.append((route, method, fragment, answer["Location"]))
    assert (wrong, tried > 100) == ([], True)


def refusal(route: str, method: str, fragment: bool, known: bool) -> int:
    """Outside the sandbox its routes are not there; who is signed in is refused; anybody else is asked to sign in."""
    if PERMISSIONS[route].who == ("sandbox",) and not settings.SANDBOX:
        return 404
    if known:
        return 403
    return 302 if method == "GET" and not fragment else 401
