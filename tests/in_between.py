"""Pages that stand in the middle of something and that no link leads to: half signed in, a link just made, two customers side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyotp

from tests.pages import Place, links, route_of
from tests.served import Answer, Person, Served

BETWEEN = "in between"
NEWCOMER, KEEPER = "agent2", "admin2"
"""Who is given a link and looks at a second factor; who has one for a while, and asks it of administrators."""
SECRET = re.compile(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}")
RULES = "/administration/sign-in/rules"

Middle = tuple[Person, Place]


@contextmanager
def in_between(product: Served) -> Iterator[list[Middle]]:
    """People who stopped half-way, each with the page he stopped at. What they needed is taken back at the end."""
    keeper = Person(product).sign_in(KEEPER)
    scanning = _scanning(product, NEWCOMER)
    linked = _linked(product, keeper)
    code = _code_of(_scanning(product, KEEPER, keeper)[2])
    assert keeper.post("/account/second-factor", {"code": code}).status == 200
    try:
        yield [linked, scanning[:2], *_second_step(product, keeper), _two_customers(product)]
    finally:
        keeper.post("/account/second-factor/remove", {"current": product.password()})


def _at(person: Person, answer: Answer) -> Middle:
    assert answer.status == 200, (answer.path, answer.status)
    return person, Place(BETWEEN, route_of(answer.path)[0], answer.path)


def _linked(product: Served, admin: Person) -> Middle:
    """Somebody opens the link he was given to set his password, and has not set it."""
    page = admin.get(f"/administration/staff?q={NEWCOMER}").text
    person = next(link for link in links(page) if re.fullmatch(r"/administration/staff/\d+", link))
    made = re.search(r"/sign-in/link/[\w-]+", admin.post(f"{person}/sign-in/link", {}).text)
    assert made, "no link on the page"
    stranger = Person(product)
    return _at(stranger, stranger.get(made[0]))


def _scanning(product: Served, username: str, person: Person | None = None) -> tuple[Person, Place, str]:
    """He looks at the picture his telephone is to scan."""
    person = person or Person(product).sign_in(username)
    person.get("/account")
    answer = person.post("/account/second-factor/begin", {"current": product.password()})
    return *_at(person, answer), answer.text


def _code_of(page: str) -> str:
    secret = SECRET.search(page)
    assert secret, "no secret on the page"
    return pyotp.TOTP(secret[0].replace(" ", "")).now()


def _second_step(product: Served, keeper: Person) -> Iterator[Middle]:
    """Before the second factor that he must have and has not, and before the code of the one he has."""
    _ask_of(keeper, "administrators")
    yield _at(*_password(product, "admin"))
    _ask_of(keeper, "nobody")
    yield _at(*_password(product, KEEPER))


def _password(product: Served, username: str) -> tuple[Person, Answer]:
    person = Person(product)
    person.get("/sign-in")
    return person, person.post("/sign-in", {"username": username, "password": product.password()})


def _ask_of(keeper: Person, who: str) -> None:
    page = keeper.get(RULES).text
    kept = {name: _typed(page, name) for name in ("password_length", "link_hours")}
    assert keeper.post(RULES, {**kept, "second_factor": who}).status == 200


def _typed(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found, name
    return found[1]


def _two_customers(product: Served) -> Middle:
    """Two customers side by side, before they are merged."""
    person = Person(product).sign_in("supervisor1")
    shown = [link for link in links(person.get("/customers").text) if re.fullmatch(r"/customers/\d+", link)]
    return _at(person, person.get(f"{shown[0]}/merge?other={shown[1].rpartition('/')[2]}"))
