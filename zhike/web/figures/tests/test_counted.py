"""What a figure may ask of the rows it counts really stands on them, and each side of a share counts its own process."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from zhike.cases.figures import figure
from zhike.web.figures.tests import trial
from zhike.web.figures.tests.trial import PARTS, House

LIMIT: dict[str, Any] = {
    "kind": "deadline", "id": "LIM-01", "starts": ["action.take"], "until": ["action.close"], "holder": ["clerk"], "within": "2h",
    "process": "ask",
}  # fmt: skip
OWED: dict[str, Any] = {
    "kind": "duty", "id": "OWE-01", "for": "case", "starts": ["action.take"], "owes": ["action.note"], "holder": ["clerk"],
    "within": "2h", "process": "ask",
}  # fmt: skip


def counted(name: str, count: str, **where: Any) -> dict[str, Any]:
    return {
        "kind": "measure",
        "id": name,
        "name": name.lower().replace("-", "_"),
        "numerator": {"count": count, "where": where},
    }


def amount(house: House, name: str) -> float | None:
    return figure(house.book, name, now=house.now).numerator


@pytest.fixture
def house(db: None) -> House:
    figures = [
        counted("FIG-01", "clocks", holder="clerk", minutes={"lte": 60}),
        counted("FIG-02", "clocks", age_minutes={"gte": 30}),
        counted("FIG-03", "clocks", stopped_at={"present": True}),
        counted("FIG-04", "duties", holder="clerk", done={"gte": 1}),
        counted("FIG-05", "mark", round=1, filled_by={"present": True}),
    ]
    return House(LIMIT, OWED, *figures)


def test_limits_are_counted_by_who_holds_them_how_long_they_took_and_how_old_they_are(house: House) -> None:
    quick, slow = house.case(), house.case()
    house.later(minutes=40)
    assert [amount(house, one) for one in ("FIG-01", "FIG-02", "FIG-03")] == [0, 2, 0]
    house.act(quick, "close")
    house.later(minutes=40)
    house.act(slow, "close")
    assert [amount(house, one) for one in ("FIG-01", "FIG-02", "FIG-03")] == [1, 0, 2]


def test_what_was_owed_is_counted_by_who_owed_it_and_whether_it_was_done(house: House) -> None:
    house.case()
    house.mark("an", 9)
    assert [amount(house, one) for one in ("FIG-04", "FIG-05")] == [1, 1]


def test_each_side_of_a_share_counts_its_own_process(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = copy.deepcopy(PARTS)
    parts["processes"].append(
        {
            **parts["processes"][0],
            "id": "tell",
            "actions": [{**one, "id": f"{one['id']}_it"} for one in PARTS["processes"][0]["actions"]],
        }
    )
    monkeypatch.setattr(trial, "PARTS", parts)
    share = {
        "kind": "measure", "id": "FIG-06", "name": "asked", "numerator": {"count": "cases", "process": "ask"},
        "denominator": {"count": "cases", "process": "tell"},
    }  # fmt: skip
    house = House(share)
    house.case()
    for _ in range(4):
        trial.open_case(
            house.version, "tell", "take_it", {"about": "示例"}, by=trial.viewer(house.staff["an"]), now=house.now
        )
    found = figure(house.book, "FIG-06", now=house.now)
    assert (found.numerator, found.denominator) == (1, 4)
