"""The worker: due clocks, background jobs, seals of the journal, in one process of small memory.

clocks.py    listens and sleeps until the next clock is due, to the millisecond
router.py    gives out what waits: what time brings, and what a process that died left lying
parts.py     keeps every part running through failures and restarts of PostgreSQL
webhooks.py  sends deliveries: one receiver at a time in order, all receivers at once
mail.py      fetches and sends mails, in a process of its own (`zhike mail`) that runs while there is a mailbox
jobs.py      Procrastinate's worker on the same loop
"""

from __future__ import annotations

import asyncio
import signal

from django.db import DEFAULT_DB_ALIAS, connections

from zhike.web.worker.parts import work_until


def run() -> None:
    """Work until TERM or Ctrl-C. Django must be set up, and no connection made."""
    keep_own_connections()
    asyncio.run(_run())


def keep_own_connections() -> None:
    """A connection for each thread instead of a pool: threads are few, and after a restart of PostgreSQL the next
    attempt is made at once, where a pool waits longer and longer between two.
    """
    database = connections.settings[DEFAULT_DB_ALIAS]
    database["OPTIONS"].pop("pool", None)
    database["CONN_MAX_AGE"] = None
    database["CONN_HEALTH_CHECKS"] = True


async def _run() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await work_until(stop)
