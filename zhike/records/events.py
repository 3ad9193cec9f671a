"""What happens to files and directories, past tense."""

from __future__ import annotations

from dataclasses import dataclass, field

from zhike.journal.events import Event, event


@event("attachment.held", stays="because")
@dataclass(frozen=True)
class AttachmentHeld(Event):
    """A safety check keeps a file from everybody."""

    name: str
    digest: str
    because: str


@event("directory.row_added")
@dataclass(frozen=True)
class RowAdded(Event):
    record: str
    label: str


@event("directory.row_edited")
@dataclass(frozen=True)
class RowEdited(Event):
    record: str
    label: str
    fields: list[str] = field(default_factory=list)
    """The fields that changed. Their values are in the row; the ones before are in `before`."""
    before: dict[str, str] = field(default_factory=dict)


@event("directory.row_retired")
@dataclass(frozen=True)
class RowRetired(Event):
    record: str
    label: str


@event("directory.row_restored")
@dataclass(frozen=True)
class RowRestored(Event):
    record: str
    label: str


@event("lookup.refused")
@dataclass(frozen=True)
class LookupRefused(Event):
    """Somebody looked up what a clause does not open to him."""

    record: str
    topic: str
    follows: bool = False
    """Whether the clause says what follows from it; rooms above carry that out."""


@event("lookup.missing")
@dataclass(frozen=True)
class LookupMissing(Event):
    """A topic that must be answerable has no entry. Rooms above carry out what the clause says follows."""

    record: str
    topic: str
    clause: str
    findings: list[str] = field(default_factory=list)
    """Kinds of finding the clause wants recorded."""
    notify: list[str] = field(default_factory=list)
    """Roles the clause wants told."""
