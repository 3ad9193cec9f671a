"""Fields a handbook keeps of customers, in files: which columns they are, what a cell says, and a card as cells."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from zhike.customers.cards import card_record
from zhike.customers.models import Customer
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.structure import FieldDef, Record
from zhike.org.handbooks import book_of, in_force
from zhike.org.models import Department, Staff
from zhike.records.display import display, is_masked, mask
from zhike.records.forms import FormRefused, check_form, read_fields
from zhike.records.locks import Fills, as_principal, for_others, written_once
from zhike.records.references import load_names
from zhike.records.values import Context, Lock, is_filled_by_product

NOT_IN_A_CELL = frozenset({"rows", "files", "signature", "votes", "map", "daterange"})
"""Values of more than one part: they are filled in on the customer's page."""
ALWAYS_IN_PART = frozenset({"phone", "email"})
"""Ways to reach somebody go out in part, as the archive's own do."""
SEPARATORS = re.compile(r"[,，;；、|]")
MIDNIGHT = re.compile(r"[ T]00:00(:00)?$")
CardValues = dict[str, dict[str, Any]]
"""{handbook: {field: value}}"""


@dataclass(frozen=True, slots=True)
class CardField:
    """A field of a handbook's card, as a column of a file."""

    book: Book
    record: Record
    field: FieldDef

    @property
    def key(self) -> str:
        return f"{self.book.name}.{self.field.id}"

    @property
    def title(self) -> Text:
        """With the card's title, because two handbooks may keep a field of the same name."""
        own, card = self.field.title, self.record.title
        return Text(zh=f"{own.zh}（{card.zh}）", en=f"{own.say('en')} ({card.say('en')})")


def card_fields(now: dt.datetime) -> dict[str, CardField]:
    """{"handbook.field": field} of every handbook in force, in their order: those that fit a cell. One query."""
    books = [book_of(version.pk) for version in in_force(now)]
    found = [CardField(book, record, one) for book in books if (record := card_record(book)) for one in record.fields]
    return {
        one.key: one for one in found if one.field.type not in NOT_IN_A_CELL and not is_filled_by_product(one.field)
    }


@dataclass
class CellReader:
    """Reads the cells of one piece of a file; what people and departments are called is looked up once."""

    columns: Mapping[str, str]
    """{"3": "handbook.field"}; other columns are passed over."""
    now: dt.datetime
    by: str
    asked: list[tuple[int, CardField]] = field(default_factory=list)
    named: dict[tuple[str, str], dict[str, int | None]] = field(default_factory=dict)
    fillers: dict[str, Fills] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = card_fields(self.now) if any("." in key for key in self.columns.values()) else {}
        self.asked = [(int(number), known[key]) for number, key in self.columns.items() if key in known]

    def read(self, cells: Sequence[str]) -> tuple[CardValues, dict[str, Text]]:
        """What the cells say, in stored forms, and what cannot be read: {"handbook.field": what to do}."""
        said: dict[str, dict[str, Any]] = {}
        for number, one in self.asked:
            if number < len(cells) and cells[number].strip():
                said.setdefault(one.book.name, {})[one.field.id] = self._sent(one, cells[number].strip())
        values: CardValues = {}
        problems: dict[str, Text] = {}
        for name, sent in said.items():
            mine = [one for _, one in self.asked if one.book.name == name and one.field.id in sent]
            context = _context(mine[0], self.now, self.by)
            bare = [one.field.model_copy(update=_ASKED_LATER) for one in mine]
            values[name], faults = read_fields(bare, sent, context)
            problems |= {f"{name}.{at.partition('__')[0]}": words for at, words in faults.items()}
        return values, problems

    def joined(self, kept: Mapping[str, Mapping[str, Any]], said: CardValues) -> tuple[CardValues, dict[str, Text]]:
        """The cards that change when a customer gets what he lacks, whole, and what stands against keeping them."""
        fresh: CardValues = {}
        problems: dict[str, Text] = {}
        records = {one.book.name: one for _, one in self.asked}
        for name, values in said.items():
            before = kept.get(name, {})
            lacking = {key: value for key, value in values.items() if before.get(key) in (None, "", [])}
            if not lacking:
                continue
            one = records[name]
            try:
                whole = {**before, **lacking}
                locks = self._locks(one, before)
                fresh[name] = check_form(
                    one.book, one.record.id, whole, facts={}, now=self.now, actor=self.by, locks=locks
                )
            except FormRefused as refused:
                problems |= {f"{name}.{at.partition('__')[0]}": words for at, words in refused.errors.items()}
        return fresh, problems

    def _locks(self, one: CardField, before: Mapping[str, Any]) -> dict[str, Lock]:
        """Who fills what is asked once for a piece of the file."""
        fills = self.fillers.setdefault(one.book.name, as_principal(one.book, self.by))
        record = one.record.id
        return for_others(one.book, record, before, fills) | written_once(one.book, record, before, {})

    def _sent(self, one: CardField, text: str) -> Any:
        """What a form would send for it: ids of choices and things by what people call them. What is unknown stays."""
        match one.field.type:
            case "enum":
                return self._choice(one, text)
            case "multi":
                return [self._choice(one, part.strip()) for part in SEPARATORS.split(text) if part.strip()]
            case "date":
                return MIDNIGHT.sub("", text)
            case "department" | "staff":
                return self._named(one.field).get(text) or text
        return text

    def _choice(self, one: CardField, text: str) -> str:
        choices = one.book.choices(one.field)
        return next((c.id for c in choices if text in (c.id, c.title.zh, c.title.say("en"))), text)

    def _named(self, asked: FieldDef) -> dict[str, int | None]:
        """{name: id}; None where two bear it."""
        key = (asked.type, asked.kind or "")
        if key not in self.named:
            found: dict[str, int | None] = {}
            for number, name in _people() if asked.type == "staff" else _places(asked.kind):
                found[name] = None if name in found else number
            self.named[key] = found
        return self.named[key]


