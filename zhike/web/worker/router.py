"""Looks after what waits: listens for changes, sleeps exactly until the next moment, and gives out what a process that died left lying."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from zhike.lib import clock
from zhike.web.listening import connect, wait_for_news

CHANNEL = "router"
LONGEST_SLEEP = 5.0
"""Seconds; what nobody told us of is found after this."""
BUSY = 0.05
"""Seconds before another look when what is due belongs to somebody at work on it."""

InThread = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class RouterWork:
    """What the conversations' room offers: look after everything that is due, and when the next thing is."""

    look_after: Callable[[dt.datetime], int]
    next_moment: Callable[[], dt.datetime | None]

    def turn(self) -> float:
        """Do what is due; answers the seconds until the next moment, LONGEST_SLEEP at most."""
        self.look_after(clock.now())
        following = self.next_moment()
        if following is None:
            return LONGEST_SLEEP
        seconds = (following - clock.now()).total_seconds()
        return min(LONGEST_SLEEP, seconds) if seconds > 0 else BUSY


def real_router_work() -> RouterWork:
    from zhike.conversations.draining import look_after, next_moment
    from zhike.conversations.hands import Watch

    watch = Watch()

    def look(now: dt.datetime) -> int:
        watch.look(now)
        return look_after(now, listening=True)

    return RouterWork(look, next_moment)


async def run_router(in_thread: InThread, turned: Callable[[], None], work: RouterWork) -> None:
    """Until the connection is lost. Listens before it looks, so that what changes in between is not overslept."""
    async with await connect("router", CHANNEL) as connection:
        while True:
            seconds = await in_thread(work.turn)
            turned()
            await wait_for_news(connection, seconds)
