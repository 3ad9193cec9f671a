"""What a sanction says it lays on somebody for a time can be carried out, or is refused at the check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zhike.handbook.tests.folder import LIMIT, clause, examined, with_clause

SANCTION: dict[str, Any] = clause(
    LIMIT, id="S-05", kind="sanction", on="action.finish", confirm={"role": "boss"}, starts=None, until=None, holder=None, within=None,
)  # fmt: skip
WEEK: dict[str, Any] = {"from": 1, "propose": ["study"], "lasts": "7d"}


def codes(tmp_path: Path, **tier: Any) -> list[str]:
    tiers = [{key: value for key, value in {**WEEK, **tier}.items() if value is not None}]
    loaded = examined(tmp_path, clauses=with_clause({**SANCTION, "tiers": tiers}))
    return [problem.code for problem in loaded.errors]


@pytest.mark.parametrize(
    ("tier", "code"),
    [
        ({"propose": None}, "lasts-nothing"),
        ({"propose": ["study", "transfer"], "choose_one": True}, "lasts-unclear"),
        ({"lasts": None, "starts": ["stage.raised.entered"]}, "lasts-missing"),
        ({"starts": ["presence.ready.entered"]}, "lasts-unheard"),
        ({"starts": ["stage.nowhere.entered"]}, "event-unknown"),
        ({"lasts": "3 working days"}, "calendar-missing"),
        ({"until": {"no_such": True}}, "fact-unknown"),
    ],
)
def test_what_cannot_be_carried_out_is_refused(tmp_path: Path, tier: dict[str, Any], code: str) -> None:
    assert codes(tmp_path, **tier) == [code]


@pytest.mark.parametrize("tier", [{}, {"starts": ["stage.raised.entered"]}, {"lasts": None, "until": {"vip": True}}])
def test_what_can_be_carried_out_is_sound(tmp_path: Path, tier: dict[str, Any]) -> None:
    assert codes(tmp_path, **tier) == []
