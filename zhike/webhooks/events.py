"""What happens to subscriptions, past tense. No fact ever holds a secret."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("webhook.created")
@dataclass(frozen=True)
class SubscriptionCreated(Event):
    name: str
    address: str
    """Without the values of its query."""
    owner: int
    kinds: tuple[str, ...] = ()


@event("webhook.edited")
@dataclass(frozen=True)
class SubscriptionEdited(Event):
    changed: tuple[str, ...] = ()


@event("webhook.secret_changed")
@dataclass(frozen=True)
class SecretChanged(Event):
    overlap_hours: int


@event("webhook.paused")
@dataclass(frozen=True)
class SubscriptionPaused(Event):
    why: str


@event("webhook.resumed")
@dataclass(frozen=True)
class SubscriptionResumed(Event):
    name: str


@event("webhook.removed")
@dataclass(frozen=True)
class SubscriptionRemoved(Event):
    name: str


@event("webhook.replayed")
@dataclass(frozen=True)
class DeliveriesReplayed(Event):
    """Sent once more: everything from the first to the last, in the order they happened."""

    first: int
    last: int
    count: int


@event("webhook.skipped")
@dataclass(frozen=True)
class DeliverySkipped(Event):
    delivery: int
