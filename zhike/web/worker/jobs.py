"""Background jobs, run in the worker's own process."""

from __future__ import annotations

import asyncio

from django.db import connection
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector

CONCURRENCY = 2
POLLING = 1.0
"""Seconds; delayed jobs are found by polling only, the others by LISTEN."""
GRACE = 3.0
"""Seconds a running job has to finish when the worker stops; then it is queued again by another one."""


def worker_app() -> App:
    """The same tasks on a connector of the worker's own.

    Django's app keeps its connector, so a task that defers another one does it in its own transaction.
    """
    parameters = {name: value for name, value in connector_params(connection.alias).items() if name != "pool"}
    connector = PsycopgConnector(kwargs=parameters, min_size=1, max_size=3)
    ours = App(connector=connector, worker_defaults=app.worker_defaults)
    ours.tasks, ours.periodic_registry = app.tasks, app.periodic_registry
    return ours


async def run_jobs(stop: asyncio.Event) -> None:
    """Work on queued jobs until `stop` is set."""
    async with worker_app().open_async() as ours:
        work = asyncio.ensure_future(
            ours.run_worker_async(
                concurrency=CONCURRENCY,
                fetch_job_polling_interval=POLLING,
                shutdown_graceful_timeout=GRACE,
                install_signal_handlers=False,
            )
        )
        stopped = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            work.cancel()
        await asyncio.gather(work, return_exceptions=True) if stop.is_set() else await work
