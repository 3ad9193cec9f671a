"""The timeline comes in pages; whatever happens between two of them, every entry is told once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from zhike.cases.actions import add_note
from zhike.cases.models import Case
from zhike.web.api.tests.program import Program
from zhike.web.tests.world import World


def words(items: list[dict[str, Any]]) -> list[str]:
    return [item["words"] for item in items if item["kind"] == "note"]


def noted(world: World, case: Case, *notes: str) -> None:
    for note in notes:
        add_note(case, note, by=world.viewer("agent"), now=world.now)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("apart", [0, 1])
def test_pages_give_every_entry_once_in_order(
    world: World, program: Callable[..., Program], size: int, apart: int
) -> None:
    """Also where many happened at the same moment."""
    case, agent = world.ticket(), program("agent")
    for number in range(7):
        world.later(apart)
        noted(world, case, f"示例备注 {number}")
    path = f"/cases/{case.number}/timeline"
    whole = agent.get(path).json()
    assert whole["next"] is None
    told, after = [], ""
    while True:
        page = agent.get(path, {"size": size, "after": after}).json()
        assert len(page["items"]) <= size
        told += page["items"]
        after = page["next"]
        if after is None:
            break
    assert told == whole["items"]


def test_what_happens_between_two_pages_moves_nothing(world: World, program: Callable[..., Program]) -> None:
    case, agent = world.ticket(), program("agent")
    for number in range(6):
        world.later(1)
        noted(world, case, f"示例备注 {number}")
    path = f"/cases/{case.number}/timeline"
    first = agent.get(path, {"size": 3}).json()
    world.later(1)
    noted(world, case, "示例：后来的")
    second = agent.get(path, {"size": 3, "after": first["next"]}).json()
    assert words(first["items"] + second["items"]) == [f"示例备注 {number}" for number in (5, 4, 3, 2, 1, 0)]


def test_a_place_no_answer_gave_is_refused(world: World, program: Callable[..., Program]) -> None:
    case = world.ticket()
    answer = program("agent").get(f"/cases/{case.number}/timeline", {"after": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
