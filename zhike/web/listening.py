"""Connections that wait for news from PostgreSQL, and threads that borrow one for a moment.

The live feed and the worker share this; nothing here knows what the news is about.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg
from django.db import close_old_connections
from django.db import connection as django_connection

Connection = psycopg.AsyncConnection[Any]
T = TypeVar("T")

LONGEST_PAUSE = 2.0
"""Seconds at most between two attempts to reach PostgreSQL."""
DJANGO_ONLY = ("pool", "cursor_factory", "context")


def plain_parameters() -> dict[str, Any]:
    """How to reach the product's database with psycopg alone."""
    parameters: dict[str, Any] = django_connection.get_connection_params()
    return {name: value for name, value in parameters.items() if name not in DJANGO_ONLY}


async def connect(name: str, *channels: str) -> Connection:
    """A connection in autocommit that listens to `channels`. A dead network is noticed within half a minute."""
    opening = asyncio.ensure_future(_open(name, channels))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:  # it is opened to its end and closed: half-way nobody would
        with contextlib.suppress(psycopg.Error):
            await (await opening).close()
        raise


async def _open(name: str, channels: Sequence[str]) -> Connection:
    alive = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
    parameters = plain_parameters() | alive | {"application_name": f"zhike {name}"}
    connection = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
    for channel in channels:
        await connection.execute(f"LISTEN {channel}")
    return connection


async def wait_for_news(connection: Connection, seconds: float) -> None:
    """Until somebody else's notification comes, or came while we were busy; `seconds` at most."""
    ourselves = connection.info.backend_pid
    async with contextlib.aclosing(connection.notifies(timeout=seconds)) as news:
        async for notice in news:
            if notice.pid != ourselves:
                return


def pause(failures: int) -> float:
    """Seconds before the next attempt: 0.1 doubled each time, spread so that many processes do not come at once."""
    return min(LONGEST_PAUSE, 0.1 * 2.0 ** min(failures, 8)) * random.uniform(0.5, 1.0)  # noqa: S311


def give_back() -> None:
    """Call it in a thread: the connection it keeps goes back to the pool."""
    django_connection.close()


def with_kept_connection(work: Callable[..., T], *arguments: Any) -> T:
    """Call `work` in a thread that keeps its connection of Django's, and takes another when that has died."""
    try:
        return work(*arguments)
    except BaseException:
        django_connection.close()
        raise


def with_connection(work: Callable[..., T], *arguments: Any) -> T:
    """Call `work` in a thread that keeps no connection of Django's afterwards, and begins with none that has died."""
    close_old_connections()
    try:
        return work(*arguments)
    finally:
        close_old_connections()
