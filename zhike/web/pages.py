"""Django's pages behind the server: a request is read whole, answered by one of a few threads, and the answer handed over in one piece.

The bridge of a2wsgi goes back to the event loop for each part of the request and of the answer, and waits there each time: a third of the
time of a page went into that, and two slow senders would have kept two threads from everybody else. Its environ is used as it is.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import Any, cast

from a2wsgi.wsgi import build_environ

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

IN_MEMORY = 1024 * 1024
"""Bytes of a request's body kept in memory; a longer one waits on the disk."""
LONGEST_BODY = 1024 * 1024 * 1024
"""Bytes: a file of a million customers has a tenth of it."""


class Pages:
    """An ASGI application around a WSGI one: `at_once` requests are worked on at a time, in the order they came; `long` more threads hand
    over long answers to slow readers.

    Python runs one thread at a time. Eight that take turns every few milliseconds answered a quarter fewer pages than two.
    """

    def __init__(self, application: Wsgi, long: int, at_once: int) -> None:
        self.application = application
        self.turns = ThreadPoolExecutor(at_once, "pages")
        self.long = ThreadPoolExecutor(long, "long-answers")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        with SpooledTemporaryFile(IN_MEMORY) as body:
            if (refused := await read_whole(receive, body)) is not None:
                await refuse(refused, send)
                return
            exchange = Exchange(loop, send)
            run = contextvars.copy_context().run
            environ = cast(dict[str, Any], build_environ(cast(Any, scope), cast(Any, body)))
            answer = await loop.run_in_executor(self.turns, run, exchange.answer, self.application, environ)
            if isinstance(answer, bytes):
                await send(exchange.head())
                await send({"type": "http.response.body", "body": answer})
            else:
                await loop.run_in_executor(self.long, run, exchange.send_parts, answer)


async def read_whole(receive: Receive, body: Any) -> int | None:
    """Write what is received into `body` and go back to its beginning. None when all is there; else the status that is left to say: 413
    for too much, 400 to a sender who stopped half-way: nothing is done with half a form.
    """
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return 400
        body.write(message.get("body", b""))
        more = message.get("more_body", False)
        if body.tell() > LONGEST_BODY:
            return 413
    body.seek(0)
    return None


async def refuse(status: int, send: Send) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": b""})


class Exchange:
    """One request and its answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop, send: Send) -> None:
        self.loop = loop
        self.send = send
        self.status = 500
        self.headers: Headers = []

    def answer(self, application: Wsgi, environ: dict[str, Any]) -> bytes | Any:
        """In a thread: the whole body; of a long answer the parts that are still to be made and sent."""
        found = application(environ, self.start)
        return found if getattr(found, "streaming", True) else self.whole(found)

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

    def send_parts(self, parts: Any) -> None:
        """In a thread of long answers: each part when the one before has been taken, so that a slow reader does not fill our memory."""
        try:
            waiting: Any = self.head()
            for part in parts:
                self.hand_over(waiting)
                waiting = {"type": "http.response.body", "body": part, "more_body": True}
            self.hand_over(waiting)
            self.hand_over({"type": "http.response.body", "body": b""})
        finally:
            getattr(parts, "close", lambda: None)()

    def hand_over(self, message: dict[str, Any]) -> None:
        async def sent() -> None:
            await self.send(message)

        asyncio.run_coroutine_threadsafe(sent(), self.loop).result()
