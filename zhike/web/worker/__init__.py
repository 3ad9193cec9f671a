"""The worker: due clocks, background jobs, seals of the journal, in one process of small memory.

clocks.py    listens and sleeps until the next clock is due, to the millisecond
parts.py     keeps every part running through failures and restarts of PostgreSQL
jobs.py      Procrastinate's worker on the same loop
"""

from __future__ import annotations

import asyncio
import signal

from zhike.web.worker.parts import work_until


def run() -> None:
    """Work until TERM or Ctrl-C. Django must be set up."""
    asyncio.run(_run())


async def _run() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await work_until(stop)
