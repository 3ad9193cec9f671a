"""A browser's side of the live feed, for tests: streams that keep a ledger of what they heard."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from zhike.journal.actions import NewFact
from zhike.journal.tests.happenings import another_session, bell, write_in
from zhike.org.models import Assignment, Staff
from zhike.org.sessions import SessionStore
from zhike.web.asgi import Application

PATIENCE = 30
"""Seconds before a test gives up; none waits that long when all is well."""


def sign_in(username: str, *roles: str) -> str:
    """A member of staff of the house "shop" with these roles, signed in; answers the session's key."""
    staff = Staff.objects.create(username=username, name=username, password="!")
    Assignment.objects.bulk_create(Assignment(staff=staff, handbook="shop", role=role) for role in roles)
    session = SessionStore()
    session[SESSION_KEY] = str(staff.pk)
    session[BACKEND_SESSION_KEY] = "zhike.org.backend.StaffBackend"
    session[HASH_SESSION_KEY] = staff.get_session_auth_hash()
    session.save()
    assert session.session_key is not None
    return session.session_key


class Stream:
    """One open GET /live. `heard` is its ledger: the payload's `times` of every fact, in order."""

    def __init__(self, product: Application, session_key: str, after: int | None = None, subjects: str = "") -> None:
        self.product = product
        cookie = f"{settings.SESSION_COOKIE_NAME}={session_key}".encode()
        place = [] if after is None else [(b"last-event-id", str(after).encode())]
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": "/live",
            "query_string": f"subjects={subjects}".encode(),
            "headers": [(b"cookie", cookie), *place],
        }
        self.status = 0
        self.messages: list[dict[str, Any]] = []
        self.last_id = after
        self.news = asyncio.Condition()
        self.leaving = asyncio.Event()
        self.stuck: asyncio.Event | None = None
        """While not set, the network takes nothing more."""
        self.task = asyncio.create_task(self.open())

    @property
    def heard(self) -> list[int]:
        return [message["payload"]["times"] for message in self.messages if "payload" in message]

    @property
    def controls(self) -> list[str]:
        return [message["event"] for message in self.messages if "event" in message]

    async def open(self) -> None:
        try:
            await self.product(self.scope, self.receive, self.send)
        finally:
            async with self.news:
                self.news.notify_all()

    async def receive(self) -> dict[str, Any]:
        await self.leaving.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if self.stuck is not None:
            await self.stuck.wait()
        if self.leaving.is_set():
            return
        self.status = message.get("status", self.status)
        for block in message.get("body", b"").decode().split("\n\n"):
            self.take(dict(line.split(": ", 1) for line in block.split("\n") if ": " in line))
        async with self.news:
            self.news.notify_all()

    def take(self, fields: dict[str, str]) -> None:
        if "id" in fields:
            self.last_id = int(fields["id"])
        if "event" in fields:
            self.messages.append({"event": fields["event"]})
        elif "data" in fields:
            self.messages.append(json.loads(fields["data"]))

    async def until(self, true: Callable[[Stream], bool]) -> Stream:
        async with self.news:
            await asyncio.wait_for(self.news.wait_for(lambda: true(self)), PATIENCE)
        return self

    async def ready(self) -> Stream:
        return await self.until(lambda stream: bool(stream.controls))

    async def hears(self, count: int) -> list[int]:
        return (await self.until(lambda stream: len(stream.heard) >= count)).heard

    async def ends(self) -> Stream:
        await asyncio.wait_for(asyncio.wait({self.task}), PATIENCE)
        return self

    async def leave(self) -> int | None:
        """Close the tab; answers the id the browser would come back with."""
        self.leaving.set()
        await self.ends()
        return self.last_id


@asynccontextmanager
async def running() -> AsyncIterator[Application]:
    """The product's own ASGI callable, started and stopped as a server does."""
    product = Application()
    product.start()
    try:
        yield product
    finally:
        await product.stop()


def live(story: Callable[[Application], Awaitable[None]]) -> None:
    """Play a story against one running process."""

    async def play() -> None:
        async with running() as product:
            await story(product)

    asyncio.run(play())


def commit(*facts: NewFact) -> None:
    """Write facts in a transaction of another session, and commit."""
    with another_session() as session:
        write_in(session, *facts)
        session.commit()


async def ring(*times: int, audience: Sequence[str] = ("shop:clerk",), subject: tuple[str, int] = ("house", 1)) -> None:
    """Write one fact after another, each in its own transaction."""
    for number in times:
        await asyncio.to_thread(commit, bell(number, subject=subject, audience=audience))
