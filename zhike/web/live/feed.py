"""Reads the journal for all clients of one process: one connection that listens, gives positions and reads."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from zhike.conversations.passing import CHANNEL
from zhike.journal.actions import FACTS_CHANNEL
from zhike.journal.heartbeats import BEAT, LIVE
from zhike.journal.stream import BATCH, LAST, READ, SEQUENCE, STREAM_CHANNEL, Row, row_of
from zhike.web.listening import Connection, connect, pause, wait_for_news
from zhike.web.live.hub import REMEMBERED, Hub
from zhike.web.live.passing import passing_of

log = structlog.get_logger("zhike.live")

BEAT_EVERY = 5.0
"""Seconds between two signs of life; also how long a lost notification can go unnoticed."""
BUSY_AGAIN = 0.05
"""Seconds until another try when somebody else is giving positions."""
SWEEP_EVERY = 15.0


class Feed:
    """Keeps a hub up to date until cancelled, through restarts of PostgreSQL.

    What a lost connection would have notified us of is read after the next one stands: the hub knows its position, and
    positions are visible in their own order. A row that is read twice is told once.
    """

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.started = asyncio.Event()
        """Set once the hub knows its position: clients may come."""
        self.connected = False

    async def run(self) -> None:
        beside = [asyncio.create_task(self.sweep_for_ever()), asyncio.create_task(self.pass_on_for_ever())]
        try:
            await self.read_for_ever()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)

    async def read_for_ever(self) -> None:
        failures = 0
        while True:
            try:
                async with await connect("live", FACTS_CHANNEL, STREAM_CHANNEL) as connection:
                    await self.begin(connection)
                    failures = 0
                    await self.follow(connection)
            except Exception as error:  # whatever it was, clients wait for the next attempt
                failures += 1
                log.warning("the live feed lost the database", error=str(error), failures=failures)
            self.connected = False
            await asyncio.sleep(pause(failures))

    async def begin(self, connection: Connection) -> None:
        """We listen already; now look where we are. In this order nothing falls in between."""
        if not self.started.is_set():
            await sequence(connection)
            newest = (await fetch(connection, LAST))[0][0]
            rows = await read(connection, max(0, newest - REMEMBERED), REMEMBERED)
            self.hub.start_at([row for row in rows if row.position <= newest], newest)
        self.connected = True
        await beat(connection)
        self.started.set()

    async def follow(self, connection: Connection) -> None:
        """Until the connection is lost: give positions, tell, wait for news."""
        loop = asyncio.get_running_loop()
        beaten = loop.time()
        while True:
            busy = await sequence(connection) is None
            more = True
            while more:
                rows = await read(connection, self.hub.position, BATCH)
                await self.hub.tell(rows)
                more = len(rows) == BATCH
            if loop.time() - beaten >= BEAT_EVERY:
                await beat(connection)
                beaten = loop.time()
            await wait_for_news(connection, BUSY_AGAIN if busy else BEAT_EVERY)

    async def pass_on_for_ever(self) -> None:
        """What is not kept comes over a connection of its own: it waits for nobody's reading."""
        failures = 0
        while True:
            try:
                async with await connect("passing", CHANNEL) as connection:
                    failures = 0
                    async for notice in connection.notifies():
                        self.pass_on(notice.payload)
            except Exception as error:  # the next connection listens again; what was said meanwhile is not missed
                failures += 1
                log.warning("who is typing is not told for a moment", error=str(error), failures=failures)
            await asyncio.sleep(pause(failures))

    def pass_on(self, text: str) -> None:
        try:
            passing = passing_of(text)
        except (KeyError, TypeError, ValueError) as error:
            log.warning("a notification nobody understands", error=str(error))
            return
        self.hub.pass_on(passing)

    async def sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                await self.hub.sweep()
            except Exception as error:  # the database is away; the next round asks again
                log.warning("sessions were not checked", error=str(error))


async def fetch(connection: Connection, query: str, *values: Any) -> list[Any]:
    cursor = await connection.execute(query, values)
    return await cursor.fetchall()


async def sequence(connection: Connection) -> int | None:
    """As stream.sequence_pending(), on our own connection; everything that waits. None when somebody else is at it."""
    total = 0
    alone: bool
    moved: int
    while True:
        ((alone, moved, _),) = await fetch(connection, SEQUENCE, BATCH)
        if not alone:
            return None
        total += moved
        if moved < BATCH:
            return total


async def read(connection: Connection, after: int, limit: int) -> list[Row]:
    return [row_of(values) for values in await fetch(connection, READ, after, limit)]


async def beat(connection: Connection) -> None:
    await connection.execute(BEAT, [LIVE])
