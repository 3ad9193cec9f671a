"""Deliveries from the journal to receivers on the loopback, through the worker's own loop."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from pytest_django.fixtures import Settings

from zhike.channels.http import Line
from zhike.channels.tests.receiver import Receiver, answers, drops, hangs, receiver, says
from zhike.client.webhooks import read_event
from zhike.journal.stream import sequence_all
from zhike.lib import clock
from zhike.web.listening import with_connection
from zhike.web.tests.world import World, in_time_of
from zhike.web.worker.webhooks import Webhooks
from zhike.webhooks import delivering
from zhike.webhooks.actions import change_secret, create_subscription, replay_deliveries
from zhike.webhooks.delivering import Parcel
from zhike.webhooks.models import Attempt, Delivery, Subscription
from zhike.webhooks.tests.hooks import KNOWN, wish

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 20.0
LINE = Line(frozenset({"127.0.0.1"}), 2.0, 0.6)


@pytest.fixture
def world(transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    settings.WEBHOOK_HOSTS = frozenset({"127.0.0.1"})
    monkeypatch.setattr(delivering, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(delivering, "GROWS", 1.0)
    made = World()
    before = in_time_of(made)
    yield made
    clock.install(before)


def subscribe(world: World, there: Receiver, owner: str = "agent", **more: Any) -> tuple[Subscription, str]:
    return create_subscription(
        wish(world, owner, address=there.address, **more), KNOWN, by=world.viewer("boss"), now=world.now
    )


async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.to_thread(with_connection, work, *arguments)


def play(story: Callable[[Watched], Awaitable[None]]) -> None:
    """Run the worker's part for webhooks beside a story."""

    async def both() -> None:
        hooks = Watched()
        running = asyncio.create_task(hooks.run())
        try:
            await asyncio.wait_for(story(hooks), PATIENCE)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(both())


class Watched(Webhooks):
    """Says when an attempt was written down."""

    def __init__(self) -> None:
        super().__init__(LINE, in_thread)
        self.news = asyncio.Condition()

    async def send(self, parcel: Parcel) -> bool:
        goes_on = await super().send(parcel)
        async with self.news:
            self.news.notify_all()
        return goes_on

    async def until(self, condition: Callable[[], bool]) -> None:
        async with self.news:
            while not await in_thread(condition):
                await self.news.wait()


def settled(count: int) -> Callable[[], bool]:
    return lambda: Delivery.objects.filter(state="delivered").count() >= count


def numbers(there: Receiver) -> list[str]:
    return [json.loads(received.body)["case"]["number"] for received in there.received]


def test_what_happens_arrives_signed_and_in_order(world: World) -> None:
    with receiver(answers(200, "ok")) as there:
        _, secret = subscribe(world, there)
        cases = [world.ticket().number for _ in range(5)]
        sequence_all()
        play(lambda hooks: hooks.until(settled(5)))
        assert numbers(there) == cases
        for received in there.received:
            now = clock.wall().timestamp()
            event = read_event(received.body, received.headers["Zhike-Signature"], [secret], now=now)
            assert event["id"] == received.headers["Zhike-Delivery"]


def test_retries_keep_the_order_and_the_id(world: World) -> None:
    behaviours = [
        answers(200),
        answers(500),
        drops,
        answers(302, "", "Location: http://127.0.0.1/"),
        says(b"what\r\n\r\n"),
        answers(200),
    ]
    with receiver(*behaviours) as there:
        subscribe(world, there)
        one, two, three = (world.ticket().number for _ in range(3))
        sequence_all()
        play(lambda hooks: hooks.until(settled(3)))
        assert numbers(there) == [one, two, two, two, two, two, three]
        ids = [received.headers["Zhike-Delivery"] for received in there.received]
        assert len(set(ids)) == 3
        assert [received.headers["Zhike-Attempt"] for received in there.received] == ["1", "1", "2", "3", "4", "5", "1"]
        noted = list(Attempt.objects.order_by("pk").values_list("status", "fault"))
        assert noted == [(200, ""), (500, ""), (0, "dropped"), (302, ""), (0, "garbage"), (200, ""), (200, "")]


def test_a_receiver_that_hangs_delays_nobody_else(world: World) -> None:
    with receiver(hangs) as silent, receiver(answers(200)) as lively:
        for _ in range(8):
            subscribe(world, silent)
        quick, _ = subscribe(world, lively)
        cases = [world.ticket().number for _ in range(4)]
        sequence_all()

        def delivered() -> bool:
            return Delivery.objects.filter(subscription=quick, state="delivered").count() == 4

        async def story(hooks: Watched) -> None:
            hooks.line = Line(LINE.inside, 2.0, 60.0)  # the silent ones would take a minute each
            await hooks.until(delivered)

        play(story)
        assert numbers(lively) == cases
        assert not Delivery.objects.exclude(subscription=quick).filter(state="delivered").exists()


