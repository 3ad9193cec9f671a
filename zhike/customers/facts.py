"""What is kept of a customer as facts for clauses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhike.customers.cards import card_record
from zhike.customers.models import Customer
from zhike.handbook.book import Book
from zhike.handbook.named import asks_for
from zhike.records.facts import facts_of as typed_facts

Facts = dict[str, Any]


def facts_of(customer: Customer, book: Book) -> Facts:
    """`customer.tier`, and `customer.<field>` of the record this handbook keeps of customers, as it stands now.

    The card is read (one query, none where `cards` was prefetched) only where the handbook names one of its fields.
    """
    facts: Facts = {"customer.tier": customer.tier or None}
    record = card_record(book)
    if record is not None and asks_for(book, *(f"customer.{field.id}" for field in record.fields)):
        values: Mapping[str, Any] = next(
            (card.values for card in customer.cards.all() if card.handbook == book.name), {}
        )
        facts |= {f"customer.{name}": value for name, value in typed_facts(record, values).items()}
    return facts


def asks_for_customers(book: Book) -> bool:
    """Whether a clause of the handbook asks about the customer at all."""
    return asks_for(book, "customer.")
