"""What other software is told of a form before it fills one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zhike.cases.tests.trial import House
from zhike.web.api.tests.program import Program
from zhike.web.tests.world import World

SURVEY: dict[str, Any] = {
    "id": "survey", "title": "示例核对单", "complete": ["total"], "fields": [
        {"id": "count", "title": "示例件数", "type": "int", "required": True},
        {"id": "total", "title": "示例核定金额", "type": "money", "fills": ["lead", "chief"]},
    ],
}  # fmt: skip


def test_a_form_says_which_roles_fill_a_field_and_what_may_come_later(
    world: World, program: Callable[..., Program]
) -> None:
    House(records=[SURVEY])
    records = {one["id"]: one for one in program().get("/handbooks/trial").json()["records"]}
    said = [
        (one["id"], one["required"], one["filled_by"], one["may_come_later"]) for one in records["survey"]["fields"]
    ]
    assert said == [("count", True, [], False), ("total", False, ["lead", "chief"], True)]
