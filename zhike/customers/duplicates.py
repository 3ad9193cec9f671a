"""Who might be the same: asked while somebody types, so each look goes by an index and none returns many."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from zhike.customers.identifiers import SORTS, owner_of
from zhike.customers.models import Customer
from zhike.customers.naming import name_key
from zhike.customers.profile import Draft, check
from zhike.handbook.common import Text

MOST = 5


@dataclass(frozen=True, slots=True)
class Hint:
    """A customer who might be the one being typed, and by what."""

    customer: Customer
    because: Text


def duplicates(draft: Draft, *, besides: int = 0) -> list[Hint]:
    """Customers with a contact, a number or the name of the draft; the surest first, five at most."""
    checked = check(draft)
    found: dict[int, Hint] = {}

    def add(customer: Customer | None, zh: str, en: str) -> None:
        if customer is not None and customer.pk != besides:
            found.setdefault(customer.pk, Hint(customer, Text(zh=zh, en=en)))

    for kind, value in checked.identifiers:
        title = SORTS[kind].title
        add(owner_of(kind, value), f"{title.zh}相同", f"same {title.en.lower()}")
    contacts = Q()
    for kind, value in checked.contacts:
        contacts |= Q(contact_points__kind=kind, contact_points__value=value)
    if contacts:
        for customer in Customer.objects.filter(contacts).distinct()[:MOST]:
            add(customer, "联系方式相同", "same phone or e-mail")
    if key := name_key(checked.name):
        for customer in Customer.objects.filter(name_key=key, merged_into=None).order_by("-pk")[: MOST + 1]:
            add(customer, "名称相同", "same name")
    return list(found.values())[:MOST]


def might_be(customer: Customer) -> list[Hint]:
    """Others of the same name as a customer in the archive: candidates for merging."""
    return duplicates(Draft(name=customer.name), besides=customer.pk)
