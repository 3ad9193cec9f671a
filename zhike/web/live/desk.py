"""Questions to the database put together: whoever asks while an answer is under way shares the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Desk(Generic[K, V]):
    """Answers keys with values, for thousands of clients that come back at once with a few queries.

    An answer is never older than the question: one that is under way already was put before, so the next one is waited for.
    """

    def __init__(
        self, look_up: Callable[[Collection[K]], Mapping[K, V]], in_thread: Callable[..., Awaitable[Any]]
    ) -> None:
        self.look_up = look_up
        self.in_thread = in_thread
        self.wanted: set[K] = set()
        self.next: asyncio.Task[Mapping[K, V]] | None = None
        self.current: asyncio.Task[Mapping[K, V]] | None = None

    async def ask(self, keys: Collection[K]) -> Mapping[K, V]:
        """Values of at least these keys; a key nobody knows is left out."""
        if not keys:
            return {}
        self.wanted.update(keys)
        if self.next is None:
            self.next = asyncio.create_task(self.answer(self.current))
        return await asyncio.shield(self.next)

    async def answer(self, before: asyncio.Task[Mapping[K, V]] | None) -> Mapping[K, V]:
        if before is not None:
            await asyncio.wait({before})
        wanted, self.wanted = self.wanted, set()
        self.current, self.next = self.next, None
        answer: Mapping[K, V] = await self.in_thread(self.look_up, wanted)
        return answer
