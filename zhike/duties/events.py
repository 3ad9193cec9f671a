"""What happens to an obligation. Clause, subject, handbook and audience stand on the fact itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("duty.owed", stays="period holders")
@dataclass(frozen=True)
class DutyOwed(Event):
    obligation: int
    period: str
    holders: list[str]
    begins_at: dt.datetime
    ends_at: dt.datetime | None = None


@event("duty.met", stays="period holders")
@dataclass(frozen=True)
class DutyMet(Event):
    obligation: int
    period: str
    holders: list[str]
    late: bool = False
    """Done after it had been missed."""


@event("duty.missed", stays="period holders held_as")
@dataclass(frozen=True)
class DutyMissed(Event):
    """Its period passed, its limit ran out, or its subject closed without it. The effects of the clause follow from
    this.
    """

    obligation: int
    period: str
    holders: list[str]
    held_as: str
    version_id: int


@event("duty.exhausted", stays="holders held_as")
@dataclass(frozen=True)
class DutyExhausted(Event):
    """Every try the clause allows was made in a row, and none reached anybody. What the clause names (`attempts.then`) follows."""

    obligation: int
    tries: int
    holders: list[str]
    held_as: str
    version_id: int


@event("duty.streak", stays="holders held_as")
@dataclass(frozen=True)
class DutyStreak(Event):
    """So many deeds in a row had the outcome the clause looks for."""

    obligation: int
    count: int
    holders: list[str]
    held_as: str
    version_id: int


@event("duty.finding", stays="finding person")
@dataclass(frozen=True)
class DutyFinding(Event):
    """A clause names what was found when a duty over a population was not done."""

    finding: str
    person: str = ""


@event("duty.calls_for_case", stays="process finding")
@dataclass(frozen=True)
class CaseCalledFor(Event):
    """What followed from a duty over a population is a case of this process, about this person."""

    process: str
    finding: str = ""
    person: str = ""
    name: str = ""


@event("duty.ended", stays="period")
@dataclass(frozen=True)
class DutyEnded(Event):
    obligation: int
    period: str


@event("duty.exempted", stays="period asked_by approved_by")
@dataclass(frozen=True)
class DutyExempted(Event):
    obligation: int
    period: str
    asked_by: str
    approved_by: str
    why: str


@event("duty.exemption_asked", stays="period")
@dataclass(frozen=True)
class DutyExemptionAsked(Event):
    obligation: int
    period: str
    why: str


@event("duty.exemption_declined", stays="period asked_by")
@dataclass(frozen=True)
class DutyExemptionDeclined(Event):
    """Declined, with words; or withdrawn by whoever asked."""

    obligation: int
    period: str
    asked_by: str
    words: str = ""


@event("duty.restored", stays="period state")
@dataclass(frozen=True)
class DutyRestored(Event):
    """What had settled or ended it counts as not done: it is again what it was."""

    obligation: int
    period: str
    state: str
