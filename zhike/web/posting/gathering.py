"""What is posted while a batch is being written waits for the next one. Alone, a message goes at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

import structlog

from zhike.web.listening import give_back

log = structlog.get_logger("zhike.posting")
P = TypeVar("P")
A = TypeVar("A")

MOST = 64
"""Messages of one batch: no transaction is long."""
APART = 0.008
"""Seconds at least between the beginnings of two batches: where many write, more share one transaction."""


class Gathering(Generic[P, A]):
    """Answers what is posted, many together, in a thread of its own. `answer` gives None for what is not its to answer."""

    def __init__(self, answer: Callable[[Sequence[P]], Sequence[A | None]]) -> None:
        self.answer = answer
        self.thread = ThreadPoolExecutor(1, "posting")
        self.waiting: list[tuple[P, asyncio.Future[A | None]]] = []
        self.at_work: asyncio.Task[None] | None = None

    async def ask(self, posted: P) -> A | None:
        future: asyncio.Future[A | None] = asyncio.get_running_loop().create_future()
        self.waiting.append((posted, future))
        if self.at_work is None:
            self.at_work = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self.waiting:
                began = loop.time()
                batch, self.waiting = self.waiting[:MOST], self.waiting[MOST:]
                answers = await loop.run_in_executor(self.thread, self._answered, [posted for posted, _ in batch])
                for (_, future), answer in zip(batch, answers, strict=True):
                    if not future.done():  # who asked may have gone
                        future.set_result(answer)
                await asyncio.sleep(max(0.0, began + APART - loop.time()))
        finally:
            self.at_work = None
            self.thread.submit(give_back)

    def _answered(self, posted: Sequence[P]) -> Sequence[A | None]:
        """In the thread. Whatever goes wrong, the pages try again, and say it."""
        try:
            return self.answer(posted)
        except Exception as error:
            log.warning("messages go the long way", error=repr(error)[:300], count=len(posted))
            give_back()
            return [None] * len(posted)
