"""The parts of a worker, each started again when it fails."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from django.conf import settings

from zhike.journal.heartbeats import ALIVE_FOR, WORKER, beat
from zhike.journal.seals import seal_range
from zhike.journal.stream import sequence_all
from zhike.web.cli.processes import die_with_parent
from zhike.web.listening import pause, with_connection
from zhike.web.worker.clocks import real_clock_work, run_clocks
from zhike.web.worker.jobs import run_jobs
from zhike.web.worker.mail import anything_to_do
from zhike.web.worker.router import real_router_work, run_router
from zhike.web.worker.webhooks import Webhooks, real_line

log = structlog.get_logger("zhike.worker")

BEAT_EVERY = 3.0
SEAL_EVERY = 5.0
LOOK_FOR_MAILBOXES = 5.0
CALM = 30.0
"""Seconds a part must have run for its next failure to count as the first."""

Part = Callable[[], Awaitable[None]]


class Worker:
    """One process's parts and the threads they use for the database."""

    def __init__(self) -> None:
        # One thread each for clocks and for the rest: a long batch of seals never makes a clock late.
        self.clock_thread = ThreadPoolExecutor(1, "clocks")
        self.thread = ThreadPoolExecutor(1, "worker")
        self.hook_threads = ThreadPoolExecutor(2, "webhooks")
        self.router_thread = ThreadPoolExecutor(1, "router")
        self.turns: dict[str, float] = {}
        """When each part that must not stand still last did something, by the loop's time."""

    def parts(self) -> dict[str, Part]:
        """In the sandbox the page moves the time, and fires what becomes due; the wall clock has no say."""
        parts: dict[str, Part] = {
            "jobs": run_jobs,
            "seals": self.seal,
            "sign of life": self.beat,
            "webhooks": self.webhooks,
            "mail": self.mail,
        }
        if not settings.SANDBOX:
            parts["clocks"] = self.clocks
            parts["router"] = self.router
        return parts

    async def clocks(self) -> None:
        await run_clocks(self.in_clock_thread, lambda: self.turned("clocks"), real_clock_work())

    async def router(self) -> None:
        await run_router(self.in_router_thread, lambda: self.turned("router"), real_router_work())

    async def webhooks(self) -> None:
        await Webhooks(real_line(), self.in_hook_thread).run()

    async def mail(self) -> None:
        """`zhike mail` runs while there is a mailbox; it ends with us, and is started again when it died."""
        while not await self.in_thread(anything_to_do):
            await asyncio.sleep(LOOK_FOR_MAILBOXES)
        arrange = die_with_parent(signal.SIGTERM)
        child = await asyncio.create_subprocess_exec(sys.executable, "-m", "zhike", "mail", preexec_fn=arrange)
        try:
            await child.wait()
        finally:
            if child.returncode is None:
                child.terminate()
                await child.wait()

    async def seal(self) -> None:
        while True:
            await self.in_thread(sequence_all)
            # A batch at a time: after a long import the sign of life goes on, and a stop is heard.
            while await self.in_thread(seal_range):
                self.turned("seals")
            self.turned("seals")
            await asyncio.sleep(SEAL_EVERY)

    async def beat(self) -> None:
        """Say we are alive, unless a part stands still."""
        while True:
            if stuck := self.standing_still():
                log.error("a part of the worker stands still", parts=stuck)
            else:
                await self.in_thread(beat, WORKER)
            await asyncio.sleep(BEAT_EVERY)

    def turned(self, part: str) -> None:
        self.turns[part] = asyncio.get_running_loop().time()

    def standing_still(self) -> list[str]:
        moment = asyncio.get_running_loop().time()
        return [part for part, turned in self.turns.items() if moment - turned > ALIVE_FOR]

    async def in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.thread, with_connection, work, *arguments)

    async def in_clock_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.clock_thread, with_connection, work, *arguments)

    async def in_router_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.router_thread, with_connection, work, *arguments)

    async def in_hook_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.hook_threads, with_connection, work, *arguments)


async def work_until(stop: asyncio.Event) -> None:
    """Run every part until `stop` is set, then let running jobs finish."""
    worker = Worker()
    for part in worker.parts():
        if part in ("clocks", "router", "seals"):
            worker.turned(part)
    running = [asyncio.create_task(keep_running(name, part)) for name, part in worker.parts().items()]
    await stop.wait()
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def told(error: BaseException) -> str:
    """What went wrong, and what lies behind it: a group of errors says nothing by itself, nor does a driver's error put in another's."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(dict.fromkeys(told(each) for each in error.exceptions))
    words = f"{type(error).__name__}: {error}"
    return f"{words} ({told(error.__cause__)})" if error.__cause__ else words


async def keep_running(name: str, part: Part) -> None:
    """Start the part, and start it again whenever it ends, after a pause that grows while it keeps failing."""
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        began = loop.time()
        try:
            await part()
            log.warning("a part of the worker ended", part=name)
        except Exception as error:
            failures = 1 if loop.time() - began > CALM else failures + 1
            log.warning("a part of the worker failed", part=name, error=told(error), failures=failures)
        await asyncio.sleep(pause(failures))
