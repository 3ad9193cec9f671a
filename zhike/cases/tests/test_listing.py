"""Fields a list keeps from whom their clause does not name, and in whose name a case is owned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.world import at
from zhike.cases.actions import open_case
from zhike.cases.listing import hidden_fields
from zhike.handbook.load import load
from zhike.handbook.tests.folder import MANIFEST, with_clause, write
from zhike.org.actions import add_staff, assign_role
from zhike.org.handbooks import install
from zhike.org.handbooks import viewer as viewer_of
from zhike.org.principals import Viewer

NOW = at("2025-06-10 09:00")
BOSSES_PHONE: dict[str, Any] = {
    "id": "S-11", "kind": "visibility", "title": {"zh": "电话给班长看", "en": "The phone is for the boss"}, "cites": "2",
    "quote": "登记要写明电话。", "of": "record.ticket", "fields": ["phone"], "to": [{"role": "boss"}],
    "refuse": {"zh": "电话不给您看。", "en": "The phone is not for you."},
}  # fmt: skip


def holder(role: str) -> Viewer:
    return Viewer("staff:5", frozenset({"staff:5"}), roles=(("sample", role, None),))


def test_a_list_keeps_a_field_from_roles_its_clause_does_not_name(tmp_path: Path) -> None:
    book = load(write(tmp_path, clauses=with_clause(BOSSES_PHONE)))
    found = {
        role: [f for f in ("phone", "kind") if hidden_fields(book, "ticket", holder(role))(f)]
        for role in ("agent", "boss")
    }
    assert found == {"agent": ["phone"], "boss": []}


@pytest.mark.django_db
def test_a_case_is_owned_in_the_role_one_holds_not_in_the_first_that_might(tmp_path: Path) -> None:
    (process,) = MANIFEST["processes"]
    register, finish = process["actions"]
    both = {**process, "actions": [{**register, "by": ["boss", "agent"]}, finish]}
    version = install(write(tmp_path, processes=[both]), NOW)
    owned = {}
    for role in ("agent", "boss"):
        staff = add_staff(username=role, name=f"示例{role}", by="system", now=NOW)
        assign_role(staff, "sample", role, None, by="system", now=NOW)
        values = {"phone": "13800000001", "kind": "plain"}
        owned[role] = open_case(version, "ticket", "register", values, by=viewer_of(staff), now=NOW).owner_role
    assert owned == {"agent": "agent", "boss": "boss"}
