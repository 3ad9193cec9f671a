"""Who no longer sees a case does nothing with it, whatever role he holds and whatever he did with it before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.world import COMPLAINT, Cast, at
from zhike.cases.actions import hand_over_case, open_case
from zhike.cases.allowed import _near, may_hand_over, may_own, may_steer
from zhike.cases.links import link_cases, unlink_cases
from zhike.cases.merging import merge_cases, undo_merge
from zhike.cases.models import Case, Link
from zhike.cases.queries import entries, filtered, mine
from zhike.cases.refusals import NotFound, NotYours
from zhike.cases.sanctions import _why_not
from zhike.cases.splitting import Into, _check
from zhike.handbook import library
from zhike.handbook.load import load
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer, staff_key

NINE = at("2025-06-10 09:00")


def hidden(case: Case) -> Case:
    """The same case, seen by nobody any more; who holds it stays."""
    Case.objects.filter(pk=case.pk).update(audience=[])
    return Case.objects.get(pk=case.pk)


def test_a_case_out_of_sight_is_neither_handed_over_nor_steered(people: Cast) -> None:
    case = people.ticket(NINE)
    book = book_of(case.handbook_version_id)
    assert may_hand_over(case, book, people.agent)
    assert may_steer(case, book, people.agent)
    case = hidden(case)
    assert not may_hand_over(case, book, people.agent)
    assert not may_steer(case, book, people.agent)
    with pytest.raises(NotYours):
        hand_over_case(case.pk, to=people.staff["agent"], by=people.agent, now=NINE)


def test_only_who_holds_the_owners_role_may_own(people: Cast) -> None:
    case = people.ticket(NINE)
    book = book_of(case.handbook_version_id)
    assert may_own(case, book, people.agent)
    assert not may_own(case, book, people.manager)


def test_a_link_to_a_case_out_of_sight_is_not_there(people: Cast) -> None:
    for end in ("case", "other"):
        one, two = people.ticket(NINE), people.ticket(NINE)
        link = link_cases(one, two, "related", by=people.agent, now=NINE)
        hidden(getattr(link, end))
        with pytest.raises(NotFound):
            unlink_cases(two if end == "case" else one, link.pk, by=people.agent, now=NINE)
        assert Link.objects.filter(pk=link.pk).exists()


def test_a_merge_is_not_undone_by_whoever_no_longer_sees_the_duplicate(people: Cast) -> None:
    leading, dropped = people.ticket(NINE), people.ticket(NINE)
    merge_cases(dropped.pk, leading.pk, by=people.agent, now=NINE)
    hidden(dropped)
    with pytest.raises(NotYours):
        undo_merge(dropped.pk, by=people.agent, now=NINE)


def test_a_case_is_split_by_whose_turn_it_is(people: Cast) -> None:
    case = people.ticket(NINE)
    Case.objects.filter(pk=case.pk).update(holders=[], owner=None)
    case = Case.objects.get(pk=case.pk)
    into = Into(people.version, "service_ticket", "register", {})
    assert people.agent.holds(case.audience)
    assert ("service_ticket", "register") in {(p, a.id) for _, p, a in entries(people.agent, [people.version])}
    with pytest.raises(NotYours):
        _check(case, into, people.agent, NINE)


def test_lists_of_what_is_mine_hold_only_what_is_mine_and_seen(people: Cast) -> None:
    case, other, theirs = people.ticket(NINE), people.ticket(NINE), people.ticket(NINE)
    Case.objects.filter(pk=theirs.pk).update(holders=[staff_key(people.staff["supervisor"].pk)])
    assert set(filtered(people.agent, {"mine": True})) == {case, other}
    hidden(other)
    assert set(filtered(people.agent, {"mine": True})) == {case}
    assert other not in mine(people.agent)


def test_opening_takes_the_role(people: Cast) -> None:
    values = {**COMPLAINT, "store": people.place["store-1"].pk}
    for who in ("manager", "outsider", "deputy"):
        with pytest.raises(NotYours):
            open_case(people.version, "service_ticket", "register", values, by=people.viewers[who], now=NINE)
    assert not Case.objects.exists()


def test_a_partner_names_no_case_he_does_not_see(people: Cast) -> None:
    case, other = people.ticket(NINE), people.ticket(NINE)
    hidden(other)
    empty: dict[str, set[Any]] = {"department": set(), "staff": set()}
    near = _near(people.agent, {**empty, "case": {case.number, other.number}})
    assert near["case"] == {case.number}


def test_a_sanction_is_decided_by_whom_the_clause_names(people: Cast) -> None:
    """Asked without a whole case of the franchise: the draft names the roles, the handbook where they are held."""
    book = load(library.find("repair-franchise"))
    clause = book.clauses("sanction")[0]
    role = "cs_manager"
    draft = SimpleNamespace(payload={"person": "staff:1", "confirmers": [role]})

    def asked(keys: set[str]) -> Any:
        viewer = Viewer("staff:2", frozenset({"staff:2", *keys}))
        case = SimpleNamespace(department=None, owner_id=None, department_id=None, owner_role="")
        deed = SimpleNamespace(book=book, case=case, viewer=viewer, persons=[])
        return _why_not(deed, clause.id, {clause.id: draft})  # type: ignore[arg-type]

    assert asked(set()) is not None
    assert asked({f"repair-franchise:{role}"}) is None
