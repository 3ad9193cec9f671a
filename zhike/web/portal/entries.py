"""What a customer may file: entry actions for customers, of processes open to the portal, of all handbooks in force."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from zhike.handbook.book import Book
from zhike.handbook.structure import Action, FieldDef, Process
from zhike.org.handbooks import book_of, in_force
from zhike.org.models import HandbookVersion

INSIDE = frozenset({"staff", "case", "customer", "signature"})
"""Kinds of field that only make sense inside the house."""


class NoSuchEntry(LookupError):
    """Nothing of that name is open to customers."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to file."""

    version: HandbookVersion
    book: Book
    process: Process
    action: Action


def entries(now: dt.datetime) -> list[Entry]:
    """Everything a customer may file now, in the handbooks' order. One query."""
    return [entry for version in in_force(now) for entry in _of(version)]


def entry_for(handbook: str, process: str, action: str, now: dt.datetime) -> Entry:
    """The entry of an address. Raises NoSuchEntry."""
    for entry in entries(now):
        if (entry.book.name, entry.process.id, entry.action.id) == (handbook, process, action):
            return entry
    raise NoSuchEntry(action)


def is_for_customers(field: FieldDef) -> bool:
    """Whether a field of a form is asked of a customer."""
    return field.type not in INSIDE


def _of(version: HandbookVersion) -> list[Entry]:
    book = book_of(version.pk)
    return [
        Entry(version, book, process, action)
        for process in book.handbook.processes
        if process.portal
        for action in book.entry_actions(process.id)
        if "customer" in action.by
    ]
