"""Connections of browsers at the least cost: a stream that is listened to, and one on which requests go out one after the other."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

from zhike.lib.clock import wall

WRITTEN = re.compile(rb'"type":"conversation\.written".*?"number":"([^"]+)","seq":(\d+)')
STATUS = re.compile(rb"HTTP/1\.1 (\d+)")
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
BEGAN = wall().timestamp() - time.perf_counter()
Hear = Callable[[float, bytes, int], None]


def seconds() -> float:
    """Seconds of the wall, which go on evenly: comparable with the moments PostgreSQL notes."""
    return BEGAN + time.perf_counter()


class Stream(asyncio.Protocol):
    """A live stream: every message it tells of is handed on with the moment it came."""

    def __init__(self, request: bytes, ready: Callable[[bool], None], hear: Hear) -> None:
        self.request, self.ready, self.hear = request, ready, hear
        self.tail = b""
        self.open = self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        now = seconds()
        text = self.tail + data
        whole, _, self.tail = text.rpartition(b"\n\n")
        if not self.open and b"event: ready" in whole:
            self.open = True
            self.ready(True)
        for number, seq in WRITTEN.findall(whole):
            self.hear(now, number, int(seq))

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.open:
            self.ready(False)


class Line(asyncio.Protocol):
    """A connection that is kept open; one request at a time. `done(status, body)` is called with status 0 when it broke."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.done: Callable[[int, bytes], None] | None = None
        self.text = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, request: bytes, done: Callable[[int, bytes], None]) -> None:
        assert self.transport is not None
        self.done = done
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.text += data
        head, end, body = self.text.partition(b"\r\n\r\n")
        found = LENGTH.search(head) if end else None
        if found is None or len(body) < int(found[1]):
            return
        self.text = b""
        status = STATUS.match(head)
        self._answer(int(status[1]) if status else 0, body)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.text = b""
        self._answer(0, b"")

    def _answer(self, status: int, body: bytes) -> None:
        done, self.done = self.done, None
        if done is not None:
            done(status, body)
