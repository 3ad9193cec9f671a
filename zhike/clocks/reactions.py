"""What the clocks do when they hear that days off were announced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from zhike.clocks.events import ClockRetimed
from zhike.clocks.retiming import CHUNK, Move, moves, retime
from zhike.clocks.rows import update_clocks
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.org.events import HolidaysEntered


@reacts_to(HolidaysEntered)
def retime_open_clocks(events: Sequence[Recorded[HolidaysEntered]]) -> None:
    """Open limits in working time follow what is known of the calendar now."""
    for event in events:
        why = f"{event.payload.region} {event.payload.year}"
        found = list(moves(event.payload.region, event.at, lock=True))
        for start in range(0, len(found), CHUNK):
            _retime(found[start : start + CHUNK], event.at, event.actor, why)


def _retime(found: Sequence[Move], at: dt.datetime, actor: str, why: str) -> None:
    told = []
    for move in found:
        clock, before = move.clock, move.clock.due_at
        retime(clock, move.due_at)
        event = ClockRetimed(clock.pk, before, clock.due_at, why)
        told.append(NewFact(event, at, clock.subject, actor, clock.handbook, (clock.clause,), clock.audience))
    update_clocks([move.clock for move in found])
    record(told)
