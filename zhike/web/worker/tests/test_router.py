from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from zhike.lib import clock
from zhike.web.listening import with_connection
from zhike.web.worker.router import BUSY, LONGEST_SLEEP, RouterWork, run_router

pytestmark = pytest.mark.django_db(transaction=True)

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
PATIENCE = 20
"""Seconds before the test gives up; it waits for none of them when all is well."""


@pytest.mark.parametrize(
    ("next_moment", "seconds"),
    [
        (None, LONGEST_SLEEP),
        (NOON + dt.timedelta(hours=1), LONGEST_SLEEP),
        (NOON + dt.timedelta(milliseconds=1500), 1.5),
        (NOON - dt.timedelta(seconds=3), BUSY),
    ],
)
def test_the_router_sleeps_exactly_until_the_next_moment(
    monkeypatch: pytest.MonkeyPatch, next_moment: dt.datetime | None, seconds: float
) -> None:
    monkeypatch.setattr(clock, "_source", lambda: NOON)
    assert RouterWork(lambda _: 0, lambda: next_moment).turn() == seconds


def test_news_of_somebody_ready_end_the_sleep() -> None:
    looks = 0

    def look(_now: dt.datetime) -> int:
        nonlocal looks
        looks += 1
        return 0

    async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(None, with_connection, work, *arguments)

    async def play() -> None:
        turned = asyncio.Event()
        running = asyncio.create_task(run_router(in_thread, turned.set, RouterWork(look, lambda: None)))
        await asyncio.wait_for(turned.wait(), PATIENCE)
        turned.clear()
        await in_thread(notify)
        await asyncio.wait_for(turned.wait(), LONGEST_SLEEP - 1)
        running.cancel()

    asyncio.run(play())
    assert looks >= 2


def notify() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('router', '')")
