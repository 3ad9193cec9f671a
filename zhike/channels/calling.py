"""One call of another house's interface: a request over HTTP/1.1 whose whole answer is wanted, within times and a size.

Where it may go is decided as for webhooks (`addresses.py`). What matters beside the answer is `reached`: a request that may have arrived
is never simply sent again, because what it asked for may have been done.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from zhike.channels.addresses import BadAddress, Target
from zhike.channels.http import Dropped, Garbage, Line, connected, head_of, request_of

LONGEST = 1024 * 1024
"""Bytes of an answer, unless more is asked for."""
CHUNK_LINE = 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `status` is 0 and `fault` says why where no whole answer came."""

    status: int = 0
    fault: str = ""
    """name, refused, connect, tls, timeout, dropped, garbage or too_large; "" where a whole answer came."""
    data: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in small letters."""
    reached: bool = False
    """The request, or a part of it, went out: the other side may have acted on it."""

    def json(self) -> dict[str, Any]:
        """The answer as an object of JSON; empty where it is none."""
        try:
            found = json.loads(self.data)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class TooLarge(ValueError):
    """More than was allowed."""


def house_line(total: float = 10.0) -> Line:
    """How calls leave this installation."""
    return Line(inside=settings.WEBHOOK_HOSTS, total=total)


def call(
    target: Target,
    *,
    line: Line,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    most: int = LONGEST,
) -> Reply:
    """Ask and wait for the whole answer, in a thread without a loop of its own; never raises for what the other side does."""
    return asyncio.run(_call(target, line, method, headers or {}, body, most))


async def _call(target: Target, line: Line, method: str, headers: Mapping[str, str], body: bytes, most: int) -> Reply:
    reached = False

    async def talk() -> Reply:
        nonlocal reached
        async with asyncio.timeout(line.connect):
            reader, writer = await connected(target, line)
        try:
            reached = True
            writer.write(request_of(target, headers, body, method))
            await writer.drain()
            status, told = await head_of(reader)
            return Reply(status, data=await _whole(reader, told, most), headers=told, reached=True)
        finally:
            writer.transport.abort()

    try:
        async with asyncio.timeout(line.total):
            return await talk()
    except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError) as error:
        return Reply(fault=_fault(error, reached), reached=reached)


def _fault(error: Exception, reached: bool) -> str:
    match error:
        case TimeoutError():
            return "timeout"
        case BadAddress():
            return "refused"
        case TooLarge():
            return "too_large"
        case socket.gaierror():
            return "name"
        case ssl.SSLError():
            return "tls"
        case ValueError():
            return "garbage"
        case _:
            return "dropped" if reached else "connect"


async def _whole(reader: asyncio.StreamReader, told: Mapping[str, str], most: int) -> bytes:
    """Raises TooLarge, Garbage, Dropped, IncompleteReadError."""
    if told.get("transfer-encoding", "").lower() == "chunked":
        return await _chunks(reader, most)
    length = told.get("content-length", "")
    if not length:
        found = b""
        while more := await reader.read(64 * 1024):
            found += more
            if len(found) > most:
                raise TooLarge
        return found
    if not (length.isascii() and length.isdigit() and len(length) < 12):
        raise Garbage("a length that is none")
    if int(length) > most:
        raise TooLarge
    return await reader.readexactly(int(length))


async def _chunks(reader: asyncio.StreamReader, most: int) -> bytes:
    found = b""
    while True:
        line = await reader.readline()
        if not line.endswith(b"\n") or len(line) > CHUNK_LINE:
            raise Dropped("half a chunk")
        length = int(line.split(b";")[0], 16)
        if length < 0:
            raise Garbage("a chunk of less than nothing")
        if len(found) + length > most:
            raise TooLarge
        if length == 0:
            return found
        found += await reader.readexactly(length)
        await reader.readexactly(2)
