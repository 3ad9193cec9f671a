"""What the case page wrote down before looking behind a mask asked for a purpose; the journal still holds such facts."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("customer.phone_shown", stays="case")
@dataclass(frozen=True)
class PhoneShown(Event):
    """Somebody had the customer's full number shown, on the page of this case."""

    case: str
