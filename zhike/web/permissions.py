"""Who may open which route. A route that is not in this table is refused at run time and fails a test.

One row a route name: who may come, and with which methods. Who may come is one or more of

    anyone       whether signed in or not (customers, visitors)
    signed_in    any active member of staff; the view's own gate decides about the object
    desk, board, floor, cases, handbook, lookup, approvals, quality, reports, administration
                 staff with a role that opens that screen
    admin        administrators
    sandbox      anyone, but only while the product runs in its sandbox

An object's own gate (`cases.access` and its like) comes after this table, never instead of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from zhike.org.principals import Viewer

Who = Literal[
    "anyone", "signed_in", "admin", "sandbox",
    "desk", "board", "floor", "cases", "handbook", "lookup", "approvals", "quality", "reports", "administration",
]  # fmt: skip
READ = frozenset({"GET", "HEAD"})
WRITE = frozenset({"POST"})
BOTH = READ | WRITE


@dataclass(frozen=True, slots=True)
class Row:
    """Who may open a route, and with which methods."""

    who: tuple[Who, ...]
    methods: frozenset[str]


def _row(*who: Who, methods: frozenset[str] = READ) -> Row:
    return Row(who, methods)


PERMISSIONS: dict[str, Row] = {
    # frame
    "home": _row("anyone"),
    "language": _row("anyone", methods=WRITE),
    "style_page:show": _row("admin", "sandbox"),
    # sign-in
    "sign_in:sign_in": _row("anyone", methods=BOTH),
    "sign_in:sign_out": _row("anyone", methods=WRITE),
    # desk
    "desk:show": _row("desk"),
    "desk:mine": _row("desk"),
    "desk:new": _row("desk"),
    "desk:open": _row("desk", methods=BOTH),
    # cases: which case is decided by cases.access
    "case_list:show": _row("signed_in"),
    "case_list:rows": _row("signed_in"),
    "case_page:show": _row("signed_in"),
    "case_page:live": _row("signed_in"),
    "case_page:act": _row("signed_in", methods=BOTH),
    "case_page:note": _row("signed_in", methods=WRITE),
    "case_page:attach": _row("signed_in", methods=WRITE),
    "case_page:file": _row("signed_in"),
    # supervisor
    "board:show": _row("board"),
    "board:lanes": _row("board"),
    # notices
    "notices_page:show": _row("signed_in"),
    "notices_page:bell": _row("signed_in"),
    "notices_page:read": _row("signed_in", methods=WRITE),
}


def may_open(viewer: Viewer, route: str) -> bool:
    """True when `viewer` may open the route of that name; False for a route that is not in the table."""
    row = PERMISSIONS.get(route)
    return row is not None and any(_is(viewer, who) for who in row.who)


def _is(viewer: Viewer, who: Who) -> bool:
    if who == "anyone":
        return True
    if who == "sandbox":
        return bool(settings.SANDBOX)
    if viewer.staff is None or not viewer.staff.is_active:
        return False
    if who == "signed_in":
        return True
    return viewer.is_admin if who == "admin" else who in viewer.screens
