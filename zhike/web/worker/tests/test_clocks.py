import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.db import connection

from zhike.journal.tests.happenings import another_session
from zhike.lib import clock
from zhike.web.listening import with_connection
from zhike.web.worker.clocks import BUSY, LONGEST_SLEEP, ClockWork, run_clocks
from zhike.web.worker.parts import keep_running

pytestmark = pytest.mark.django_db(transaction=True)

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
PATIENCE = 20
"""Seconds before a test gives up; none waits that long when all is well."""


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_source", lambda: NOON)


def work(next_moment: dt.datetime | None) -> ClockWork:
    return ClockWork(lambda _: 0, lambda: next_moment)


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("next_moment", "seconds"),
    [
        (None, LONGEST_SLEEP),
        (NOON + dt.timedelta(hours=1), LONGEST_SLEEP),
        (NOON + dt.timedelta(milliseconds=1500), 1.5),
        (NOON - dt.timedelta(seconds=3), BUSY),
    ],
)
def test_the_worker_sleeps_exactly_until_the_next_moment(next_moment: dt.datetime | None, seconds: float) -> None:
    assert work(next_moment).turn() == seconds


class Turns:
    """Counts the turns of a clock loop and lets a test wait for one."""

    def __init__(self) -> None:
        self.count = 0
        self.news = asyncio.Condition()

    async def turned(self) -> None:
        async with self.news:
            self.count += 1
            self.news.notify_all()

    async def reach(self, count: int) -> None:
        async with self.news:
            await asyncio.wait_for(self.news.wait_for(lambda: self.count >= count), PATIENCE)


async def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.to_thread(with_connection, function, *arguments)


def watch(story: Callable[[Turns], Awaitable[None]], part: Callable[[Turns], Callable[[], Awaitable[None]]]) -> None:
    async def play() -> None:
        turns = Turns()
        running = asyncio.create_task(keep_running("clocks", part(turns)))
        try:
            await story(turns)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(play())


def sleepy(turns: Turns) -> Callable[[], Awaitable[None]]:
    """A clock loop that would sleep for minutes."""

    async def turn(function: Callable[..., Any], *arguments: Any) -> float:
        await turns.turned()
        return 300.0

    return lambda: run_clocks(turn, lambda: None, work(None))


def notify() -> None:
    with another_session() as session:
        session.execute("NOTIFY clocks")
        session.commit()


def hang_up() -> int:
    """Terminate the loop's connection; answers how many there were."""
    with another_session() as session:
        found = session.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'zhike clocks'"
        ).fetchone()
        assert found is not None
        return int(found[0])


def test_a_change_ends_the_sleep_at_once() -> None:
    async def story(turns: Turns) -> None:
        await turns.reach(1)
        await asyncio.to_thread(notify)
        await turns.reach(2)

    watch(story, sleepy)


def test_a_lost_connection_is_made_anew_and_the_clocks_are_looked_at_again() -> None:
    async def story(turns: Turns) -> None:
        await turns.reach(1)
        assert await asyncio.to_thread(hang_up) == 1
        await turns.reach(2)
        await asyncio.to_thread(notify)
        await turns.reach(3)

    watch(story, sleepy)


def test_a_failing_part_is_started_again() -> None:
    def part(turns: Turns) -> Callable[[], Awaitable[None]]:
        async def fail() -> None:
            await turns.turned()
            raise ConnectionError("no database")

        return fail

    watch(lambda turns: turns.reach(3), part)


def test_a_thread_survives_the_end_of_its_connection() -> None:
    def ask() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    async def story() -> None:
        pid = await in_thread(ask)
        with another_session() as session:
            session.execute("SELECT pg_terminate_backend(%s)", [pid])
        assert await in_thread(ask) != pid

    asyncio.run(story())
