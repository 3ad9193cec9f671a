"""A sanction to which others must agree besides whoever decides: it stands when the last of them has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import at
from zhike.cases.asked_deeds import awaiting
from zhike.cases.asking import decide_asked, take_or_ask
from zhike.cases.drafts import drafts_of
from zhike.cases.models import AskedDeed
from zhike.cases.refusals import NotYours, Refused
from zhike.cases.tests.test_lasting import NOON, House
from zhike.journal.models import ClauseUse
from zhike.org.actions import assign_role

pytestmark = pytest.mark.django_db
ONE = at("2025-06-10 13:00")
BOTH: dict[str, Any] = {"also": ["lead", "clerk"]}


def house(**confirm: Any) -> House:
    """The clerk is the one it concerns."""
    return House(confirm=confirm)


def standing(trial: House) -> tuple[list[str], list[str]]:
    """(clauses still undecided, clauses confirmed)."""
    undecided, confirmed = drafts_of([trial.case.pk])[trial.case.pk]
    return sorted(undecided), sorted(confirmed)


def asked(trial: House, by: str = "chief") -> AskedDeed:
    row = take_or_ask(trial.case.pk, "confirm", {}, by=trial.viewer(by), now=NOON)
    assert isinstance(row, AskedDeed)
    return row


def test_whoever_decides_cannot_have_it_stand_alone() -> None:
    trial = house(also=["lead"])
    with pytest.raises(Refused) as refused:
        trial.act("confirm", "chief")
    assert [(reason.words.zh, reason.clause) for reason in refused.value.reasons] == [
        ("“示例学习一周”要示例主管也同意才算数。", "PEN-01")
    ]
    assert standing(trial) == (["PEN-01"], [])


def test_it_stands_when_the_other_one_has_agreed() -> None:
    trial = house(also=["lead"])
    row = asked(trial)
    assert standing(trial) == (["PEN-01"], [])
    decide_asked(row.pk, agree=True, by=trial.viewer("lead"), now=ONE)
    assert standing(trial) == ([], ["PEN-01"])
    kept = ClauseUse.objects.get(clause="PEN-01", outcome="kept")
    assert kept.holder == trial.viewer("chief").principal


def test_who_declines_leaves_it_undecided() -> None:
    trial = house(also=["lead"])
    decide_asked(asked(trial).pk, agree=False, words="示例：证据不足", by=trial.viewer("lead"), now=ONE)
    assert standing(trial) == (["PEN-01"], [])


def test_who_decides_does_not_agree_to_it_in_another_role_of_his() -> None:
    trial = house(also=["lead"])
    assign_role(trial.people["chief"], "discipline", "lead", None, by="system", now=NOON)
    row = asked(trial)
    with pytest.raises(NotYours):
        decide_asked(row.pk, agree=True, by=trial.viewer("chief"), now=ONE)
    assert standing(trial) == (["PEN-01"], [])


def test_the_one_it_concerns_is_not_asked_in_his_role_either() -> None:
    trial = house(**BOTH)
    row = asked(trial)
    decide_asked(row.pk, agree=True, by=trial.viewer("lead"), now=ONE)
    assert awaiting(trial.viewer("clerk"), ONE) == []
    with pytest.raises(NotYours):
        decide_asked(row.pk, agree=True, by=trial.viewer("clerk"), now=ONE)
    assert standing(trial) == (["PEN-01"], [])


def test_a_clause_that_lets_the_one_it_concerns_decide_asks_him_too() -> None:
    trial = house(**BOTH, not_party=False)
    row = asked(trial)
    for who in ("lead", "clerk"):
        decide_asked(row.pk, agree=True, by=trial.viewer(who), now=ONE)
    assert standing(trial) == ([], ["PEN-01"])


def test_taking_it_back_asks_nobody_else() -> None:
    trial = house(also=["lead"])
    trial.act("overturn", "chief")
    assert standing(trial) == ([], [])
