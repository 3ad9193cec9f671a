"""Sends what subscriptions are owed. Every receiver has a task of its own, so one that hangs delays nobody else; within a task
deliveries go one after the other, so their order holds.

One worker does it: whoever holds a lock that dies with its connection. What a killed worker was sending is sent again by the
next one, under the same id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from django.conf import settings

from zhike.channels.addresses import BadAddress, parse
from zhike.channels.http import Answer, Line, post
from zhike.journal.stream import STREAM_CHANNEL
from zhike.journal.wake import wake
from zhike.lib import clock
from zhike.web.listening import Connection, connect, wait_for_news
from zhike.webhooks.actions import CHANNEL
from zhike.webhooks.delivering import Parcel, note, ready, take
from zhike.webhooks.spreading import spread

log = structlog.get_logger("zhike.webhooks")

LOCK = 0x7765626863  # "webhc" in ASCII
LONGEST_SLEEP = 5.0
PACE = 0.1
"""Seconds between two looks: a busy house has its news looked at together."""
FRESH = 2.0
"""Seconds after which a handful of parcels is asked about again before more of it goes out."""

InThread = Callable[..., Awaitable[Any]]


def real_line() -> Line:
    return Line(inside=settings.WEBHOOK_HOSTS)


class Webhooks:
    """The receivers of one worker and their tasks."""

    def __init__(self, line: Line, in_thread: InThread) -> None:
        self.line, self.in_thread = line, in_thread
        self.running: dict[int, asyncio.Task[None]] = {}
        self.again: set[int] = set()
        """Receivers that have something new while their task is at work."""

    async def run(self) -> None:
        """Until the connection is lost, or cancelled; what is being sent then is sent again."""
        try:
            async with await connect("webhooks", CHANNEL, STREAM_CHANNEL) as connection:
                await self._alone(connection)
                while True:
                    await wait_for_news(connection, await self.turn())
                    await asyncio.sleep(PACE)
        finally:
            for task in self.running.values():
                task.cancel()
            await asyncio.gather(*self.running.values(), return_exceptions=True)

    async def _alone(self, connection: Connection) -> None:
        """Wait until no other worker sends."""
        while True:
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            (alone,) = await cursor.fetchone() or (False,)
            if alone:
                return
            await asyncio.sleep(LONGEST_SLEEP)

    async def turn(self) -> float:
        """Write deliveries, set tasks to work; answers the seconds until there is something to do without news."""
        more = await self.in_thread(_spread)
        numbers, soonest = await self.in_thread(_ready)
        for number in numbers:
            self.start(number)
        if more:
            return 0.0
        if soonest is None:
            return LONGEST_SLEEP
        seconds: float = (soonest - clock.wall()).total_seconds()
        return min(LONGEST_SLEEP, max(0.05, seconds))

    def start(self, number: int) -> None:
        if number in self.running:
            self.again.add(number)
        else:
            task = asyncio.create_task(self._work(number))
            self.running[number] = task
            task.add_done_callback(lambda _: self.running.pop(number, None))

    async def _work(self, number: int) -> None:
        self.again.add(number)
        try:
            while number in self.again:
                self.again.discard(number)
                while await self.handful(number):
                    pass
        except Exception as error:  # the database is away; the next turn finds what still waits
            log.warning("webhook deliveries were put off", subscription=number, error=str(error))

    async def handful(self, number: int) -> bool:
        """Send a few in order; True when there may be more to send at once."""
        parcels: list[Parcel] = await self.in_thread(_take, number)
        loop = asyncio.get_running_loop()
        until = loop.time() + FRESH
        for parcel in parcels:
            if not await self.send(parcel):
                return False
            if loop.time() > until:
                break
        return bool(parcels)

    async def send(self, parcel: Parcel) -> bool:
        """One attempt, written down; True when the next may go."""
        began = clock.wall()
        answer = await self._post(parcel)
        goes_on: bool = await self.in_thread(_note, parcel, answer, began)
        return goes_on

    async def _post(self, parcel: Parcel) -> Answer:
        try:
            target = parse(parcel.address)
        except BadAddress:
            return Answer(fault="refused")
        return await post(target, parcel.headers(clock.wall()), parcel.body, self.line)


def _spread() -> int:
    return spread(clock.now(), clock.wall())


def _ready() -> Any:
    return ready(clock.wall())


def _take(number: int) -> list[Parcel]:
    return take(number, clock.now(), clock.wall())


def _note(parcel: Parcel, answer: Answer, began: Any) -> bool:
    goes_on = note(parcel, answer, began, clock.wall(), clock.now())
    if not goes_on:  # the loop has to learn when the next attempt is due
        wake(CHANNEL)
    return goes_on
