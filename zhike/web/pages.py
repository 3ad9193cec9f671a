"""Django's pages behind the server: requests are answered by a few threads, each answer handed over in one piece.

The bridge of a2wsgi goes back to the event loop for the head, for each part of the body and for its end, and waits there each time; a third
of the time of a page went into that. Its reading of requests is used as it is.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Any, cast

from a2wsgi.wsgi import Body, build_environ

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
Headers = list[tuple[bytes, bytes]]


class Pages:
    """An ASGI application around a WSGI one: `threads` requests are in hand, `at_once` of them are worked on at a time.

    Python runs one thread at a time. Eight that take turns every few milliseconds answered a quarter fewer pages than two.
    """

    def __init__(self, application: Wsgi, threads: int, at_once: int) -> None:
        self.application = application
        self.threads = ThreadPoolExecutor(threads, "pages")
        self.turns = BoundedSemaphore(at_once)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        environ = cast(dict[str, Any], build_environ(cast(Any, scope), Body(loop, receive)))
        exchange = Exchange(loop, send, self.turns)
        context = contextvars.copy_context()
        body = await loop.run_in_executor(self.threads, context.run, exchange.answer, self.application, environ)
        if body is not None:
            await send(exchange.head())
            await send({"type": "http.response.body", "body": body})


class Exchange:
    """One request and its answer."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, send: Callable[[Any], Awaitable[None]], turns: BoundedSemaphore
    ) -> None:
        self.loop = loop
        self.send = send
        self.turns = turns
        self.status = 500
        self.headers: Headers = []

    def answer(self, application: Wsgi, environ: dict[str, Any]) -> bytes | None:
        """In a thread: the whole body; None when it was long and has been sent in parts from here.

        A slow reader of a long answer takes up a thread, but nobody's turn.
        """
        with self.turns:
            found = application(environ, self.start)
            if not getattr(found, "streaming", True):
                return self.whole(found)
        try:
            self.send_parts(found)
        finally:
            getattr(found, "close", lambda: None)()
        return None

    def whole(self, found: Any) -> bytes:
        try:
            return b"".join(found)
        finally:
            found.close()

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        self.status = int(status.partition(" ")[0])
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]

    def head(self) -> dict[str, Any]:
        return {"type": "http.response.start", "status": self.status, "headers": self.headers}

    def send_parts(self, parts: Iterable[bytes]) -> None:
        """Each part when the one before has been taken, so that a slow reader does not fill our memory."""
        waiting: Any = self.head()
        for part in parts:
            self.hand_over(waiting)
            waiting = {"type": "http.response.body", "body": part, "more_body": True}
        self.hand_over(waiting)
        self.hand_over({"type": "http.response.body", "body": b""})

    def hand_over(self, message: dict[str, Any]) -> None:
        async def sent() -> None:
            await self.send(message)

        asyncio.run_coroutine_threadsafe(sent(), self.loop).result()