def _people() -> Iterable[tuple[int, str]]:
    return Staff.objects.filter(is_active=True).values_list("pk", "name")


def _places(kind: str | None) -> Iterable[tuple[int, str]]:
    places = Department.objects.filter(is_active=True, **({"kind": kind} if kind else {}))
    return places.values_list("pk", "name")


_ASKED_LATER = {"required": False, "required_when": {}, "shown_when": {}, "must": {}}
"""What a field asks of the others: asked of the whole card, with what is kept already."""


def _context(one: CardField, now: dt.datetime, by: str) -> Context:
    return Context(one.book, one.record.id, now, by, {}, ZoneInfo(one.book.handbook.zone))


def card_rows(customers: Iterable[Customer], fields: Iterable[CardField], *, in_full: bool) -> dict[int, list[str]]:
    """{customer: a cell for each field} in Chinese words; `cards` is prefetched. One query for a batch and handbook."""
    listed = list(customers)
    kept = {(c.pk, card.handbook): card.values for c in listed for card in c.cards.all()}
    found: dict[int, list[str]] = {customer.pk: [] for customer in listed}
    asked = list(fields)
    names = {one.book.name: load_names(one.book, _fillings(one.book, asked, kept)) for one in asked}
    for one in asked:
        for customer in listed:
            value = kept.get((customer.pk, one.book.name), {}).get(one.field.id)
            found[customer.pk].append(_cell(one, value, names[one.book.name], in_full))
    return found


def _fillings(
    book: Book, fields: Iterable[CardField], kept: Mapping[tuple[int, str], Mapping[str, Any]]
) -> list[tuple[list[FieldDef], Mapping[str, Any]]]:
    mine = [one.field for one in fields if one.book.name == book.name]
    return [(mine, values) for (_, handbook), values in kept.items() if handbook == book.name]


def _cell(one: CardField, value: Any, names: Any, in_full: bool) -> str:
    if value in (None, "", [], {}):
        return ""
    if not in_full and (one.field.type in ALWAYS_IN_PART or is_masked(one.field)):
        return mask(one.field, value)
    match one.field.type:
        case "date" | "datetime" | "time":
            return str(value)
    return display(one.book, one.field, value, "zh", name_of=names, unmasked=in_full)
