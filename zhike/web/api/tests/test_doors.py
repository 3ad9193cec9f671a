"""Which scope and which page each door of the API asks for, said a second time: a door that asks for less fails here by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import NoReverseMatch, reverse

from zhike.web.api.scopes import DOORS, SCOPES
from zhike.web.api.tests.program import Program

READ, WRITE = "GET", "POST"
ASKED: dict[str, dict[str, tuple[str, str]]] = {
    "api:me": {READ: ("", "notices_page:show")},
    "api:handbooks": {READ: ("handbook:read", "handbook_page:list")},
    "api:handbook": {READ: ("handbook:read", "handbook_page:show")},
    "api:handbook_versions": {READ: ("handbook:read", "handbook_page:show")},
    "api:handbook_parameters": {READ: ("handbook:read", "handbook_page:show")},
    "api:ledger": {READ: ("journal:read", "handbook_page:uses")},
    "api:cases": {READ: ("cases:read", "case_list:show"), WRITE: ("cases:write", "desk:open")},
    "api:case": {READ: ("cases:read", "case_page:show")},
    "api:timeline": {READ: ("cases:read", "case_page:timeline")},
    "api:act": {WRITE: ("cases:write", "case_page:act")},
    "api:consents": {READ: ("cases:read", "approvals:show")},
    "api:consent": {WRITE: ("cases:write", "approvals:decide")},
    "api:withdraw_consent": {WRITE: ("cases:write", "approvals:withdraw")},
    "api:notes": {WRITE: ("cases:write", "case_page:note")},
    "api:attachments": {WRITE: ("cases:write", "case_page:note")},
    "api:case_attachments": {WRITE: ("cases:write", "case_page:note")},
    "api:attachment": {READ: ("cases:read", "case_page:file")},
    "api:links": {READ: ("cases:read", "case_page:show"), WRITE: ("cases:write", "case_page:links")},
    "api:end_link": {WRITE: ("cases:write", "case_page:unlink")},
    "api:follow": {WRITE: ("cases:write", "case_page:follow")},
    "api:merge": {WRITE: ("cases:write", "case_page:merge")},
    "api:unmerge": {WRITE: ("cases:write", "case_page:unmerge")},
    "api:undo": {WRITE: ("cases:write", "case_page:undo")},
    "api:clocks": {READ: ("cases:read", "case_page:show")},
    "api:customers": {READ: ("customers:read", "case_page:show")},
    "api:customer": {READ: ("customers:read", "case_page:show")},
    "api:customer_card": {WRITE: ("customers:write", "customers:card")},
    "api:notices": {READ: ("notices:read", "notices_page:show")},
    "api:webhooks": {READ: ("webhooks:read", "webhooks:list"), WRITE: ("webhooks:write", "webhooks:new")},
    "api:webhook": {READ: ("webhooks:read", "webhooks:show"), WRITE: ("webhooks:write", "webhooks:edit")},
    "api:webhook_secret": {WRITE: ("webhooks:write", "webhooks:secret")},
    "api:webhook_pause": {WRITE: ("webhooks:write", "webhooks:pause")},
    "api:webhook_resume": {WRITE: ("webhooks:write", "webhooks:resume")},
    "api:webhook_ping": {WRITE: ("webhooks:write", "webhooks:ping")},
    "api:webhook_replay": {WRITE: ("webhooks:write", "webhooks:replay")},
    "api:webhook_remove": {WRITE: ("webhooks:write", "webhooks:remove")},
    "api:webhook_deliveries": {READ: ("webhooks:read", "webhooks:show")},
    "api:webhook_delivery": {READ: ("webhooks:read", "webhooks:delivery")},
}
EACH = [(route, method, scope) for route, doors in ASKED.items() for method, (scope, _) in doors.items() if scope]


def test_every_door_asks_for_its_scope_and_its_page() -> None:
    asked = {(route, method): door for route, doors in ASKED.items() for method, door in doors.items()}
    assert {key: (door.scope, door.page) for key, door in DOORS.items()} == asked


@pytest.mark.parametrize(("route", "method", "scope"), EACH)
def test_a_token_for_everything_else_does_not_open_it(
    program: Callable[..., Program], route: str, method: str, scope: str
) -> None:
    others = [each for each in SCOPES if each != scope]
    caller, address = program("boss", *others), address_of(route).removeprefix("/api")
    answer = caller.get(address) if method == READ else caller.post(address, key="1")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope")


PAGES = [
    (route, method)
    for route, doors in ASKED.items()
    for method, (_, page) in doors.items()
    if not page.startswith(("approvals:", "case_page:", "notices_page:"))
]


@pytest.mark.parametrize(("route", "method"), PAGES)
def test_whoever_may_not_open_the_page_does_not_get_in_by_the_door(
    program: Callable[..., Program], route: str, method: str
) -> None:
    """A member of staff without any role, with a token for everything."""
    caller, address = program("outsider"), address_of(route).removeprefix("/api")
    answer = caller.get(address) if method == READ else caller.post(address, key="1")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def address_of(route: str) -> str:
    """An address of that route; what it names need not be there, the scope is asked for first."""
    for places in range(4):
        try:
            return reverse(route, args=["1"] * places)
        except NoReverseMatch:
            continue
    raise AssertionError(f"no address for {route}")
