"""What the case page itself writes down: looking behind a mask."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("customer.phone_shown")
@dataclass(frozen=True)
class PhoneShown(Event):
    """Somebody had the customer's full number shown, on the page of this case."""

    case: str
