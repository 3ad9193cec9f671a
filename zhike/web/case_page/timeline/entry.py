"""What the timeline is made of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from zhike.handbook.book import Book
from zhike.records.models import Attachment


@dataclass(frozen=True, slots=True)
class Clause:
    handbook: str
    id: str


@dataclass(slots=True)
class Entry:
    """One line of the timeline. `kind`: deed, note, file, warned, overdue, refused, moved, whole (merged, split, undone), clock."""

    at: dt.datetime
    kind: str
    who: str
    what: str
    words: str = ""
    minor: bool = False
    internal: bool = False
    clauses: list[Clause] = field(default_factory=list)
    filled: list[tuple[str, str]] = field(default_factory=list)
    """(title, shown value) of the form filled with a deed."""
    version: str = ""
    """Which version of the form it is, from the second on."""
    lacks: str = ""
    """What that form lacked to be complete."""
    moved: list[tuple[str, str, str]] = field(default_factory=list)
    """(state, words, clause) of each clock the deed stopped or started."""
    files: list[Attachment] = field(default_factory=list)
    undone: bool = False
    """It was taken back and counts no more."""
    of: str = ""
    """The number of the merged case it is from; "" for one of the case's own."""


@dataclass(frozen=True, slots=True)
class Home:
    """The case an entry is from: its own handbook, process and, where it was merged into this one, number."""

    book: Book
    process: str
    number: str
