"""The archive as a population: every customer who was not merged into another, with what the department keeps of him as facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from zhike.customers.cards import card_record
from zhike.customers.models import Customer, CustomerCard
from zhike.duties.populations import Member, keeps_population
from zhike.handbook.book import Book
from zhike.org.principals import staff_key
from zhike.records.facts import facts_of as typed_facts

OWNER = "owner"
"""The field of the department's own card that names whose customer he is."""


@keeps_population("customer", "member", kind="customer")
def customers(book: Book, now: dt.datetime, ids: Sequence[int] | None) -> Iterable[Member]:
    """`customer.tier`, `customer.kind`, `customer.tags`, `customer.known_days`, and the fields of the handbook's own card by name, as
    `<record>.<field>` and as `customer.<field>`; its field `owner` says whose he is. Two queries.
    """
    record = card_record(book)
    kept = CustomerCard.objects.filter(handbook=book.name)
    cards = dict((kept if ids is None else kept.filter(customer_id__in=ids)).values_list("customer_id", "values"))
    found = Customer.objects.filter(merged_into=None)
    rows = (found if ids is None else found.filter(pk__in=ids)).order_by("id")
    for number, name, tier, kind, tags, since in rows.values_list("id", "name", "tier", "kind", "tags", "created_at"):
        own = typed_facts(record, cards.get(number, {})) if record else {}
        facts = {
            **own, **({f"{record.id}.{field}": value for field, value in own.items()} if record else {}),
            **{f"customer.{field}": value for field, value in own.items()},
            "customer.tier": tier or None, "customer.kind": kind, "customer.tags": tags, "customer.known_days": (now - since).days,
        }  # fmt: skip
        owner = own.get(OWNER)
        yield Member(
            number,
            name or f"#{number}",
            facts,
            "",
            owner if isinstance(owner, str) else staff_key(owner) if owner else "",
        )
