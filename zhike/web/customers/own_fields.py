"""Fields of a handbook's own, as a customer's page shows them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import get_language

from zhike.customers.cards import Card, cards_of
from zhike.customers.models import Customer
from zhike.records.display import display
from zhike.records.references import load_names
from zhike.web.case_page.page import say


@dataclass(frozen=True, slots=True)
class Shown:
    """A card in words: what is filled in, in the order of the handbook."""

    handbook: str
    title: str
    lines: list[tuple[str, str]]


def shown_cards(customer: Customer, now: dt.datetime) -> list[Shown]:
    """The cards as the customer's page shows them."""
    return [_shown(card, now) for card in cards_of(customer, now)]


def _shown(card: Card, now: dt.datetime) -> Shown:
    names, language = load_names(card.book, [(card.record.fields, card.values)]), get_language() or "zh"
    lines = [
        (say(field.title), display(card.book, field, card.values[field.id], language, name_of=names, now=now))
        for field in card.record.fields
        if card.values.get(field.id) not in (None, "", [])
    ]
    return Shown(card.book.name, say(card.record.title), lines)
