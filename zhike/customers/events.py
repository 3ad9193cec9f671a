"""What happens to the archive of customers, past tense. Contact data stays in its rows; facts only say that there is
some."""

from __future__ import annotations

from dataclasses import dataclass

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
