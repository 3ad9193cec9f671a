"""The customer beside the case: who it is, how to reach him, what else he had with us."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import get_language

from zhike.cases.models import Case
from zhike.cases.queries import other_cases
from zhike.cases.titles import title_in
from zhike.customers.models import ContactPoint
from zhike.customers.unmasking import PURPOSES, unmask
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.journal.statements import rows
from zhike.lib import phone
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.web.case_page.page import say

EARLIER = 5


@dataclass(frozen=True, slots=True)
class Earlier:
    number: str
    title: str
    stage: str
    opened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class CustomerCard:
    name: str
    phones: list[tuple[str, str]]
    """(number, city where a mobile number was issued)."""
    masked: bool
    earlier: list[Earlier]
    purposes: list[tuple[str, Text]]
    """What one may need a number for; none where nothing is masked."""


def customer_card(case: Case, viewer: Viewer, *, unmasked: bool = False) -> CustomerCard | None:
    """Name, phones and the latest other cases this viewer may see; None where the case has no customer. Two queries."""
    customer = case.customer
    if customer is None:
        return None
    points = rows(ContactPoint, "WHERE customer_id = %s AND kind = 'phone' ORDER BY id", [customer.pk])
    shown = phone.display if unmasked else (lambda value, _: phone.mask(value))
    return CustomerCard(
        name=customer.name,
        phones=[(shown(point.value, get_language() or "zh"), phone.city(point.value)) for point in points],
        masked=not unmasked,
        earlier=[_earlier(other) for other in other_cases(customer, case, viewer, EARLIER)],
        purposes=[] if unmasked or not points else list(PURPOSES.items()),
    )


def _earlier(case: Case) -> Earlier:
    book: Book = book_of(case.handbook_version_id)
    stage = say(book.stage(case.process, case.stage).title)
    return Earlier(case.number, title_in(case, get_language() or "zh"), stage, case.opened_at)


def show_phone(case: Case, viewer: Viewer, now: dt.datetime, purpose: str, words: str) -> CustomerCard | None:
    """The card with the numbers in full, by the archive's own way behind a mask. Raises CustomerRefused without a purpose and words."""
    if case.customer is not None:
        unmask(case.customer, "phone", purpose=purpose, words=words, by=viewer, now=now)
    return customer_card(case, viewer, unmasked=True)
