"""Measures the live feed: 2,000 signed-in streams of one server process, through sessions, audiences and topics.

A round of ours and a round of the bare server follow each other, driver, server and PostgreSQL on the same cores. A
stream that did not get exactly the facts that were written makes the figure a failure.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from zhike.journal.actions import FACTS_CHANNEL, RECORD, NewFact, row_of
from zhike.journal.events import Event, event
from zhike.lib import clock
from zhike.org.models import Assignment, Session, Staff
from zhike.org.sessions import SessionStore
from zhike.web.listening import Connection, connect

MARK = b'"subject":"bench:'
IN_FLIGHT = 2
"""Facts written ahead of the slowest stream while measuring how much goes through."""
PACE = 17.5
"""Facts a second for the delay: with 2,000 streams 35,000 deliveries a second."""
ROUNDS = 3
STAFF = 100
PATIENCE = 60.0
PREFIX = "bench-live-"

Process = subprocess.Popen[bytes]
Write = Callable[[], Awaitable[None]]


@event("bench.ticked")
@dataclass(frozen=True)
class Ticked(Event):
    """What the measurement writes."""

    n: int = 0


@dataclass
class Tally:
    """What all streams of a round heard. `sent` are the moments each fact was written."""

    sent: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    heard: int = 0
    ready: int = 0
    lost: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self.changed.clear()
                await self.changed.wait()


class Listener(asyncio.Protocol):
    """One stream of the driver's."""

    def __init__(self, request: bytes, tally: Tally) -> None:
        self.request, self.tally = request, tally
        self.count = 0
        self.tail = b""
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.open:
            self.open = b"event: ready" in data
            self.tally.ready += self.open
            self.tally.lost += not data.startswith(b"HTTP/1.1 200") and not self.open
        text = self.tail + data
        self.tail = text[1 - len(MARK) :]
        now = time.perf_counter()
        for _ in range(text.count(MARK)):
            self.tally.delays.append(now - self.tally.sent[self.count])
            self.count += 1
            self.tally.heard += 1
        self.tally.changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.tally.lost += 1
        self.tally.changed.set()


@dataclass
class Round:
    """What one server did in one round."""

    per_second: float
    p99: float
    """Milliseconds from the write to the stream, at PACE facts a second."""
    kib: float
    """Memory a connection."""
    exact: bool
    """Every stream heard every fact once."""


def bench_live(clients: int = 2000, seconds: int = 10) -> list[dict[str, Any]]:
    """Figures of the live feed; each with the raw one beside it. Writes facts of its own into the database."""
    raise_file_limit(clients * 2 + 500)
    with signed_in(clients) as keys:
        ours, raw = asyncio.run(measure(keys, seconds / 2))
    best = [statistics.median(each.per_second for each in rounds) for rounds in (ours, raw)]
    delay = [statistics.median(each.p99 for each in rounds) for rounds in (ours, raw)]
    memory = [statistics.median(each.kib for each in rounds) for rounds in (ours, raw)]
    exact = all(each.exact for each in ours)
    return [
        figure("deliveries_per_second", best, "1/s", ">= 35000", exact and best[0] >= 35_000),
        figure("delivery_p99", delay, "ms", "<= 250", exact and delay[0] <= 250),
        figure("memory_per_connection", memory, "KiB", "<= 40", memory[0] <= 40),
    ]


def figure(name: str, values: list[float], unit: str, bar: str, ok: bool) -> dict[str, Any]:
    ours, raw = values
    ratio = round(ours / raw, 3) if raw else None
    return {
        "name": name,
        "value": round(ours, 1),
        "unit": unit,
        "raw": round(raw, 1),
        "ratio": ratio,
        "bar": bar,
        "ok": ok,
    }


async def measure(keys: list[str], seconds: float) -> tuple[list[Round], list[Round]]:
    ours, raw = [], []
    for _ in range(ROUNDS):
        ours.append(await round_of_ours(keys, seconds))
        raw.append(await round_of_raw(len(keys), seconds))
    return ours, raw


async def round_of_ours(keys: list[str], seconds: float) -> Round:
    port = free_port()
    requests = [request(port, f"cookie: {settings.SESSION_COOKIE_NAME}={key}\r\n") for key in keys]
    async with await connect("bench") as connection:
        with server([sys.executable, "-m", "zhike", "web", "--workers", "1"], PORT=str(port)) as process:
            return await play(port, requests, lambda: write_fact(connection), seconds, process)


async def round_of_raw(clients: int, seconds: float) -> Round:
    port = free_port()
    with server([sys.executable, "-m", "zhike.web.live.bare", str(port)]) as process:
        await reachable(port)
        _, control = await asyncio.open_connection("127.0.0.1", port)
        data = b'TICK data: {"type":"bench.ticked",%s1","handbook":"bench","clauses":[],"payload":{},"at":"%032d"}\n'

        async def tick() -> None:
            control.write(data % (MARK, 0))
            await control.drain()

        try:
            return await play(port, [request(port, "")] * clients, tick, seconds, process)
        finally:
            control.close()


