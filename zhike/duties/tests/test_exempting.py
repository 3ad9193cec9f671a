"""A period that need not be done: asked for by whoever holds it, granted by somebody the clause names, declined, taken back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from zhike.clocks.actions import fire_due
from zhike.clocks.models import Clock
from zhike.clocks.tests.ground import CASE, at, count_facts, duty, version_of
from zhike.duties.actions import Owe, owe, settle
from zhike.duties.exempting import (
    ExemptionRefused,
    ask_exemption,
    decline_exemption,
    grant_exemption,
    revoke_exemption,
)
from zhike.duties.models import Obligation
from zhike.duties.queries import asked_exemptions, exempted, may_be_exempted
from zhike.notices.models import Notice
from zhike.org.actions import add_staff, assign_role
from zhike.org.handbooks import book_of, viewer
from zhike.org.principals import Viewer, role_key

pytestmark = pytest.mark.django_db
HOUSE = "retail-hotline"
EVENING = at("06-10 20:00")
NINE = at("06-11 09:00")
DAILY: dict[str, Any] = {"every": "calendar_day", "from": "next_period", "exempt": {"approved_by": ["manager"]}}
WHY = "示例：顾客出国"


class Ground:
    def __init__(self, **fields: Any) -> None:
        version = version_of(duty(**(DAILY | fields)))
        book = book_of(version.pk)
        self.people: dict[str, Viewer] = {}
        for who, role in (("clerk", "agent"), ("boss", "manager"), ("other", "deputy")):
            person = add_staff(username=who, name=f"示例{who}", by="system", now=EVENING)
            assign_role(person, HOUSE, role, None, by="system", now=EVENING)
            self.people[who] = viewer(person)
        clause = book.clause("WARN-18")
        holders = [role_key(HOUSE, "agent")]
        (self.row,) = owe(
            [Owe(book=book, version_id=version.pk, clause=clause, subject=CASE, holders=holders, at=EVENING)]
        )  # type: ignore[arg-type]
        run_until(NINE)

    def ask(self) -> None:
        ask_exemption(self.row.pk, by=self.people["clerk"], why=WHY, at=NINE)

    def states(self) -> list[tuple[str, str]]:
        return list(Obligation.objects.order_by("begins_at").values_list("period", "state"))

    def clocks(self) -> list[str]:
        return list(Clock.objects.order_by("started_at").values_list("state", flat=True))

    def listed(self, who: str) -> tuple[int, int, int]:
        """How many he is to decide or asked for, may ask for, and had lately."""
        him, clauses = self.people[who], {HOUSE: ["WARN-18"]}
        return (
            len(asked_exemptions(him)),
            len(may_be_exempted(him, clauses, NINE)),
            len(exempted(him, NINE - dt.timedelta(days=1))),
        )


def run_until(now: dt.datetime) -> None:
    while fire_due(now):
        pass


def test_it_is_asked_for_granted_and_leaves_the_period() -> None:
    ground = Ground()
    assert [ground.listed(who) for who in ("clerk", "boss", "other")] == [(0, 1, 0), (0, 0, 0), (0, 0, 0)]
    ground.ask()
    assert [ground.listed(who) for who in ("clerk", "boss", "other")] == [(1, 0, 0), (1, 0, 0), (0, 0, 0)]
    [told] = Notice.objects.all()
    assert (told.words["zh"], told.subject_kind) == ("“示例例行”有人申请免办：示例：顾客出国", "exemption")
    assert ground.states() == [("2025-06-11", "owed")]  # it is owed until somebody grants it
    grant_exemption(ground.row.pk, by=ground.people["boss"], at=NINE)
    assert ground.states() == [("2025-06-11", "exempt"), ("2025-06-12", "owed")]
    assert ground.clocks() == ["cancelled", "waiting"]
    assert [ground.listed(who) for who in ("clerk", "boss")] == [(0, 0, 1), (0, 0, 1)]


def test_what_was_granted_is_taken_back_with_the_time_it_had() -> None:
    ground = Ground()
    ground.ask()
    grant_exemption(ground.row.pk, by=ground.people["boss"], at=NINE)
    revoke_exemption(ground.row.pk, by=ground.people["boss"].principal, at=at("06-11 10:00"))
    assert ground.states() == [("2025-06-11", "owed")]
    assert ground.clocks() == ["running"]
    assert (count_facts("duty.exempted"), count_facts("duty.restored")) == (1, 1)
    settle(CASE, book_of(ground.row.version_id), "action.daily_report", at("06-11 11:00"), "staff:5")
    assert ground.states() == [("2025-06-11", "met"), ("2025-06-12", "owed")]


def test_what_was_taken_back_is_missed_when_its_time_is_over() -> None:
    ground = Ground()
    ground.ask()
    grant_exemption(ground.row.pk, by=ground.people["boss"], at=NINE)
    revoke_exemption(ground.row.pk, by=ground.people["boss"].principal, at=at("06-11 10:00"))
    run_until(at("06-12 00:01"))
    assert ground.states() == [("2025-06-11", "missed"), ("2025-06-12", "owed")]


def test_nobody_else_takes_it_back_nor_when_the_period_is_over() -> None:
    ground = Ground()
    ground.ask()
    grant_exemption(ground.row.pk, by=ground.people["boss"], at=NINE)
    for who, when in (("clerk", NINE), ("other", NINE), ("boss", at("06-12 00:00"))):
        with pytest.raises(ExemptionRefused):
            revoke_exemption(ground.row.pk, by=ground.people[who].principal, at=when)
    assert ground.states()[0] == ("2025-06-11", "exempt")


def test_declining_needs_a_reason_and_it_may_be_asked_for_anew() -> None:
    ground = Ground()
    ground.ask()
    with pytest.raises(ExemptionRefused, match="already"):
        ground.ask()
    with pytest.raises(ExemptionRefused, match="why"):
        decline_exemption(ground.row.pk, by=ground.people["boss"], words=" ", at=NINE)
    decline_exemption(ground.row.pk, by=ground.people["boss"], words="示例：仍要联系", at=NINE)
    assert ground.listed("clerk") == (0, 1, 0)
    ground.ask()
    decline_exemption(ground.row.pk, by=ground.people["clerk"], words="", at=NINE)  # withdrawn
    assert ground.listed("boss") == (0, 0, 0)


@pytest.mark.parametrize("who", ["clerk", "other"])
def test_only_whom_the_clause_names_grants_it(who: str) -> None:
    ground = Ground()
    ground.ask()
    with pytest.raises(ExemptionRefused):
        grant_exemption(ground.row.pk, by=ground.people[who], at=NINE)
    assert ground.states() == [("2025-06-11", "owed")]


def test_only_whoever_holds_it_asks() -> None:
    ground = Ground()
    with pytest.raises(ExemptionRefused, match="holds"):
        ask_exemption(ground.row.pk, by=ground.people["other"], why=WHY, at=NINE)


def test_a_clause_without_exemption_allows_none() -> None:
    ground = Ground(exempt=None)
    with pytest.raises(ExemptionRefused, match="WARN-18 allows no exemption"):
        ground.ask()


def test_the_condition_of_the_clause_must_hold() -> None:
    ground = Ground(exempt={"approved_by": ["manager"], "when": {"customer_declined": True}})
    with pytest.raises(ExemptionRefused, match="WARN-18"):
        ground.ask()
