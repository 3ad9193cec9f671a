"""One open stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from zhike.web.live.telling import Told

Send = Callable[[dict[str, Any]], Awaitable[None]]

LONGEST_QUEUE = 500
"""Chunks that wait for a slow client before it is cut. It comes back with its Last-Event-ID and misses nothing."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose stream it is: a session, its member of staff (0: a visitor's of the web chat), and every principal he answers to."""

    session_key: str
    staff_id: int
    keys: frozenset[str]


class Client:
    """A stream's queue and its place. Everything here runs on the event loop."""

    __slots__ = ("account", "closed", "position", "queue", "task", "topics", "waiter")

    def __init__(self, account: Account, topics: frozenset[str], position: int) -> None:
        self.account = account
        self.topics = topics
        """Empty: everything the viewer may hear."""
        self.position = position
        """Of the newest fact that stands in the queue or was sent."""
        self.queue: deque[bytes] = deque()
        self.waiter: asyncio.Future[None] | None = None
        self.task: asyncio.Task[Any] | None = None
        self.closed = False

    def wants(self, told: Told) -> bool:
        """True when this viewer is in the fact's audience and asked for its topic; the object's gate comes on top."""
        return (not self.topics or not self.topics.isdisjoint(told.topics)) and not self.account.keys.isdisjoint(
            told.audience
        )

    def push(self, told: Told) -> None:
        """Queue a fact, once: a place it has passed already is left out."""
        if told.position > self.position:
            self.position = told.position
            if chunk := self.chunk_of(told):
                self.push_chunk(chunk)

    def chunk_of(self, told: Told) -> bytes:
        """The bytes this viewer is sent of a fact he may hear; nothing where it is not for people outside."""
        return told.chunk if self.account.staff_id else told.outside

    def push_chunk(self, chunk: bytes) -> None:
        if self.closed:
            return
        if len(self.queue) >= LONGEST_QUEUE:
            self.cut()
            return
        self.queue.append(chunk)
        self.wake()

    def wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def close(self) -> None:
        """End the stream after what stands in the queue."""
        self.closed = True
        self.wake()

    def cut(self) -> None:
        """End the stream at once: it may be stuck in sending."""
        self.close()
        if self.task is not None:
            self.task.cancel()

    async def run(self, send: Send) -> None:
        """Send what comes, several events together when they come faster than they leave, until closed."""
        while True:
            if self.queue:
                body = b"".join(self.queue)
                self.queue.clear()
                await send({"type": "http.response.body", "body": body, "more_body": True})
            elif self.closed:
                return
            else:
                self.waiter = asyncio.get_running_loop().create_future()
                await self.waiter
                self.waiter = None


def close_all(clients: Iterable[Client]) -> None:
    for client in list(clients):
        client.close()
