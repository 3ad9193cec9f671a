"""What the server runs: the live feed by hand, everything else through Django's WSGI handler in a few threads.

Django's own ASGI handler measured four times slower and would hold a database connection for each open stream.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhike.settings")

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

# Django is set up by the first of these.
# isort: off
from zhike.web.wsgi import application as wsgi_application
from zhike.web.health.checks import answer as health_answer
from zhike.web.live.answer import Receive, Scope, answer, refuse
from zhike.web.live.client import Send
from zhike.web.live.feed import Feed
from zhike.web.live.hub import Hub
from zhike.web.live.visitors import answer_visitor
from zhike.web.pages import Pages
from zhike.web.posting.entry import Posting
from zhike.web.settled import settle
# isort: on

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Streaming = Callable[[Hub, Scope, Receive, Send], Awaitable[None]]

LONG_ANSWERS = 16
"""Threads for long answers, which last as long as their readers are slow."""
AT_ONCE = 2
"""How many requests are worked on at a time; the rest wait for their turn."""
FIRST_NEWS = 5.0
"""Seconds a stream waits for the feed to find its place after a start."""


class Application:
    """One process: the hub of its streams, the feed that fills it, and Django."""

    def __init__(self) -> None:
        self.pages: Asgi = Posting(Pages(wsgi_application, LONG_ANSWERS, AT_ONCE))
        self.apart = ThreadPoolExecutor(1, "health")
        """Answers `/healthz` while every other thread waits for the database."""
        self.hub: Hub | None = None
        self.feed: Feed | None = None
        self.feeding: asyncio.Task[None] | None = None
        self.listening = False
        """Whether the stop signals reach us too."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["path"] == "/live":
            await self.stream(answer, scope, receive, send)
        elif scope["path"] == "/chat/live":
            await self.stream(answer_visitor, scope, receive, send)
        elif scope["path"] == "/healthz" and scope["method"] in ("GET", "HEAD"):
            await self.health(send)
        else:
            scope["headers"] = [header for header in scope["headers"] if b"_" not in header[0]]
            await self.pages(scope, receive, send)

    async def live(self, receive: Receive, send: Send) -> None:
        """The server's own start and stop."""
        await receive()
        self.start()
        threading.Thread(target=settle, name="settle", daemon=True).start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    def start(self) -> None:
        self.hub = Hub()
        self.feed = Feed(self.hub)
        self.feeding = asyncio.create_task(self.feed.run())

    async def stop(self) -> None:
        """End every stream, so that browsers go elsewhere at once."""
        if self.hub is not None:
            self.hub.close()
        if self.feeding is not None:
            self.feeding.cancel()
            await asyncio.wait({self.feeding})
        if self.hub is not None:
            await self.hub.end()
        self.hub = self.feed = self.feeding = None

    async def stream(self, answer: Streaming, scope: Scope, receive: Receive, send: Send) -> None:
        if self.hub is None or self.feed is None:  # a server without lifespan
            self.start()
        assert self.hub is not None
        assert self.feed is not None
        self.end_streams_on_signal()
        try:
            await asyncio.wait_for(self.feed.started.wait(), FIRST_NEWS)
        except TimeoutError:
            return await refuse(send, 503, [(b"retry-after", b"2")])
        return await answer(self.hub, scope, receive, send)

    def end_streams_on_signal(self) -> None:
        """The server tells us of its stop only when every answer has ended, and ours do not end by themselves.

        asyncio's own handling goes through a wake-up pipe and is not disturbed by a handler set here.
        """
        if self.listening or threading.current_thread() is not threading.main_thread():
            return
        self.listening = True
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.hang_up(loop, signal.getsignal(number)))

    def hang_up(self, loop: asyncio.AbstractEventLoop, before: Any) -> Callable[[int, FrameType | None], None]:
        def handle(number: int, frame: FrameType | None) -> None:
            if self.hub is not None:
                loop.call_soon_threadsafe(self.hub.close)
            if callable(before):
                before(number, frame)

        return handle

    async def health(self, send: Send) -> None:
        status, body = await asyncio.get_running_loop().run_in_executor(self.apart, health_answer)
        headers: list[Any] = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


application = Application()
