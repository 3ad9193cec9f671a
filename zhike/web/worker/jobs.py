"""Background jobs, run in the worker's own process."""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.psycopg_connector import PsycopgConnector

from zhike.web.listening import connect, plain_parameters

QUEUES: dict[str, tuple[tuple[str, ...], int]] = {"house": (("default", "builtin"), 2), "outside": (("outside",), 8)}
"""Jobs at once, by queue: other houses that hang keep nothing of our own waiting. A queue that is not here is never worked on."""
POLLING = 1.0
"""Seconds; delayed jobs are found by polling only, the others by LISTEN."""
PATIENCE = 3.0
"""Seconds the pool waits for a connection."""
TRIES = 2.0
"""Seconds the pool goes on trying by itself before whoever asks next tries anew; its own pauses grow with the time the server is away."""
GRACE = 3.0
"""Seconds a running job has to finish when the worker stops; then it is queued again by another one."""


def worker_app() -> App:
    """The same tasks on a connector of the worker's own.

    Django's app keeps its connector, so a task that defers another one does it in its own transaction.
    """
    pool: dict[str, Any] = {"min_size": 1, "max_size": 6, "timeout": PATIENCE, "reconnect_timeout": TRIES}
    connector = PsycopgConnector(kwargs=plain_parameters(), **pool)
    ours = App(connector=connector, worker_defaults=app.worker_defaults)
    ours.tasks, ours.periodic_registry = app.tasks, app.periodic_registry
    return ours


async def run_jobs(*, wait: bool = True) -> None:
    """Work on queued jobs until cancelled, without `wait` until none is left; what runs then has GRACE seconds to finish.

    Without a server this fails at once and is begun again by the worker, where a pool that opens waits for half a minute. Periodic jobs
    are queued by Django's app, in the one thread asgiref keeps for that: a connection there that died with the server is dropped.
    """
    await (await connect("jobs")).close()
    await sync_to_async(close_old_connections)()
    async with worker_app().open_async() as ours, asyncio.TaskGroup() as group:
        for name, (queues, at_once) in QUEUES.items():
            group.create_task(
                ours.run_worker_async(
                    queues=list(queues),
                    concurrency=at_once,
                    name=name,
                    wait=wait,
                    fetch_job_polling_interval=POLLING,
                    shutdown_graceful_timeout=GRACE,
                    install_signal_handlers=False,
                )
            )
