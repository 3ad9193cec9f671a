"""What happens to a case, past tense, as typed payloads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zhike.journal.events import Event, event


@event("case.opened")
@dataclass(frozen=True)
class CaseOpened(Event):
    number: str
    process: str
    stage: str
    source: str


@event("case.action_taken")
@dataclass(frozen=True)
class ActionTaken(Event):
    number: str
    process: str
    action: str
    stage_before: str
    stage: str
    round: int
    filling: int | None = None
    because: list[dict[str, Any]] = field(default_factory=list)
    """Clauses that led here: [{"clause": ..., "value": ...}]."""


@event("case.closed")
@dataclass(frozen=True)
class CaseClosed(Event):
    number: str


@event("case.reopened")
@dataclass(frozen=True)
class CaseReopened(Event):
    number: str


@event("case.moved")
@dataclass(frozen=True)
class CaseMoved(Event):
    """The stage changed because of something in a related case."""

    number: str
    stage_before: str
    stage: str
    because_of: str


@event("case.refused")
@dataclass(frozen=True)
class ActionRefused(Event):
    process: str
    action: str
    words: list[dict[str, str]]
    fields: list[str] = field(default_factory=list)


@event("case.access_denied")
@dataclass(frozen=True)
class AccessDenied(Event):
    number: str


@event("case.finding_made")
@dataclass(frozen=True)
class FindingMade(Event):
    """A clause names what was found, for sanctions and figures to count."""

    finding: str


@event("case.deemed")
@dataclass(frozen=True)
class Deemed(Event):
    """What silence was taken for: the limit of the clause ran out."""

    what: str


@event("sanction.drafted")
@dataclass(frozen=True)
class SanctionDrafted(Event):
    """A proposal; it has no effect until one of `confirmers` has decided."""

    form: str
    person: str | None
    count: int
    charges: list[dict[str, Any]]
    propose: list[str]
    confirmers: list[str]


@event("sanction.confirmed")
@dataclass(frozen=True)
class SanctionConfirmed(Event):
    draft: int
    """The fact that drafted it."""
    person: str | None


@event("case.note_added")
@dataclass(frozen=True)
class NoteAdded(Event):
    note: int
    internal: bool


@event("case.owner_changed")
@dataclass(frozen=True)
class OwnerChanged(Event):
    owner: int | None
    before: int | None


@event("case.customer_changed")
@dataclass(frozen=True)
class CustomerChanged(Event):
    """Two customers became one, or two again; `merge` is the id of the fact of the merge."""

    before: int
    after: int
    merge: int
