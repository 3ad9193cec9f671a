"""Who may come where, said a second time by areas: a row that was loosened by mistake differs from what stands here.

The table itself decides (web/permissions.py). A new area needs a line here, a route that is not as its area a line below.
"""

from __future__ import annotations

import pytest

from zhike.web.api.scopes import DOORS
from zhike.web.permissions import PERMISSIONS

AREAS = {
    "anyone": "home language sign_in portal welcome callbacks demo",
    "signed_in": "approvals shortcuts account attendance case_page case_print hand_over notices_page away presence skills",
    "admin": "credentials administration handbook_admin audit backup keeping api_tokens webhooks inboxes messaging",
    "desk": "desk",
    "desk board admin": "mailboxes",
    "conversations": "workbench",
    "cases": "case_list",
    "customers": "customers",
    "board": "board",
    "reports": "figures",
    "board floor": "floor",
    "handbook": "handbook_page",
    "lookup": "lookup",
    "sandbox": "sandbox",
    "token": "api",
    "visitor": "webchat",
}
OTHERWISE = {
    "style_page:show": ("admin", "sandbox"),
    "handbook_page:clause": ("signed_in",),  # 依据 links lead there from every page
    "handbook_page:changes": ("signed_in",),
    "figures:ranks": ("signed_in",),  # whose place somebody sees, and who decides, is said by the clause
    "figures:decide": ("signed_in",),
    "administration:directories": ("signed_in",),  # who keeps which one: records.access
    "administration:directory": ("signed_in",),
    "administration:add_row": ("signed_in",),
    "administration:edit_row": ("signed_in",),
    "administration:switch_row": ("signed_in",),
    **dict.fromkeys(  # templates want a second person, who need not be an administrator
        (
            f"messaging:{name}"
            for name in "templates new_template template edit_template decide test unwanted end_unwanted".split()
        ),
        ("admin", "board"),
    ),
    "messaging:picker": ("signed_in",),  # which conversation: conversations.access
    "audit:reviews": ("admin", "customers"),  # who looks over: audit.access
    "audit:review": ("admin", "customers"),
    "case_list:exports": ("signed_in",),  # who may take cases out: the visibility clauses
    "case_list:export": ("signed_in",),
    "case_list:download": ("signed_in",),
    # in somebody else's conversation: conversations.rights
    "workbench:whisper": ("board", "floor"),
    "workbench:take_over": ("board", "floor"),
    "workbench:assign": ("board", "floor"),
    "webchat:widget": ("anyone",),  # a script on somebody else's page
    "webchat:survey_page": ("anyone",),  # the link is the secret
    "mailboxes:out": ("desk", "board"),  # what could not be sent: whoever writes, and who answers for it
    "mailboxes:settle": ("desk", "board"),
    "mailboxes:boxes": ("admin",),
    "mailboxes:new": ("admin",),
    "mailboxes:box": ("admin",),
    "mailboxes:edit": ("admin",),
    "mailboxes:try": ("admin",),
    "mailboxes:again": ("admin",),
    "mailboxes:switch": ("admin",),
    "api:openapi": ("anyone",),
    "api:docs": ("signed_in",),
}
EXPECTED = {area: tuple(who.split()) for who, areas in AREAS.items() for area in areas.split()}


@pytest.mark.parametrize("route", sorted(PERMISSIONS))
def test_a_row_lets_in_whom_its_area_is_for(route: str) -> None:
    expected = OTHERWISE.get(route) or EXPECTED.get(route.partition(":")[0])
    assert PERMISSIONS[route].who == expected, "say it in AREAS or OTHERWISE, if it is meant"


FAMILIES = {
    "": "me",
    "handbook": "handbooks handbook handbook_versions handbook_parameters",
    "journal": "ledger",
    "cases": """cases case timeline act notes attachments case_attachments attachment links end_link follow merge unmerge undo
        clocks consents consent withdraw_consent""",
    "customers": "customers customer customer_card",
    "notices": "notices",
    "webhooks": """webhooks webhook webhook_secret webhook_pause webhook_resume webhook_ping webhook_replay webhook_remove
        webhook_deliveries webhook_delivery""",
}
"""Scopes begin with the family; GET asks for reading, POST for writing."""
PAGES = {
    "handbooks": "handbook_page:list",
    "handbook": "handbook_page:show",
    "handbook_versions": "handbook_page:show",
    "handbook_parameters": "handbook_page:show",
    "ledger": "handbook_page:uses",
    "cases GET": "case_list:show",
    "cases POST": "desk:open",
    "customer_card": "customers:card",
}
"""The page a token's owner must be allowed to open, where that is not every page of whoever is signed in."""


@pytest.mark.parametrize(("route", "method"), sorted(DOORS))
def test_a_door_asks_for_its_scope_and_its_page(route: str, method: str) -> None:
    name = route.removeprefix("api:")
    family = next((family for family, names in FAMILIES.items() if name in names.split()), None)
    assert family is not None, "say it in FAMILIES"
    scope = f"{family}:{'write' if method == 'POST' else 'read'}" if family else ""
    assert DOORS[route, method].scope == scope
    page = DOORS[route, method].page
    if family == "webhooks":
        assert page.startswith("webhooks:")
    elif expected := PAGES.get(f"{name} {method}") or PAGES.get(name):
        assert page == expected
    else:
        assert PERMISSIONS[page].who == ("signed_in",)
