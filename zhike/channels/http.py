"""One POST over HTTP/1.1, bounded in time and size: no redirect is followed, a certificate must be good, and little is read.

Written on asyncio's streams so that the connection goes to the address that was checked, and ten silent receivers cost ten
sockets, not ten threads.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

from zhike.channels.addresses import BadAddress, Target, check

CONNECT = 5.0
"""Seconds for name, connection and TLS together."""
TOTAL = 10.0
"""Seconds for the whole of it, however slowly the answer drips."""
LONGEST_HEAD = 16 * 1024
LONGEST_BODY = 4 * 1024
"""Bytes of an answer that are read; the rest is left where it is."""
MOST_TRIED = 4
INTERIM = 5
"""Answers 1xx that may come before the real one."""
RESOLVERS = 32
STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?")

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a POST. `status` is 0 and `fault` says why where no answer came."""

    status: int = 0
    fault: str = ""
    """name, refused, connect, tls, timeout, dropped or garbage; "" where an answer came."""
    body: str = ""
    """Its first 4 KB."""
    wait: int = 0
    """Seconds the receiver asked us to wait; 0 where it did not."""

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300


class Dropped(ConnectionError):
    """The connection ended before the answer did."""


class Garbage(ValueError):
    """What came is no answer of HTTP."""


@dataclass(frozen=True, slots=True)
class Line:
    """How deliveries leave: the hosts allowed inside the house, the times, and what names and certificates are checked with."""

    inside: Collection[str] = ()
    connect: float = CONNECT
    total: float = TOTAL
    trust: ssl.SSLContext | None = None
    resolve: Resolve | None = None


async def post(target: Target, headers: Mapping[str, str], body: bytes, line: Line) -> Answer:
    """Send it; never raises for what a receiver does."""
    try:
        async with asyncio.timeout(line.total):
            return await _post(target, headers, body, line)
    except TimeoutError:
        return Answer(fault="timeout")
    except BadAddress:
        return Answer(fault="refused")
    except socket.gaierror:
        return Answer(fault="name")
    except ssl.SSLError:
        return Answer(fault="tls")
    except (Garbage, ValueError):
        return Answer(fault="garbage")
    except (Dropped, ConnectionError, asyncio.IncompleteReadError):
        return Answer(fault="dropped")
    except OSError:
        return Answer(fault="connect")


async def _post(target: Target, headers: Mapping[str, str], body: bytes, line: Line) -> Answer:
    async with asyncio.timeout(line.connect):
        reader, writer = await connected(target, line)
    try:
        writer.write(request_of(target, headers, body))
        status, told = await head_of(reader)
        return Answer(status, body=await _body(reader, told), wait=_wait(told))
    finally:
        writer.transport.abort()


async def connected(target: Target, line: Line) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first checked address that takes one. Raises BadAddress, OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(_resolvers(), line.resolve or resolve, target.host, target.port)
    addresses = check(target, found, line.inside)
    trust = (line.trust or _trust()) if target.scheme == "https" else None
    name = target.host if trust else None
    last: OSError = Dropped("no address")
    for address in addresses[:MOST_TRIED]:
        try:
            return await asyncio.open_connection(
                address, target.port, ssl=trust, server_hostname=name, limit=LONGEST_HEAD
            )
        except ssl.SSLError:
            raise
        except OSError as error:
            last = error
    raise OSError("no address took a connection") from last


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, in the system's order. Raises socket.gaierror."""
    try:
        return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except UnicodeError as error:
        raise socket.gaierror(str(error)) from error


@cache
def _resolvers() -> ThreadPoolExecutor:
    """Threads of their own: names that hang do not keep the database's threads."""
    return ThreadPoolExecutor(RESOLVERS, "webhook names")


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def request_of(target: Target, headers: Mapping[str, str], body: bytes, method: str = "POST") -> bytes:
    """The request as it goes out. Raises ValueError for headers that are not ASCII."""
    lines = [
        f"{method} {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


async def head_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """(status, headers in small letters). Raises Garbage, Dropped."""
    for _ in range(INTERIM):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise Garbage("a head without an end")
        except asyncio.IncompleteReadError as error:
            raise Garbage("half a head") if error.partial else Dropped("no answer")
        first, *rest = head.rstrip(b"\r\n").split(b"\r\n")
        found = STATUS.fullmatch(first)
        if found is None:
            raise Garbage("no status line")
        if not found[1].startswith(b"1"):
            return int(found[1]), dict(_header(line) for line in rest)
    raise Garbage("nothing but interim answers")


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").partition(":")
    return name.strip().lower(), value.strip()


async def _body(reader: asyncio.StreamReader, told: Mapping[str, str]) -> str:
    """The beginning of the body, as text. A receiver has answered by its status: a body that breaks off changes nothing."""
    length = told.get("content-length", "")
    most = (
        min(int(length), LONGEST_BODY) if length.isascii() and length.isdigit() and len(length) < 12 else LONGEST_BODY
    )
    found = b""
    try:
        async with asyncio.timeout(1.0):
            while len(found) < most and (more := await reader.read(most - len(found))):
                found += more
    except (TimeoutError, OSError):
        pass
    if told.get("transfer-encoding", "").lower() == "chunked":
        found = _unchunked(found)
    return found.decode("utf-8", "replace").replace("\0", "�")


def _unchunked(data: bytes) -> bytes:
    """The content of chunks, as far as they were read."""
    found = b""
    while data:
        size, _, rest = data.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16)
        except ValueError:
            return found
        if length <= 0:
            return found
        found, data = found + rest[:length], rest[length + 2 :]
    return found


def _wait(told: Mapping[str, str]) -> int:
    asked = told.get("retry-after", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