async def play(port: int, requests: list[bytes], write: Write, seconds: float, process: Process) -> Round:
    """Open every stream, write as fast as the slowest takes it, then at a steady pace."""
    await reachable(port)
    tally = Tally()
    before = memory_of(process.pid)
    async with streams(port, requests, tally) as listeners:
        kib = (memory_of(process.pid) - before) / len(requests)
        per_second = await flood(tally, write, len(requests), seconds)
        tally.delays.clear()
        await stroll(tally, write, len(requests), seconds)
        exact = tally.lost == 0 and all(each.count == len(tally.sent) for each in listeners)
    delays = sorted(tally.delays)
    return Round(per_second, delays[int(len(delays) * 0.99)] * 1000, kib, exact)


@asynccontextmanager
async def streams(port: int, requests: list[bytes], tally: Tally) -> AsyncIterator[list[Listener]]:
    """Every stream open; a few dozen at a time knock."""
    loop, listeners, transports = asyncio.get_running_loop(), [], []
    for request_ in requests:
        listener = Listener(request_, tally)
        transport, _ = await loop.create_connection(lambda each=listener: each, "127.0.0.1", port)  # type: ignore[misc]
        listeners.append(listener)
        transports.append(transport)
        await tally.until(lambda: len(listeners) - tally.ready < 50 or tally.lost > 0)
    await tally.until(lambda: tally.ready == len(requests) or tally.lost > 0)
    if tally.lost:
        raise RuntimeError(f"{tally.lost} streams were refused")
    yield listeners
    for transport in transports:
        transport.abort()


async def flood(tally: Tally, write: Write, clients: int, seconds: float) -> float:
    """Deliveries a second with IN_FLIGHT facts always under way."""
    began, end = time.perf_counter(), time.perf_counter() + seconds
    while time.perf_counter() < end:
        await tally.until(lambda: tally.heard >= (len(tally.sent) - IN_FLIGHT + 1) * clients or tally.lost > 0)
        tally.sent.append(time.perf_counter())
        await write()
    await tally.until(lambda: tally.heard >= len(tally.sent) * clients or tally.lost > 0)
    return tally.heard / (time.perf_counter() - began)


async def stroll(tally: Tally, write: Write, clients: int, seconds: float) -> None:
    """Facts at PACE, whatever the streams do."""
    began = time.perf_counter()
    for n in range(int(PACE * seconds)):
        await asyncio.sleep(max(0.0, began + n / PACE - time.perf_counter()))
        tally.sent.append(time.perf_counter())
        await write()
    await tally.until(lambda: tally.heard >= len(tally.sent) * clients or tally.lost > 0)


async def write_fact(connection: Connection) -> None:
    fact = NewFact(Ticked(), clock.now(), ("bench", 1), "system", "bench", audience=["bench:agent", "bench:lead"])
    await connection.execute(RECORD, [json.dumps([row_of(0, fact)])])
    await connection.execute(f"NOTIFY {FACTS_CHANNEL}")


# the ground


@contextmanager
def signed_in(count: int) -> Iterator[list[str]]:
    """Sessions of people made for the measurement, removed afterwards."""
    numbers = range(min(STAFF, count))
    made = [Staff(username=f"{PREFIX}{n}", name="示例", password="!", is_sample=True) for n in numbers]  # noqa: S106
    people = Staff.objects.bulk_create(made)
    Assignment.objects.bulk_create(Assignment(staff=each, handbook="bench", role="agent") for each in people)
    keys = [session_row(people[n % len(people)]) for n in range(count)]
    Session.objects.bulk_create(keys)
    try:
        yield [row.session_key for row in keys]
    finally:
        Session.objects.filter(session_key__in=[row.session_key for row in keys]).delete()
        Staff.objects.filter(username__startswith=PREFIX).delete()


def session_row(staff: Staff) -> Session:
    store = SessionStore()
    data = {
        SESSION_KEY: str(staff.pk),
        BACKEND_SESSION_KEY: "zhike.org.backend.StaffBackend",
        HASH_SESSION_KEY: staff.get_session_auth_hash(),
    }
    expires = clock.wall() + dt.timedelta(hours=1)
    return Session(session_key=store._get_new_session_key(), session_data=store.encode(data), expire_date=expires)  # type: ignore[attr-defined]


@contextmanager
def server(command: list[str], **environment: str) -> Iterator[Process]:
    process = subprocess.Popen(command, env=os.environ | environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def request(port: int, extra: str) -> bytes:
    return f"GET /live?subjects=benches HTTP/1.1\r\nhost: localhost:{port}\r\n{extra}\r\n".encode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def reachable(port: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                return writer.close()


def memory_of(pid: int) -> float:
    """KiB that a process and its children hold in memory."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
    family = {pid} | {child for child, parent, _ in rows if parent == pid}
    return float(sum(rss for each, _, rss in rows if each in family))


def raise_file_limit(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        ceiling = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (ceiling, hard))
