"""Letting time pass: everything due in between happens, each at its own moment, in the order of time."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from zhike.clocks import queries
from zhike.clocks.actions import fire_due
from zhike.conversations import draining

INSTANT = dt.timedelta(microseconds=1)
PATIENCE = 250
"""Tries, 20 ms apart, while somebody else holds what is due."""

Arrive = Callable[[dt.datetime], None]
"""Called with each moment before anything fires at it."""


def next_moment() -> dt.datetime | None:
    """When a clock fires or the router has something to do."""
    return min((at for at in (queries.next_moment(), draining.next_moment()) if at is not None), default=None)


def fire_until(target: dt.datetime, now: dt.datetime, arrive: Arrive = lambda _: None) -> int:
    """Pass from `now` to `target`; answers how many clocks fired, those started on the way among them."""
    fired = 0
    while (moment := next_moment()) is not None and moment <= target:
        now = max(moment, now)
        done = _fire_at(now, arrive)
        if not done and next_moment() == moment:
            # A limit is broken after its last instant, not in it.
            if now + INSTANT > target:
                break
            now += INSTANT
            done = _fire_patiently(now, moment, arrive)
        fired += done
    return fired + _fire_at(target, arrive)


def _fire_at(at: dt.datetime, arrive: Arrive) -> int:
    arrive(at)
    fired = 0
    while done := fire_due(at):
        fired += done
    due = draining.next_moment()
    draining.look_after(at)
    return fired + (due is not None and due <= at)


def _fire_patiently(at: dt.datetime, moment: dt.datetime, arrive: Arrive) -> int:
    """Fire what is due at `moment`; a worker that holds the row at this very moment is waited for."""
    for _ in range(PATIENCE):
        done = _fire_at(at, arrive)
        if done or next_moment() != moment:
            return done
        time.sleep(0.02)
    raise RuntimeError(f"clocks due at {moment.isoformat()} do not fire")
