"""What happens to the archive of customers, past tense. Contact data stays in its rows; facts only say that there is
some."""

from __future__ import annotations

from dataclasses import dataclass, field

from zhike.journal.events import Event, event


@event("customer.added")
@dataclass(frozen=True)
class CustomerAdded(Event):
    """Somebody was heard from for the first time."""

    kind: str
    """By what he is known: "phone" or "email"."""


@event("customer.contact_added")
@dataclass(frozen=True)
class ContactAdded(Event):
    kind: str


@event("customer.renamed")
@dataclass(frozen=True)
class CustomerNamed(Event):
    """A customer without a name got one, or somebody corrected it."""

    by_hand: bool = False


@event("customer.edited")
@dataclass(frozen=True)
class CustomerEdited(Event):
    """Name, kind, tier, tags or remark were changed by hand."""

    fields: list[str]


@event("customer.card_kept")
@dataclass(frozen=True)
class CardKept(Event):
    """Fields a handbook keeps of customers were filled in or changed; their values stay in the row."""

    handbook: str
    fields: list[str]


@event("customer.contact_removed")
@dataclass(frozen=True)
class ContactRemoved(Event):
    kind: str


@event("customer.identifier_added")
@dataclass(frozen=True)
class IdentifierAdded(Event):
    kind: str


@event("customer.identifier_removed")
@dataclass(frozen=True)
class IdentifierRemoved(Event):
    kind: str


@event("customer.related")
@dataclass(frozen=True)
class CustomersRelated(Event):
    kind: str
    other: int


@event("customer.relation_ended")
@dataclass(frozen=True)
class RelationEnded(Event):
    kind: str
    other: int


@event("customer.consented")
@dataclass(frozen=True)
class ConsentGiven(Event):
    purpose: str
    version: str
    channel: str


@event("customer.consent_withdrawn")
@dataclass(frozen=True)
class ConsentWithdrawn(Event):
    purpose: str
    channel: str


@event("customer.unmasked")
@dataclass(frozen=True)
class CustomerUnmasked(Event):
    """Somebody had contact data or an identity number shown in full."""

    what: str
    purpose: str
    words: str
    unmasking: int = 0


@event("customer.unmasking_reviewed")
@dataclass(frozen=True)
class UnmaskingReviewed(Event):
    unmasking: int
    is_justified: bool


@event("customer.merged")
@dataclass(frozen=True)
class CustomersMerged(Event):
    """`dropped` turned out to be the subject. Everything that moved is named, so that it can go back."""

    dropped: int
    contact_points: list[int]
    identifiers: list[int]
    consents: list[int]
    relations_from: list[int]
    relations_to: list[int]
    relations_ended: list[int]
    """Relations both had, or between the two: one of each was ended."""
    tags: list[str]
    """Tags the subject did not have before."""
    filled: list[str]
    """Fields of the subject that were empty and took the other's value."""
    cards: list[int] = field(default_factory=list)
    """What handbooks keep of him, where the subject had none of that handbook."""


@event("customer.merge_undone")
@dataclass(frozen=True)
class MergeUndone(Event):
    dropped: int
    merge: int
    """Id of the fact of the merge."""


@event("customer.imported")
@dataclass(frozen=True)
class CustomerImported(Event):
    """Added or filled from a line of a file."""

    run: int
    line: int
    added: bool


@event("customers.import_started")
@dataclass(frozen=True)
class ImportStarted(Event):
    file_name: str


@event("customers.import_finished")
@dataclass(frozen=True)
class ImportFinished(Event):
    added: int
    filled: int
    unchanged: int
    refused: int


@event("customers.exported")
@dataclass(frozen=True)
class CustomersExported(Event):
    count: int
    asked: dict[str, str]
    """The filter."""
    in_full: bool
    purpose: str = ""
    mark: str = ""
    """The number that stands in the file's own watermark."""
