"""What departments keep of a customer beside the archive's own fields: the record of kind `customer` of each handbook in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from zhike.customers.actions import tell_of
from zhike.customers.events import CardKept
from zhike.customers.models import Customer, CustomerCard
from zhike.customers.profile import StaleCustomer
from zhike.handbook.book import Book
from zhike.handbook.structure import Record
from zhike.org.handbooks import book_of, in_force
from zhike.records.forms import check_form
from zhike.records.locks import as_principal, for_others, written_once
from zhike.records.values import Lock


@dataclass(frozen=True, slots=True)
class Card:
    """One handbook's fields, and what is kept under them; `version` is 0 where nothing was kept yet."""

    book: Book
    record: Record
    values: Mapping[str, Any]
    version: int = 0


def cards_of(customer: Customer, now: dt.datetime) -> list[Card]:
    """A card for each handbook in force that has such a record, by the handbook's name. Two queries."""
    asked = [(book, record) for book in map(book_of, (v.pk for v in in_force(now))) if (record := card_record(book))]
    kept = {row.handbook: row for row in customer.cards.all()} if asked else {}
    return [
        Card(book, record, kept[book.name].values, kept[book.name].version)
        if book.name in kept
        else Card(book, record, {})
        for book, record in asked
    ]


def card_record(book: Book) -> Record | None:
    """The record a handbook keeps of every customer, None where it keeps none."""
    return next((record for record in book.handbook.records if record.kind == "customer"), None)


def locks_on(book: Book, record: Record, kept: Mapping[str, Any], by: str) -> dict[str, Lock]:
    """The fields of a card that stay as they stand whoever of these keeps it: others fill them, or they are written once."""
    return for_others(book, record.id, kept, as_principal(book, by)) | written_once(book, record.id, kept, {})


def keep_card(
    customer: Customer, card: Card, values: Mapping[str, Any], *, by: str, now: dt.datetime, version: int | None = None
) -> None:
    """Keep what was filled in. `version`: the one the page was read at; None skips the check.

    Raises records.forms.FormRefused with all errors at once, StaleCustomer.
    """
    kept = check_form(
        card.book, card.record.id, values, facts={}, now=now, actor=by, locks=locks_on(card.book, card.record, card.values, by)
    )  # fmt: skip
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        row = CustomerCard.objects.filter(customer=customer, handbook=card.book.name).first()
        before = row.values if row else {}
        if version is not None and version != (row.version if row else 0):
            raise StaleCustomer
        changed = sorted(name for name in {*before, *kept} if before.get(name) != kept.get(name))
        if not changed:
            return
        fresh = {"values": kept, "updated_at": now, "updated_by": by}
        if row is None:
            CustomerCard.objects.create(customer=customer, handbook=card.book.name, **fresh)
        else:
            CustomerCard.objects.filter(pk=row.pk).update(**fresh, version=row.version + 1)
        tell_of(customer, [CardKept(handbook=card.book.name, fields=changed)], now, by)
