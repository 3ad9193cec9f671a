"""What happens to a clock. `at` of the fact is the moment of the clock's own history, not the moment a worker noticed.

Every payload names the clock; clause, subject, handbook and audience stand on the fact itself.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from zhike.journal.events import Event, event


@event("clock.started", stays="holders held_as watches")
@dataclass(frozen=True)
class ClockStarted(Event):
    clock: int
    holders: list[str]
    held_as: str
    due_at: dt.datetime
    watches: str = ""


@event("clock.stopped", stays="holders watches")
@dataclass(frozen=True)
class ClockStopped(Event):
    clock: int
    holders: list[str]
    due_at: dt.datetime
    minutes: float
    """Used, in the clock's own time."""
    late_minutes: float = 0.0
    """Zero when it was stopped in time."""
    watches: str = ""
    in_target: bool | None = None
    """Whether that was within its target; None where its clause has none."""


@event("clock.warned", stays="holders held_as watches")
@dataclass(frozen=True)
class ClockWarned(Event):
    clock: int
    holders: list[str]
    held_as: str
    due_at: dt.datetime
    share: float
    """Percent of the limit that is used up."""
    version_id: int
    watches: str = ""


@event("clock.target_passed", stays="holders held_as")
@dataclass(frozen=True)
class ClockTargetPassed(Event):
    """The target of a limit that still runs is over. The holder hears of it; nothing else follows."""

    clock: int
    holders: list[str]
    held_as: str
    due_at: dt.datetime
    version_id: int


@event("clock.breached", stays="key holders held_as watches charged")
@dataclass(frozen=True)
class ClockBreached(Event):
    """It ran out. The effects the clause names are drawn by whoever knows the subject.

    With `watches == "duty"` the duties room hears it first and says DutyMissed; the effects then follow from that.
    """

    clock: int
    key: str
    holders: list[str]
    held_as: str
    started_at: dt.datetime
    due_at: dt.datetime
    version_id: int
    watches: str = ""
    charged: list[str] = field(default_factory=list)
    """Whom the clause charges instead of the holders; empty where nobody."""


@event("clock.paused")
@dataclass(frozen=True)
class ClockPaused(Event):
    clock: int
    why: str = ""


@event("clock.resumed")
@dataclass(frozen=True)
class ClockResumed(Event):
    clock: int
    due_at: dt.datetime
    why: str = ""


@event("clock.reassigned", stays="before holders held_as key watches")
@dataclass(frozen=True)
class ClockReassigned(Event):
    clock: int
    before: list[str]
    holders: list[str]
    held_as: str
    key: str = ""
    watches: str = ""
    why: str = ""


@event("clock.extended", stays="asked_by approved_by")
@dataclass(frozen=True)
class ClockExtended(Event):
    clock: int
    before: dt.datetime
    due_at: dt.datetime
    asked_by: str
    approved_by: str
    why: str


@event("clock.cancelled", stays="holders watches")
@dataclass(frozen=True)
class ClockCancelled(Event):
    clock: int
    holders: list[str] = field(default_factory=list)
    was_overdue: bool = False
    why: str = ""
    watches: str = ""


@event("clock.restored", stays="state")
@dataclass(frozen=True)
class ClockRestored(Event):
    """What had moved it counts as not done: it is again what it was."""

    clock: int
    state: str
    due_at: dt.datetime
    why: str = ""


@event("clock.redated")
@dataclass(frozen=True)
class ClockRedated(Event):
    """The date it hangs on was typed anew, and its due time went with it."""

    clock: int
    before: dt.datetime
    due_at: dt.datetime


@event("clock.retimed")
@dataclass(frozen=True)
class ClockRetimed(Event):
    """Its due time moved because days off were announced or its holder works other shifts; nobody asked for more time."""

    clock: int
    before: dt.datetime
    due_at: dt.datetime
    why: str = ""
