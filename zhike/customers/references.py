"""How a form finds and names a customer."""

from __future__ import annotations

from zhike.customers.models import Customer
from zhike.customers.queries import by_contact
from zhike.handbook.book import Book
from zhike.handbook.structure import FieldDef
from zhike.records.references import Reference, as_id, register_reference


def find(book: Book, field: FieldDef, sent: str) -> int | None:  # noqa: ARG001 - every kind of reference is asked alike
    """By id, principal (`customer:9`), or a phone number or e-mail address of his."""
    number = as_id(sent.removeprefix("customer:"))
    known = Customer.objects.filter(pk=number).first() if number else None
    if known is not None:
        return known.merged_into_id or known.pk
    customer = by_contact(sent)
    return customer.pk if customer else None


# Whoever left no name is called by his number.
TITLES = "SELECT id, coalesce(nullif(name, ''), '#' || id) FROM customers_customer WHERE id = ANY(%s::bigint[])"

register_reference("customer", Reference(find, TITLES))
