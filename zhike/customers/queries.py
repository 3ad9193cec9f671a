"""Finding customers, and what was heard from one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Reverse

from zhike.customers.identifiers import by_identifier
from zhike.customers.labelled import few_with
from zhike.customers.models import ContactPoint, Customer
from zhike.journal.models import Fact
from zhike.journal.statements import rows
from zhike.lib import phone
from zhike.lib.text import clean_line, narrow

PAGE = 20
TIMELINE = 100
LAST_DIGITS = 4
"""So many digits find a number by its end; fewer would find too many."""
LONGEST_EMAIL = 120


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach a customer; `id` is its row's. `masked` is for lists; `value` only for those with the right, who log that they
    looked."""

    kind: str
    value: str
    masked: str
    city: str = ""
    id: int = 0


def normalise_phone(raw: str) -> str:
    """The stored form of a number, "" for text that is none."""
    try:
        return phone.normalise(raw)
    except phone.NotAPhone:
        return ""


def normalise_email(raw: str) -> str:
    """Lower case without blanks, "" for text that is no address."""
    address = clean_line(raw[:254]).lower()
    return (
        address
        if len(address) <= LONGEST_EMAIL and re.fullmatch(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+", address)
        else ""
    )


def by_contact(raw: str) -> Customer | None:
    """The customer with this phone number or e-mail address, however it is written."""
    values = [value for value in (normalise_phone(raw), normalise_email(raw)) if value]
    point = ContactPoint.objects.select_related("customer").filter(value__in=values).first() if values else None
    return point.customer if point else None


def search(text: str, *, limit: int = PAGE) -> list[Customer]:
    """Customers by the beginning of a name or number, or by the last digits of a number (four or more), newest first.

    Their contact points come along. Two queries.
    """
    words = clean_line(text[:100])
    if not words:
        return []
    found = Customer.objects.filter(matches(words), merged_into=None).order_by("-pk")
    return list(found.prefetch_related(Prefetch("contact_points", ContactPoint.objects.order_by("pk")))[:limit])


def matches(words: str) -> Q:
    """What a search for these words asks of the archive: an identity number, a number, an address or a name."""
    if (owner := by_identifier(words)) is not None:
        return Q(pk=owner.pk)
    digits = re.sub(r"[\s\-+()]", "", narrow(words))
    if digits.isascii() and digits.isdigit():
        return Q(pk__in=_owners_of(digits))
    if not words.isascii() or "%" in words:
        return Q(name__istartswith=words)
    # A name in Latin letters or an address. One union, not an OR: each half goes by its own index.
    emails = ContactPoint.objects.filter(kind="email", value__startswith=words.lower()).values("customer_id")
    names = Customer.objects.filter(name__istartswith=words).values("pk")
    return Q(pk__in=names.union(emails))


def _owners_of(digits: str) -> QuerySet[ContactPoint, Any]:
    """Whose numbers begin with these digits, with or without a country code, or end with them.

    Few digits begin many numbers: one condition lets the newest customers be tried one after the other. More digits are
    rare: one union, not an OR, so that each part goes by its own index.
    """
    points = ContactPoint.objects.filter(kind="phone")
    begins = [f"+{digits}", *([f"+86{home}"] if (home := digits.lstrip("0")) else [])]
    if len(digits) < LAST_DIGITS:
        return points.filter(reduce(or_, (Q(value__startswith=each) for each in begins))).values("customer_id")
    ends = points.alias(turned=Reverse("value")).filter(turned__startswith=digits[::-1])
    first, *others = (points.filter(value__startswith=each).values("customer_id") for each in begins)
    return first.union(*others, ends.values("customer_id"), all=True)


def contacts_of(customer: Customer) -> list[Contact]:
    """How a customer is reached, the oldest first."""
    return contacts_in(_points(customer))


def contacts_in(points: Iterable[ContactPoint]) -> list[Contact]:
    """The same of contact points that were read already, in their order."""
    return [
        Contact(point.kind, point.value, masked(point.kind, point.value), phone.city(point.value), point.pk)
        for point in points
    ]


def _points(customer: Customer) -> list[ContactPoint]:
    """Those that came with him, else asked for."""
    if "contact_points" in getattr(customer, "_prefetched_objects_cache", ()):
        return sorted(customer.contact_points.all(), key=lambda point: point.pk)
    return rows(ContactPoint, "WHERE customer_id = %s ORDER BY id", [customer.pk])


def masked(kind: str, value: str) -> str:
    """138****8000, w***@example.com"""
    if kind == "phone":
        return phone.mask(value)
    user, at, domain = value.partition("@")
    return f"{user[:1]}***{at}{domain}"


def timeline(customer_id: int, *, before: int | None = None, limit: int = TIMELINE) -> QuerySet[Fact]:
    """Facts about the customer himself or done by him, newest first; `before` is the id of the last fact of the page
    before.

    Facts of his cases are found through the cases, whose gate decides what a viewer may see.
    """
    about = Q(subject_kind="customer", subject_id=customer_id)
    found = Fact.objects.filter(about) if before is None else Fact.objects.filter(about, pk__lt=before)
    return found.order_by("-pk")[:limit]


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter of the list; empty fields ask nothing."""

    q: str = ""
    kind: str = ""
    tier: str = ""
    tag: str = ""
    own: tuple[tuple[str, str], ...] = ()
    """("handbook.field", value) of fields of handbooks' own, as `own_filter` reads them; all of them hold."""

    @property
    def labels(self) -> list[str]:
        """The same as `Customer.kept` holds them."""
        return [f"{key}={value}" for key, value in self.own]


def filtered(customers: QuerySet[Customer], asked: Asked, *, before: int | None = None) -> QuerySet[Customer]:
    """`customers` as asked for, the newest first; `before` is the id of the last one of the page before."""
    words = clean_line(asked.q[:100])
    found = customers.filter(matches(words)) if words else customers
    if not words and (asked.tag or asked.tier or asked.own):
        few = few_with(asked.kind, asked.tier, asked.tag, before, asked.labels)
        found = found.filter(few) if few else found
    if asked.kind:
        found = found.filter(kind=asked.kind)
    if asked.tier:
        found = found.filter(tier=asked.tier)
    if asked.tag:
        found = found.filter(tags__contains=[asked.tag])
    if asked.own:
        found = found.filter(kept__contains=asked.labels)
    if before is not None:
        found = found.filter(pk__lt=before)
    return found.order_by("-pk")