def test_both_secrets_are_good_while_they_change(world: World) -> None:
    with receiver(answers(200)) as there:
        hook, old = subscribe(world, there)
        _, new = change_secret(hook.pk, by=world.viewer("boss"), now=world.now, wall=clock.wall())
        world.ticket()
        sequence_all()
        play(lambda hooks: hooks.until(settled(1)))
        (received,) = there.received
        for secret in (old, new):
            read_event(received.body, received.headers["Zhike-Signature"], [secret], now=clock.wall().timestamp())


def test_a_replay_sends_the_same_bytes_under_the_same_id(world: World) -> None:
    with receiver(answers(200)) as there:
        hook, _ = subscribe(world, there)
        world.ticket()
        sequence_all()
        play(lambda hooks: hooks.until(settled(1)))
        replay_deliveries(hook.pk, 0, 2**62, by=world.viewer("boss"), now=world.now, wall=clock.wall())
        play(lambda hooks: hooks.until(settled(1)))
        first, second = there.received
        assert (first.body, first.headers["Zhike-Delivery"]) == (second.body, second.headers["Zhike-Delivery"])


def test_one_worker_sends_at_a_time(world: World) -> None:
    with receiver(answers(200)) as there:
        subscribe(world, there)
        cases = [world.ticket().number for _ in range(10)]
        sequence_all()

        async def story(hooks: Watched) -> None:
            other = Watched()
            other.news = hooks.news
            running = asyncio.create_task(other.run())
            await hooks.until(settled(10))
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        play(story)
        assert numbers(there) == cases


KILLED = """
import asyncio, os, sys, django
sys.path.insert(0, os.getcwd())
django.setup()
from django.db import connections
connections.settings["default"]["NAME"] = sys.argv[1]
from zhike.web.worker import webhooks
from zhike.web.worker.tests.test_webhooks import in_thread
from zhike.channels.http import Line

def dies(*_):
    os.kill(os.getpid(), 9)

webhooks._note = dies  # the receiver has answered; the note of it is never written
asyncio.run(webhooks.Webhooks(Line(frozenset({"127.0.0.1"})), in_thread).run())
"""


def test_killed_between_the_answer_and_the_note_it_is_sent_again(world: World) -> None:
    """Once more, under the same id; nothing is lost, and what follows comes after it."""
    with receiver(answers(200)) as there:
        subscribe(world, there)
        one, two = (world.ticket().number for _ in range(2))
        sequence_all()
        name = str(connection.settings_dict["NAME"])
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "zhike.settings", "DATABASE_URL": database_url()}
        environment["ZHIKE_HOME"] = str(django_settings.ZHIKE_HOME)
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, name], env=environment, timeout=60, check=False, capture_output=True
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
        assert numbers(there) == [one]
        assert Delivery.objects.filter(state="waiting").count() == 2
        play(lambda hooks: hooks.until(settled(2)))
        assert numbers(there) == [one, one, two]
        assert there.received[0].headers["Zhike-Delivery"] == there.received[1].headers["Zhike-Delivery"]


def database_url() -> str:
    fields = connection.settings_dict
    return f"postgresql://{fields['USER']}:{fields['PASSWORD']}@/{fields['NAME']}?host={fields['HOST']}&port={fields['PORT']}"


def test_a_lost_database_only_delays(world: World) -> None:
    with receiver(answers(200)) as there:
        subscribe(world, there)

        async def story(hooks: Watched) -> None:
            with contextlib.suppress(Exception):
                await in_thread(hang_up)
            restarted = asyncio.create_task(hooks.run())
            number = await in_thread(lambda: world.ticket().number)
            await in_thread(sequence_all)
            await hooks.until(settled(1))
            assert numbers(there) == [number]
            restarted.cancel()
            await asyncio.gather(restarted, return_exceptions=True)

        play(story)


def hang_up() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'zhike webhooks'"
        )


def test_news_is_sent_at_once(world: World) -> None:
    """The loop is woken: it does not sleep its five seconds out."""
    with receiver(answers(200)) as there:
        subscribe(world, there)

        async def story(hooks: Watched) -> None:
            began = clock.wall()
            await in_thread(world.ticket)
            await in_thread(sequence_all)
            await hooks.until(settled(1))
            assert clock.wall() - began < dt.timedelta(seconds=4)

        play(story)
        there.wait_for(1)
