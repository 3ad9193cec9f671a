"""Merging takes everything along, and undoing brings exactly that back."""

import datetime as dt

import pytest

from tests.world import cast
from zhike.cases.models import Case
from zhike.customers.actions import find_or_add_customer
from zhike.customers.consents import give_consent, may_contact
from zhike.customers.merging import last_merge, merge_customers, undo_merge
from zhike.customers.models import Consent, ContactPoint, Customer, Identifier, Relation
from zhike.customers.profile import CustomerRefused, Draft, add_contact, add_customer, relate
from zhike.org.principals import customer_key
from zhike.records.tests.world import NOW

pytestmark = pytest.mark.django_db
RESIDENT, CODE = "11010519491231002X", "91110000600037341L"


def add(**said) -> Customer:
    return add_customer(Draft(**said), by="staff:1", now=NOW)


def merge(kept: Customer, dropped: Customer) -> int:
    return merge_customers(kept, dropped, by="staff:1", now=NOW)


def archive() -> list[list[tuple]]:
    """Everything of every customer, to be compared with itself later; versions count edits and go on."""
    return [
        sorted(Customer.objects.values_list("pk", "name", "name_key", "tier", "remark", "merged_into")),
        sorted((pk, *tags) for pk, tags in Customer.objects.values_list("pk", "tags")),
        sorted(ContactPoint.objects.values_list("pk", "customer", "value")),
        sorted(Identifier.objects.values_list("pk", "customer", "kind")),
        sorted(Consent.objects.values_list("pk", "customer")),
        sorted(
            (*row, str(ended)) for *row, ended in Relation.objects.values_list("pk", "customer", "other", "ended_at")
        ),
        sorted((pk, customer, *held) for pk, customer, held in Case.objects.values_list("pk", "customer", "audience")),
    ]


def two() -> tuple[Customer, Customer]:
    kept = add(phones=("13800138000",), tags=("老客户",), identifiers={"credit_code": CODE})
    dropped = add(
        name="示例王", phones=("13800138001",), emails=("wang@example.com",), tags=("老客户", "企业"), tier="VIP",
        identifiers={"resident_id": RESIDENT},
    )  # fmt: skip
    third = add(name="示例三")
    for customer in (kept, dropped):
        relate(customer, third, "family", by="staff:1", now=NOW)
    relate(kept, dropped, "contact_person", by="staff:1", now=NOW)
    relate(third, dropped, "authorised_agent", by="staff:1", now=NOW)
    give_consent(dropped, "marketing", version="1", channel="phone", by="staff:1", now=NOW)
    return kept, dropped


def test_everything_moves_and_comes_back():
    kept, dropped = two()
    before = archive()
    fact = merge(kept, dropped)
    kept.refresh_from_db()
    assert (kept.name, kept.tier, kept.tags) == ("示例王", "VIP", ["企业", "老客户"])
    assert kept.contact_points.count() == 3
    assert kept.identifiers.count() == 2
    assert may_contact(kept, "marketing", NOW)
    assert Relation.objects.filter(ended_at=None).count() == 2
    assert find_or_add_customer(phone="13800138001", now=NOW) == kept
    assert undo_merge(kept, fact, by="staff:1", now=NOW) == dropped
    assert archive() == before


def test_cases_follow_with_their_customers_right_to_see_them_and_go_back():
    people = cast()
    ticket = people.portal_ticket(NOW)
    dropped = ticket.customer
    kept = add(name="示例留下的")
    before = archive()
    fact = merge(kept, dropped)
    ticket.refresh_from_db()
    assert ticket.customer == kept
    assert customer_key(kept.pk) in ticket.audience
    assert customer_key(dropped.pk) not in ticket.audience
    undo_merge(kept, fact, by="staff:1", now=NOW)
    assert archive() == before


def test_a_case_opened_since_the_merge_stays_with_the_customer_who_stayed():
    people = cast()
    old = people.portal_ticket(NOW)
    kept, dropped = add(name="示例留下的"), old.customer
    fact = merge(kept, dropped)
    new = people.portal_ticket(NOW + dt.timedelta(minutes=5))
    assert new.customer == kept
    undo_merge(kept, fact, by="staff:1", now=NOW)
    assert Case.objects.get(pk=new.pk).customer == kept
    assert Case.objects.get(pk=old.pk).customer == dropped


def test_what_the_one_who_stayed_got_since_is_his():
    kept, dropped = two()
    fact = merge(kept, dropped)
    add_contact(kept, "13800138009", by="staff:1", now=NOW)
    Customer.objects.filter(pk=kept.pk).update(name="示例新名字")
    undo_merge(kept, fact, by="staff:1", now=NOW)
    kept.refresh_from_db()
    assert kept.name == "示例新名字"
    assert sorted(kept.contact_points.values_list("value", flat=True)) == ["+8613800138000", "+8613800138009"]


def test_merges_are_undone_the_last_first_and_once():
    kept, dropped = two()
    third = Customer.objects.get(name="示例三")
    first = merge(kept, dropped)
    second = merge(kept, third)
    with pytest.raises(CustomerRefused):
        undo_merge(kept, first, by="staff:1", now=NOW)
    undo_merge(kept, second, by="staff:1", now=NOW)
    undo_merge(kept, first, by="staff:1", now=NOW)
    with pytest.raises(CustomerRefused):
        undo_merge(kept, first, by="staff:1", now=NOW)
    assert last_merge(kept) is None


def test_one_who_was_merged_is_not_merged_again():
    kept, dropped = two()
    merge(kept, dropped)
    for pair in ((kept, dropped), (dropped, kept), (kept, kept)):
        with pytest.raises(CustomerRefused):
            merge(*pair)


def test_two_with_different_numbers_of_a_kind_are_not_the_same():
    one = add(name="甲", identifiers={"credit_code": CODE})
    other = add(name="乙", identifiers={"credit_code": "91330100799655058B"})
    with pytest.raises(CustomerRefused) as refused:
        merge(one, other)
    assert "统一社会信用代码" in refused.value.problems["other"].zh
