"""Looking into the journal is written down in it where data leave it or a verdict is given."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("journal.exported")
@dataclass(frozen=True)
class JournalExported(Event):
    count: int
    asked: dict[str, str]
    """The filter."""
    mark: str = ""
    """The number on the first line of the file."""


@event("journal.checked")
@dataclass(frozen=True)
class JournalChecked(Event):
    ok: bool
    sealed: int
    head: str


@event("journal.reviewed")
@dataclass(frozen=True)
class FactReviewed(Event):
    fact: int
    is_justified: bool
