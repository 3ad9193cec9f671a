"""Fields a handbook keeps of customers: on the page, checked as forms are, held against a second hand, moved by a merge and back."""

from __future__ import annotations

import pytest
from django.test import Client

from zhike.customers.actions import find_or_add_customer
from zhike.customers.merging import last_merge, merge_customers, undo_merge
from zhike.customers.models import Customer, CustomerCard
from zhike.journal.models import Fact
from zhike.web.tests.world import World


@pytest.fixture
def customer(world: World) -> Customer:
    found = world.ticket().customer
    assert found is not None
    return found


@pytest.fixture
def chief(world: World) -> Client:
    return world.signed_in("supervisor")


def address(customer: Customer) -> str:
    return f"/customers/{customer.pk}/card/retail-hotline"


def keep(customer: Customer, **values: str) -> CustomerCard:
    return CustomerCard.objects.create(
        customer=customer, handbook="retail-hotline", values=values, updated_at=customer.created_at, updated_by="system"
    )


def test_what_was_filled_in_stands_on_the_page_in_words(world: World, chief: Client, customer: Customer) -> None:
    assert "还没有填写" in chief.get(f"/customers/{customer.pk}").content.decode()
    sent = {
        "best_time": "evening",
        "usual_store": world.departments["store-1"].pk,
        "hint": "示例：请说慢一点",
        "version": "0",
    }
    assert chief.post(address(customer), sent).status_code == 302
    page = chief.get(f"/customers/{customer.pk}").content.decode()
    assert [words in page for words in ("联系习惯", "晚上", "示例store-1", "示例：请说慢一点")] == [True] * 4
    fact = Fact.objects.get(type="customer.card_kept")
    assert fact.payload == {"handbook": "retail-hotline", "fields": ["best_time", "hint", "usual_store"]}


def test_what_is_wrong_is_said_at_the_field_and_nothing_is_kept(chief: Client, customer: Customer) -> None:
    answer = chief.post(address(customer), {"best_time": "midnight", "hint": "字" * 501, "version": "0"})
    assert answer.status_code == 422
    assert [field.name for field in answer.context["fields"] if field.errors] == ["best_time", "hint"]
    assert not CustomerCard.objects.exists()


def test_two_people_at_once_do_not_overwrite_each_other(chief: Client, customer: Customer) -> None:
    assert chief.post(address(customer), {"hint": "示例：先到", "version": "0"}).status_code == 302
    late = chief.post(address(customer), {"hint": "示例：后到", "version": "0"})
    assert late.status_code == 409
    assert "示例：后到" in late.content.decode()
    assert customer.cards.get().values == {"hint": "示例：先到"}
    assert chief.post(address(customer), {"hint": "示例：后到", "version": "1"}).status_code == 302
    assert (customer.cards.get().values, customer.cards.get().version) == ({"hint": "示例：后到"}, 2)


def test_saving_without_a_change_writes_nothing(chief: Client, customer: Customer) -> None:
    chief.post(address(customer), {"hint": "示例", "version": "0"})
    chief.post(address(customer), {"hint": "示例", "version": "1"})
    assert Fact.objects.filter(type="customer.card_kept").count() == 1


def test_a_handbook_without_such_fields_and_who_may_not_see_customers_find_nothing(
    world: World, chief: Client, customer: Customer
) -> None:
    assert chief.get(f"/customers/{customer.pk}/card/unknown").status_code == 404
    assert world.signed_in("manager1").post(address(customer), {"hint": "x"}).status_code in (403, 404)
    assert not CustomerCard.objects.exists()


def test_a_merge_takes_them_along_where_there_are_none_and_gives_them_back(world: World, customer: Customer) -> None:
    second = find_or_add_customer(phone="13900000202", name="示例乙", now=world.now, by="system")
    card = keep(second, hint="示例：乙")
    fact = merge_customers(customer, second, by="system", now=world.now)
    assert customer.cards.get() == card
    assert last_merge(customer) is not None
    undo_merge(customer, fact, by="system", now=world.now)
    assert (customer.cards.count(), second.cards.get()) == (0, card)


def test_of_two_cards_the_one_that_stays_is_the_customers_own(world: World, customer: Customer) -> None:
    second = find_or_add_customer(phone="13900000202", name="示例乙", now=world.now, by="system")
    mine, other = keep(customer, hint="示例：甲"), keep(second, hint="示例：乙")
    merge_customers(customer, second, by="system", now=world.now)
    assert (list(customer.cards.all()), list(second.cards.all())) == ([mine], [other])
