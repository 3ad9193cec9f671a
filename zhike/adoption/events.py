"""What happens to a handbook on its way into force. The proposal is the subject of every fact."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("handbook.drafted")
@dataclass(frozen=True)
class HandbookDrafted(Event):
    name: str
    version: str
    kind: str
    digest: str


@event("handbook.submitted")
@dataclass(frozen=True)
class HandbookSubmitted(Event):
    name: str
    version: str
    wanted_from: str
    """ISO moment; empty: with the approval."""
    why: str


@event("handbook.approved")
@dataclass(frozen=True)
class HandbookApproved(Event):
    name: str
    version: str
    version_id: int
    effective_from: str
    told: int
    """How many people were told to read it."""


@event("handbook.declined")
@dataclass(frozen=True)
class HandbookDeclined(Event):
    name: str
    version: str
    remark: str


@event("handbook.withdrawn")
@dataclass(frozen=True)
class HandbookWithdrawn(Event):
    name: str
    version: str


@event("handbook.cancelled")
@dataclass(frozen=True)
class HandbookCancelled(Event):
    name: str
    version: str
    version_id: int
    remark: str


@event("handbook.read")
@dataclass(frozen=True)
class HandbookRead(Event):
    name: str
    version: str


@event("handbook.reminded")
@dataclass(frozen=True)
class HandbookReminded(Event):
    name: str
    version: str
    people: int


@event("parameter.proposed")
@dataclass(frozen=True)
class ParameterProposed(Event):
    """A manager's other value for a parameter; it takes effect as the proposal does."""

    name: str
    parameter: str
    before: str | int | float | bool | None
    after: str | int | float | bool | None
    why: str
