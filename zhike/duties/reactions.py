"""What this room does when it hears of the clocks that watch its obligations."""

from __future__ import annotations

from collections.abc import Sequence

from zhike.clocks.events import ClockBreached, ClockReassigned
from zhike.duties.actions import hand_over, miss
from zhike.duties.models import WATCH_PREFIX
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to


@reacts_to(ClockBreached)
def miss_what_ran_out(events: Sequence[Recorded[ClockBreached]]) -> None:
    ids = [_obligation(event.payload.key) for event in events if event.payload.watches == "duty"]
    if ids:
        miss(ids)


@reacts_to(ClockReassigned)
def follow_the_clock(events: Sequence[Recorded[ClockReassigned]]) -> None:
    for event in events:
        if event.payload.watches == "duty":
            hand_over(_obligation(event.payload.key), event.payload.holders, event.payload.held_as)


def _obligation(key: str) -> int:
    return int(key.removeprefix(WATCH_PREFIX))
