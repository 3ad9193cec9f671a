"""Fields of a handbook's own, as a customer's page shows them and as the list is filtered by them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language, gettext

from zhike.customers.card_cells import CardField
from zhike.customers.cards import Card, cards_of
from zhike.customers.models import Customer
from zhike.customers.own_filter import CHOSEN
from zhike.customers.queries import Asked
from zhike.org.principals import Viewer
from zhike.records.display import display
from zhike.records.references import load_names
from zhike.web.case_page.forms import Choices
from zhike.web.case_page.page import say

OWN = "own."
"""Before the name of such a field in the address of the list."""
INPUTS = {"date": "date", "int": "number"}


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


@dataclass(frozen=True, slots=True)
class Wish:
    """A field the list may be filtered by: a choice where there are options, else something written."""

    name: str
    title: str
    value: str
    options: Sequence[tuple[str, str]]
    input: str


def wishes_of(asked: Asked, fields: Mapping[str, CardField], viewer: Viewer) -> list[Wish]:
    """In the order of the handbooks and their forms. One query for each kind of thing that is chosen."""
    chosen = dict(asked.own)
    by_book = {one.book.name: Choices(one.book, viewer) for one in fields.values()}
    return [
        Wish(f"{OWN}{key}", say(one.title), chosen.get(key, ""), _options(one, by_book[one.book.name]), INPUTS.get(one.field.type, "text"))
        for key, one in fields.items()
    ]  # fmt: skip


def _options(one: CardField, choices: Choices) -> Sequence[tuple[str, str]]:
    match one.field.type:
        case "bool":
            return [("true", gettext("是")), ("false", gettext("否"))]
        case "enum" | "multi":
            return [(choice.id.lower(), say(choice.title)) for choice in one.book.choices(one.field)]
    return choices(one.field) if one.field.type in CHOSEN else ()
