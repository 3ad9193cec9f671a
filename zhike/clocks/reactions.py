"""What the clocks do when they hear that days off were announced, or that somebody works other shifts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from zhike.clocks.events import ClockRetimed
from zhike.clocks.models import Clock
from zhike.clocks.retiming import CHUNK, MOVABLE, Move, moves, retime
from zhike.clocks.rows import update_clocks
from zhike.clocks.timing import calendar_of_clock, due_from_history
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.org.events import HolidaysEntered, RosterChanged


@reacts_to(HolidaysEntered)
def retime_open_clocks(events: Sequence[Recorded[HolidaysEntered]]) -> None:
    """Open limits in working time follow what is known of the calendar now."""
    for event in events:
        why = f"{event.payload.region} {event.payload.year}"
        found = list(moves(event.payload.region, event.at, lock=True))
        for start in range(0, len(found), CHUNK):
            _retime(found[start : start + CHUNK], event.at, event.actor, why)


@reacts_to(RosterChanged)
def follow_the_roster(events: Sequence[Recorded[RosterChanged]]) -> None:
    """Clocks that count by somebody's shifts follow what he works now; nobody becomes late by it."""
    for event in events:
        held = Clock.objects.filter(holders__contains=[f"staff:{event.subject[1]}"], limit__has_key="rosters")
        clocks = held.filter(state__in=Clock.OPEN).select_for_update(no_key=True).order_by("pk")
        found = [move for clock in clocks if (move := _moved(clock, event.at)) is not None]
        _retime(found, event.at, event.actor, event.payload.what)


def _moved(clock: Clock, at: dt.datetime) -> Move | None:
    """Where the clock would be due now. A paused one is computed anew when it resumes, one that has run out stays so."""
    if clock.state not in MOVABLE or clock.limit.get("until"):
        return None
    due = due_from_history(clock, calendar_of_clock(clock))
    return Move(clock, due) if due != clock.due_at and due > at else None


def _retime(found: Sequence[Move], at: dt.datetime, actor: str, why: str) -> None:
    told = []
    for move in found:
        clock, before = move.clock, move.clock.due_at
        retime(clock, move.due_at)
        event = ClockRetimed(clock.pk, before, clock.due_at, why)
        told.append(NewFact(event, at, clock.subject, actor, clock.handbook, (clock.clause,), clock.audience))
    update_clocks([move.clock for move in found])
    record(told)
