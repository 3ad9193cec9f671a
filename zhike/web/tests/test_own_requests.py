"""Nobody approves what he asked for himself, in another's place, or what another asked for in his."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import pytest

from zhike.cases.actions import take_action
from zhike.cases.models import Case
from zhike.clocks.models import Clock
from zhike.handbook.common import Facts
from zhike.handbook.gates import lacks
from zhike.handbook.terms import Requirement
from zhike.lib import clock
from zhike.org.actions import assign_role
from zhike.org.handbooks import viewer
from zhike.org.models import HandbookVersion
from zhike.org.substitution import arrange_substitution, end_substitution
from zhike.web.tests.franchise import NINE, Franchise


@pytest.fixture
def house(db: None) -> Iterator[Franchise]:
    """The owner asks for more time, and any manager of customer service agrees."""
    made = Franchise()
    version = HandbookVersion.objects.get()
    source = json.loads(json.dumps(version.source))
    clause = next(c for c in source["clauses"] if c["id"] == "UNIT-02")
    clause["extend"] |= {"approvals": [["cs_manager"]], "after": []}
    process = next(p for p in source["processes"] if p["id"] == "complaint_case")
    next(a for a in process["actions"] if a["id"] == "request_extension")["by"] = ["owner"]
    made.version = HandbookVersion.objects.create(
        name=version.name, version="2", effective_from=NINE, source=source, text=version.text, digest="e" * 64
    )
    for who in ("specialist1", "csmanager1"):
        for role in ("complaint_specialist", "cs_manager"):
            assign_role(made.staff[who], made.version.name, role, made.departments["cs"], by="system", now=NINE)
    assign_role(made.staff["duty1"], made.version.name, "cs_manager", made.departments["cs"], by="system", now=NINE)
    before = clock.install(made.read)
    yield made
    clock.install(before)


@pytest.fixture
def case(house: Franchise) -> Case:
    """With the partner, owned by the specialist."""
    made = house.sent("partner-1")
    Case.objects.filter(pk=made.pk).update(owner=house.staff["specialist1"], owner_role="complaint_specialist")
    return Case.objects.get(pk=made.pk)


def act(house: Franchise, case: Case, action: str, by: str, **values: str) -> None:

    take_action(case.pk, action, values, by=viewer(house.staff[by], house.now), now=house.now)


def ask(house: Franchise, case: Case, by: str) -> None:
    due = Clock.objects.get(clause="UNIT-02", state="running").due_at + dt.timedelta(hours=24)
    house.now += dt.timedelta(minutes=1)
    told = (house.now - dt.timedelta(minutes=1)).isoformat()
    act(
        house,
        case,
        "request_extension",
        by,
        reason="示例：等配件",
        new_due_at=due.isoformat(),
        customer_notified_at=told,
    )


def agree(house: Franchise, case: Case, by: str) -> bool:
    """Whether the extension was granted by it."""
    house.now += dt.timedelta(minutes=1)
    act(house, case, "agree_extension", by)
    return bool(Clock.objects.get(clause="UNIT-02", state="running").extensions)


def stand_in(house: Franchise) -> int:
    return arrange_substitution(
        house.staff["specialist1"], house.staff["csmanager1"], since=house.now, until=house.now + dt.timedelta(days=2),
        by=viewer(house.staff["specialist1"]), now=house.now,
    ).pk  # fmt: skip


def test_what_a_substitute_asked_for_he_does_not_grant(house: Franchise, case: Case) -> None:
    stand_in(house)
    ask(house, case, "csmanager1")
    assert not agree(house, case, "csmanager1")
    assert agree(house, case, "duty1")


def test_what_was_asked_for_in_ones_place_one_does_not_grant_on_coming_back(house: Franchise, case: Case) -> None:
    number = stand_in(house)
    ask(house, case, "csmanager1")
    end_substitution(number, by=viewer(house.staff["specialist1"]), now=house.now)
    assert not agree(house, case, "specialist1")
    assert agree(house, case, "duty1")


def test_what_one_asked_for_before_leaving_the_substitute_may_grant_by_his_own_right(
    house: Franchise, case: Case
) -> None:
    ask(house, case, "specialist1")
    stand_in(house)
    assert agree(house, case, "csmanager1")


@pytest.mark.parametrize(
    ("facts", "kept_out"),
    [
        ({"actor.principal": "staff:2", "actor.persons": ["staff:1", "staff:2"]}, True),
        ({"actor.principal": "staff:2", "actor.persons": ["staff:2"]}, False),
        ({"actor.principal": "staff:1"}, True),
    ],
)
def test_a_party_is_kept_out_in_another_person_too(facts: Facts, kept_out: bool) -> None:
    required = Requirement(not_actor=("author",))
    assert bool(lacks(required, {**facts, "author": "staff:1"}, {})) == kept_out
