"""Fires clocks when they are due: listens for changes, sleeps exactly until the next moment, polls nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from zhike.lib import clock
from zhike.web.listening import connect, wait_for_news

CHANNEL = "clocks"
"""Notified by whoever starts, moves or stops a clock."""
LONGEST_SLEEP = 5.0
"""Seconds; a machine's time that jumps, or a lost notification, is noticed after this."""
BUSY = 0.05
"""Seconds before another look when everything that is due belongs to somebody at work on it."""

InThread = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class ClockWork:
    """What the clocks' room offers: fire everything due by a source of time, and when the next thing happens."""

    fire_all: Callable[[clock.Source], int]
    next_moment: Callable[[], dt.datetime | None]

    def turn(self) -> float:
        """Fire everything that is due; answers the seconds until the next moment, LONGEST_SLEEP at most."""
        self.fire_all(clock.now)
        following = self.next_moment()
        if following is None:
            return LONGEST_SLEEP
        seconds = (following - clock.now()).total_seconds()
        return min(LONGEST_SLEEP, seconds) if seconds > 0 else BUSY


def real_clock_work() -> ClockWork:
    from zhike.clocks.queries import next_moment
    from zhike.clocks.watch import fire_all
    from zhike.org.handbooks import look_for_days_off

    def fire(source: clock.Source) -> int:
        look_for_days_off()
        return fire_all(source)

    return ClockWork(fire, next_moment)


async def run_clocks(in_thread: InThread, turned: Callable[[], None], work: ClockWork) -> None:
    """Until the connection is lost. Listens before it looks, so that a clock started in between is not overslept."""
    async with await connect("clocks", CHANNEL) as connection:
        while True:
            seconds = await in_thread(work.turn)
            turned()
            await wait_for_news(connection, seconds)
