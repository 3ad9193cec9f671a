"""Writing the archive of customers. One person is found again by his phone number or e-mail address."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from zhike.customers.events import ContactAdded, CustomerAdded, CustomerNamed
from zhike.customers.models import ContactPoint, Customer
from zhike.customers.naming import NAME_LENGTH, name_key
from zhike.customers.queries import normalise_email, normalise_phone
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.journal.statements import insert, row, rows
from zhike.lib.text import clean_line
from zhike.org.principals import SYSTEM

CLAIM = """
INSERT INTO customers_contactpoint (customer_id, kind, value, created_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (kind, value) DO NOTHING
"""
"""A contact point belongs to whoever commits first; the loser waits for that commit and then reads whose it is."""


class NoContact(ValueError):
    """Neither a phone number nor an e-mail address that could be read; `words` says what to do."""

    words = Text(
        zh="请填写能联系到顾客的手机号或邮箱。",
        en="Write a phone number or e-mail address the customer can be reached at.",
    )


def find_or_add_customer(
    *,
    phone: str = "",
    name: str = "",
    email: str = "",
    now: dt.datetime,
    by: str = SYSTEM,
    is_sample: bool = False,
) -> Customer:
    """The customer with this phone number, else with this e-mail address, else a new one. The phone number counts more.

    A contact point nobody has yet is added to him; one that is somebody else's stays there. A customer without a name
    gets this one, a known name is never overwritten. However many ask at once, one number is one customer. Raises
    NoContact.
    """
    wanted = {
        kind: value for kind, value in (("phone", normalise_phone(phone)), ("email", normalise_email(email))) if value
    }
    if not wanted:
        raise NoContact
    name = clean_line(name)[:NAME_LENGTH]
    with transaction.atomic(savepoint=False):
        points = rows(ContactPoint, "WHERE value = ANY(%s)", [list(wanted.values())])
        had = {point.kind: point.customer_id for point in points if wanted.get(point.kind) == point.value}
        customer = row(Customer, "WHERE id = %s", [had.get("phone") or had.get("email")]) if had else None
        if customer is None:
            customer = _add(wanted, name, now, by, is_sample)
            had[next(iter(wanted))] = customer.pk
        _add_contacts(customer, {kind: value for kind, value in wanted.items() if kind not in had}, now, by)
        if name and not customer.name:
            _name(customer, name, now, by)
    return customer


def rename_customer(customer: Customer, name: str, *, by: str, now: dt.datetime) -> None:
    """Correct a customer's name."""
    cleaned = clean_line(name)[:NAME_LENGTH]
    with transaction.atomic():
        changed = (
            Customer.objects.filter(pk=customer.pk)
            .exclude(name=cleaned)
            .update(name=cleaned, name_key=name_key(cleaned))
        )
        customer.name = cleaned
        if changed:
            tell_of(customer, [CustomerNamed(by_hand=True)], now, by)


def _add(wanted: dict[str, str], name: str, now: dt.datetime, by: str, is_sample: bool) -> Customer:
    """A new customer who has the first contact point, or whoever else got it in the meantime."""
    customer = insert(Customer(name=name, name_key=name_key(name), created_at=now, is_sample=is_sample))
    kind, value = next(iter(wanted.items()))
    if claim_contact(customer, kind, value, now):
        tell_of(customer, [CustomerAdded(kind=kind)], now, by)
        return customer
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM customers_customer WHERE id = %s", [customer.pk])
    return ContactPoint.objects.select_related("customer").get(kind=kind, value=value).customer


def _add_contacts(customer: Customer, wanted: dict[str, str], now: dt.datetime, by: str) -> None:
    """Make those his that nobody has."""
    added = [kind for kind, value in wanted.items() if claim_contact(customer, kind, value, now)]
    tell_of(customer, [ContactAdded(kind=kind) for kind in added], now, by)


def claim_contact(customer: Customer, kind: str, value: str, now: dt.datetime) -> bool:
    """Make a normalised contact point his; False when it is somebody's already."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [customer.pk, kind, value, now])
        return bool(cursor.rowcount == 1)


def _name(customer: Customer, name: str, now: dt.datetime, by: str) -> None:
    if Customer.objects.filter(pk=customer.pk, name="").update(name=name, name_key=name_key(name)):
        customer.name = name
        tell_of(customer, [CustomerNamed()], now, by)
    else:
        customer.refresh_from_db(fields=["name"])


def tell_of(customer: Customer, events: list[Event], now: dt.datetime, by: str) -> None:
    """Write down what happened to one customer."""
    record([NewFact(event, at=now, subject=("customer", customer.pk), actor=by) for event in events])
