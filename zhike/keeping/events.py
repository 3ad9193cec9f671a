"""What the room writes down, past tense."""

from __future__ import annotations

from dataclasses import dataclass, field

from zhike.journal.events import Event, event


@event("contents.deleted", stays="number record counts")
@dataclass(frozen=True)
class ContentsDeleted(Event):
    """What was filled in, written and attached is gone, as the clause on the fact says; of one form only where `record` names it."""

    number: str
    record: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    """How many fillings, notes, messages, files."""
