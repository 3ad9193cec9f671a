"""Whom a case should go to, as a route clause says: proposed with its reason, never decided."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from zhike.cases.actions import open_case, take_action
from zhike.cases.models import Case
from zhike.cases.proposing import proposed_owner
from zhike.cases.tests.test_about_staff import NOON, PARTS, Crew
from zhike.customers.models import Customer
from zhike.handbook.structure import Handbook
from zhike.journal.models import ClauseUse
from zhike.org.handbooks import book_of, viewer
from zhike.org.models import HandbookVersion, Staff
from zhike.org.substitution import arrange_substitution

pytestmark = pytest.mark.django_db
CHOICE: dict[str, Any] = {
    "kind": "route", "id": "CREW-09", "title": {"zh": "示例先派原承办人", "en": "Sample"}, "cites": "1", "quote": "示例", "process": "job",
    "on": "action.give", "yields": "agent", "to": ["worker"], "strategy": "last_agent", "then": ["least_loaded"],
}  # fmt: skip


class Dispatch(Crew):
    def __init__(self, *clauses: dict[str, Any]) -> None:
        super().__init__()
        parts = PARTS | {"clauses": [*PARTS["clauses"], *clauses], "version": "2"}
        source = Handbook.model_validate(parts).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        self.version = HandbookVersion.objects.create(
            name="crew", version="2", effective_from=NOON - dt.timedelta(days=1), source=source, text="", digest="crew2"
        )
        self.book = book_of(self.version.pk)
        self.buyer = Customer.objects.create(name="示例顾客", created_at=NOON)

    def job(self, customer: Customer | None = None, to: Staff | None = None) -> Case:
        case = open_case(self.version, "job", "begin", {"words": "示例"}, by=self.boss, now=NOON)
        Case.objects.filter(pk=case.pk).update(customer=customer)
        if to is not None:
            take_action(case.pk, "give", {"to": to.pk}, by=self.boss, now=NOON)
        return Case.objects.get(pk=case.pk)

    def proposed(self, case: Case) -> tuple[int, str] | None:
        action = self.book.action("job", "give")
        found = proposed_owner(self.book, "job", action, case=case, customer=case.customer_id, now=NOON)
        return (found.staff, found.because.zh) if found else None


def test_who_had_the_customers_last_one_is_proposed_before_whoever_has_least() -> None:
    crew = Dispatch(CHOICE)
    crew.job(crew.buyer, to=crew.yi)
    crew.job(crew.buyer, to=crew.jia)
    crew.job(to=crew.jia)
    assert crew.proposed(crew.job(crew.buyer)) == (crew.jia.pk, "这位顾客上一件由他承办")


def test_without_one_before_whoever_has_the_fewest_open_ones_is_proposed() -> None:
    crew = Dispatch(CHOICE)
    done = crew.job(to=crew.jia)
    crew.job(to=crew.yi)
    take_action(done.pk, "finish", {}, by=viewer(crew.jia), now=NOON)
    assert crew.proposed(crew.job(crew.buyer)) == (crew.jia.pk, "手里 0 件，最少")


def test_who_is_away_is_passed_over() -> None:
    crew = Dispatch(CHOICE)
    crew.job(crew.buyer, to=crew.jia)
    crew.job(to=crew.yi)
    arrange_substitution(
        crew.jia, crew.yi, since=NOON, until=NOON + dt.timedelta(days=1), why="示例", by=viewer(crew.jia), now=NOON
    )
    assert crew.proposed(crew.job(crew.buyer)) == (crew.yi.pk, "手里 1 件，最少")


def test_a_case_that_was_given_to_nobody_yet_does_not_hide_who_had_the_one_before() -> None:
    crew = Dispatch(CHOICE)
    crew.job(crew.buyer, to=crew.yi)
    crew.job(crew.buyer)
    assert crew.proposed(crew.job(crew.buyer)) == (crew.yi.pk, "这位顾客上一件由他承办")


def test_nobody_is_proposed_where_no_clause_asks() -> None:
    crew = Dispatch()
    crew.job(crew.buyer, to=crew.jia)
    assert crew.proposed(crew.job(crew.buyer)) is None


def test_the_deed_names_the_clause_whoever_is_chosen() -> None:
    crew = Dispatch(CHOICE)
    case = crew.job(crew.buyer, to=crew.yi)
    use = ClauseUse.objects.get(clause="CREW-09")
    assert (use.outcome, use.subject_id) == ("applied", case.pk)
