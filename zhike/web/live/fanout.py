"""One message after the other to many listeners of one process: how long each waits after the commit."""

from __future__ import annotations

import json
import sys
import time

from django.conf import settings

from zhike.journal.actions import FACTS_CHANNEL, RECORD, NewFact, row_of
from zhike.lib import clock
from zhike.web.listening import Connection, connect
from zhike.web.live.bench import Tally, Ticked, free_port, raise_file_limit, reachable, request, server, streams

MESSAGES = 60
"""A round; each is told to all before the next is written, so that every listener's wait is its own."""


async def one_round(keys: list[str]) -> tuple[list[float], list[float], bool]:
    """(milliseconds of every arrival, of the last arrival of each message, whether everybody heard everything once)."""
    raise_file_limit(len(keys) * 2 + 500)
    port = free_port()
    requests = [request(port, f"cookie: {settings.SESSION_COOKIE_NAME}={key}\r\n") for key in keys]
    async with await connect("bench") as connection:
        with server([sys.executable, "-m", "zhike", "web", "--workers", "1"], PORT=str(port)):
            await reachable(port)
            tally = Tally()
            async with streams(port, requests, tally) as listeners:
                last = await _one_by_one(tally, connection, len(keys))
                right = tally.lost == 0 and all(each.count == len(tally.sent) for each in listeners)
    return [delay * 1000 for delay in tally.delays], last, right


async def _one_by_one(tally: Tally, connection: Connection, count: int) -> list[float]:
    last = []
    for _ in range(MESSAGES):
        heard = len(tally.delays)
        await _write(tally, connection)
        await tally.until(lambda: tally.heard >= len(tally.sent) * count or tally.lost > 0)
        last.append(max(tally.delays[heard:], default=0.0) * 1000)
    return last


async def _write(tally: Tally, connection: Connection) -> None:
    """Counted from the commit; readers are woken after it, as the product wakes them."""
    fact = NewFact(Ticked(), clock.now(), ("bench", 1), "system", "bench", audience=["bench:agent", "bench:lead"])
    tally.sent.append(time.perf_counter())
    await connection.execute(RECORD, [json.dumps([row_of(0, fact)])])
    tally.sent[-1] = time.perf_counter()
    await connection.execute(f"NOTIFY {FACTS_CHANNEL}")
