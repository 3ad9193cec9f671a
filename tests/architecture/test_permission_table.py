"""The permission table names every route, and nothing else; each row decides as its words say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from zhike.org.models import Staff
from zhike.org.principals import ANONYMOUS_VIEWER, Viewer
from zhike.web.permissions import BOTH, PERMISSIONS, may_open

SCREENS = (
    "desk", "board", "floor", "cases", "customers", "handbook", "lookup", "approvals", "quality", "reports", "administration",
    "conversations",
)  # fmt: skip


def routes() -> Iterator[tuple[str, str]]:
    """(view name, pattern) of every route of the product."""
    yield from _routes(get_resolver(), "", "")


def _routes(resolver: URLResolver, space: str, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _routes(entry, inner, pattern)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", pattern


ROUTES = sorted(set(routes()))
NAMES = sorted({name for name, _ in ROUTES})


def person(*screens: str, is_admin: bool = False, is_active: bool = True) -> Viewer:
    staff = Staff(pk=5, username="somebody", is_admin=is_admin, is_active=is_active)
    more = ("administration", "handbook") if is_admin else ()
    return Viewer(
        "staff:5", frozenset({"staff:5"}), staff=staff, is_admin=is_admin, screens=frozenset({*screens, *more})
    )


CAST: dict[str, Viewer] = {
    "visitor": ANONYMOUS_VIEWER,
    "staff without a role": person(),
    "substitute": replace(person(), stands_for=((7, "示例"),)),  # with his own rights only
    "disabled": person(*SCREENS, is_admin=True, is_active=False),
    "administrator": person(is_admin=True),
    **{screen: person(screen) for screen in SCREENS},
}


def test_every_route_stands_in_the_table() -> None:
    missing = [f"{name} ({pattern})" for name, pattern in ROUTES if name not in PERMISSIONS]
    assert missing == []


def test_every_row_is_a_route() -> None:
    assert sorted(set(PERMISSIONS) - set(NAMES)) == []


def test_every_route_has_a_name() -> None:
    assert [pattern for name, pattern in ROUTES if name.endswith("None")] == []


def expected(who: str, name: str) -> bool:
    """The answer written out again, by what the words of the row mean."""
    row = PERMISSIONS[name]
    if "anyone" in row.who or ("sandbox" in row.who and settings.SANDBOX):
        return True
    if who in ("visitor", "disabled"):
        return False
    if "signed_in" in row.who:
        return True
    if who == "administrator":
        return bool({"admin", "administration", "handbook"} & set(row.who))
    return who in row.who


@pytest.mark.parametrize("who", CAST)
def test_the_matrix(who: str) -> None:
    opened = {name for name in NAMES if may_open(CAST[who], name)}
    assert opened == {name for name in NAMES if name in PERMISSIONS and expected(who, name)}


def test_a_route_that_is_not_in_the_table_is_for_nobody() -> None:
    assert not any(may_open(viewer, "nowhere:at_all") for viewer in CAST.values())


OPEN_TO_ANYONE = {
    "home",
    "language",
    "sign_in:sign_in",
    "sign_in:sign_out",
    "sign_in:code",  # only after a right password
    "sign_in:set_up",
    "sign_in:link",  # by a link that works once
    "api:openapi",  # the contract; nothing of this house is in it
}


def test_what_is_open_to_anyone_is_short_and_listed() -> None:
    """Portal, web chat, welcome, sandbox and callbacks guard themselves; everything else open to anyone is named here on purpose."""
    guarded = ("portal:", "webchat:", "demo:", "welcome:", "sandbox:", "health:", "first_run:", "callbacks:")
    found = {name for name, row in PERMISSIONS.items() if "anyone" in row.who and not name.startswith(guarded)}
    assert found == OPEN_TO_ANYONE


def test_nothing_but_reading_and_posting_is_allowed() -> None:
    assert {method for row in PERMISSIONS.values() for method in row.methods} <= BOTH
