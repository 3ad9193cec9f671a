"""The customer beside the case: who it is, how to reach him, what else he had with us."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import get_language

from zhike.cases.links import Around, around
from zhike.cases.models import Case
from zhike.customers.unmasking import PURPOSES, unmask
from zhike.handbook.common import Text
from zhike.lib import phone
from zhike.org.principals import Viewer
from zhike.web.case_page.ties import stage_of, title_of


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


def customer_card(case: Case, found: Around, *, unmasked: bool = False) -> CustomerCard | None:
    """Name, phones and the latest other cases among what the viewer found around this one; None where it has no customer."""
    customer = case.customer
    if customer is None:
        return None
    shown = phone.display if unmasked else (lambda value, _: phone.mask(value))
    return CustomerCard(
        name=customer.name,
        phones=[(shown(number, get_language() or "zh"), phone.city(number)) for number in found.phones],
        masked=not unmasked,
        earlier=[Earlier(each.number, title_of(each), stage_of(each), each.opened_at) for each in found.of_customer],
        purposes=[] if unmasked or not found.phones else list(PURPOSES.items()),
    )


def show_phone(case: Case, viewer: Viewer, now: dt.datetime, purpose: str, words: str) -> CustomerCard | None:
    """The card with the numbers in full, by the archive's own way behind a mask. Raises CustomerRefused without a purpose and words."""
    if case.customer is not None:
        unmask(case.customer, "phone", purpose=purpose, words=words, by=viewer, now=now)
    return customer_card(case, around(case, viewer), unmasked=True)
