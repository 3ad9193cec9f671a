"""Whom a case should go to: what a route clause that yields an agent says of an action that names its owner.

Proposed with its reason, never decided: whoever acts may name somebody else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from zhike.cases.facts import facts_of
from zhike.cases.models import Case
from zhike.handbook.book import Book
from zhike.handbook.clauses import Route
from zhike.handbook.common import Text
from zhike.handbook.decide import matching
from zhike.handbook.routing import Candidate, Contact, choose
from zhike.handbook.structure import Action
from zhike.org.models import Assignment
from zhike.org.principals import staff_key
from zhike.org.substitution import substitutes_at

AWAY = Text(zh="不在，有人代理", en="away, somebody stands in")
ENDLESS = 10**9
"""How many cases one person may have: no clause limits it here."""


@dataclass(frozen=True, slots=True)
class Proposal:
    field: str
    """The field of the action's form that names the owner."""
    staff: int
    clause: str
    because: Text


def proposed_owner(
    book: Book, process: str, action: Action, *, case: Case | None, customer: int | None, now: dt.datetime
) -> Proposal | None:
    """Who the clause chooses among those who hold its roles: `last_agent` had the customer's latest other case of the process,
    `least_loaded` has the fewest open ones of it. None where no clause asks. Four queries where one does.
    """
    clause = _asked(book, process, action, case)
    if clause is None or action.owner_from is None:
        return None
    people = _people(book, process, clause, now)
    last = _last_owner(book, process, case, customer, people)
    facts = (facts_of(case, book) if case else {}) | {"last_agent": last}
    chosen = choose(clause, people, Contact(now, facts)).candidate
    if chosen is None:
        return None
    return Proposal(action.owner_from, int(chosen.key.partition(":")[2]), clause.id, _because(clause, chosen, last))


def _asked(book: Book, process: str, action: Action, case: Case | None) -> Route | None:
    event = f"action.{action.id}"
    if not any(getattr(each, "yields", "") == "agent" for each in book.speaking_of("route", process, event)):
        return None
    facts = facts_of(case, book) if case else {}
    found = matching(book, "route", facts, on=event, process=process, yields="agent")
    return next((clause for clause in found if isinstance(clause, Route)), None)


def _last_owner(
    book: Book, process: str, case: Case | None, customer: int | None, people: Sequence[Candidate]
) -> str | None:
    """Which of them had the customer's latest other case of this process; one that others still have in hand says nothing."""
    if customer is None:
        return None
    those = [int(one.key.partition(":")[2]) for one in people]
    earlier = Case.objects.filter(customer=customer, handbook=book.name, process=process, owner__in=those)
    found = earlier.exclude(pk=case.pk if case else 0).order_by("-opened_at", "-id").values_list("owner", flat=True)
    return next((staff_key(owner) for owner in found[:1]), None)


def _people(book: Book, process: str, clause: Route, now: dt.datetime) -> list[Candidate]:
    """Those who hold one of the clause's roles and work here, by name; who is away is passed over."""
    held = Assignment.objects.filter(handbook=book.name, role__in=clause.to, staff__is_active=True)
    people = dict(held.order_by("staff__name", "staff").values_list("staff", "staff__name"))
    cases = Case.objects.filter(owner__in=people, status=Case.Status.OPEN, handbook=book.name, process=process)
    busy = dict(cases.values_list("owner").annotate(n=Count("id")))
    away = substitutes_at(people, now)
    return [
        Candidate(
            staff_key(number),
            name,
            in_hand=busy.get(number, 0),
            capacity=ENDLESS,
            hindrance=AWAY if number in away else None,
        )
        for number, name in people.items()
    ]


def _because(clause: Route, chosen: Candidate, last: str | None) -> Text:
    if clause.strategy == "last_agent" and chosen.key == last:
        return Text(zh="这位顾客上一件由他承办", en="had this customer's last one")
    n = chosen.in_hand
    return Text(zh=f"手里 {n} 件，最少", en=f"has {n} in hand, the fewest")
