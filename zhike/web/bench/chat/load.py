"""Who sends when. An open loop: messages leave at their pace, whatever becomes of those before; one of a sender's leaves when the one before was
answered, as the product's own pages do it.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from zhike.web.bench.chat.ground import Ground, Talk
from zhike.web.bench.chat.wire import Line, Stream, seconds

PATIENCE = 60.0
KNOCKING = 40
"""Streams that are being opened at a time."""
TICK = 0.002
CSRF = "b" * 32
SEED = 20250610
WORDS = "示例：请问这件衣服还有中号吗，什么时候能送到？"


@dataclass(slots=True)
class Sent:
    """A message in the ledger."""

    key: str
    talk: int
    side: str
    at: float
    """When it left, in seconds of the wall."""
    answered: float = 0.0
    status: int = 0
    body: bytes = b""


@dataclass(slots=True)
class Side:
    """One end of a conversation: its line, and whether its last message is still under way."""

    line: Line
    address: str
    busy: bool = False


@dataclass
class Heard:
    """What one stream heard: of each conversation every message once, in its order."""

    last: dict[bytes, int] = field(default_factory=dict)
    at: dict[tuple[bytes, int], float] = field(default_factory=dict)
    wrong: int = 0

    def hear(self, now: float, number: bytes, seq: int) -> None:
        self.wrong += self.last.get(number, 0) + 1 != seq
        self.last[number] = seq
        self.at.setdefault((number, seq), now)


class Load:
    """2,100 browsers in one event loop."""

    def __init__(self, ground: Ground, port: int) -> None:
        self.ground, self.port = ground, port
        self.host = f"localhost:{port}"
        self.ledger: list[Sent] = []
        self.visitors = [Heard() for _ in ground.talks]
        self.agents = [Heard() for _ in ground.agents]
        self.streams: list[Stream] = []
        self.ready = self.refused = 0
        self.under_way = 0
        self.behind = 0
        """Messages that could not leave in time because every sender was still waiting for an answer."""
        self.chance = random.Random(SEED)
        self.asking = [Side(Line(), local_of(n)) for n in range(len(ground.talks))]
        self.answering = [Side(Line(), "127.0.0.1") for _ in ground.agents]

    # streams

    async def connect(self) -> None:
        """Every stream open, a few dozen at a time."""
        for n, talk in enumerate(self.ground.talks):
            await self._stream(self._visit(talk), self.visitors[n], local_of(n))
        for n, key in enumerate(self.ground.agents):
            await self._stream(self._session("/live", key), self.agents[n], "127.0.0.1")
        await self._until(lambda: self.ready + self.refused == len(self.streams))
        if self.refused:
            raise RuntimeError(f"{self.refused} streams were refused")

    async def _stream(self, request: bytes, heard: Heard, local: str) -> None:
        stream = Stream(request, self._opened, heard.hear)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: stream, "127.0.0.1", self.port, local_addr=(local, 0))
        self.streams.append(stream)
        await self._until(lambda: len(self.streams) - self.ready - self.refused < KNOCKING)

    def _opened(self, well: bool) -> None:
        self.ready += well
        self.refused += not well

    async def _until(self, true: Any) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                await asyncio.sleep(TICK)

    def _visit(self, talk: Talk) -> bytes:
        head = f"GET /chat/live?inbox={self.ground.inbox} HTTP/1.1\r\nhost: {self.host}\r\n"
        return f"{head}authorization: Visitor {talk.secret}\r\n\r\n".encode()

    def _session(self, path: str, key: str) -> bytes:
        return (
            f"GET {path} HTTP/1.1\r\nhost: {self.host}\r\ncookie: {settings.SESSION_COOKIE_NAME}={key}\r\n\r\n".encode()
        )

    # messages

    async def send(self, rate: float, seconds: float) -> list[Sent]:
        """So many a second for so long; what was sent, when all of it was answered and told."""
        first = len(self.ledger)
        began, count = time.perf_counter(), 0
        total = int(rate * seconds)
        while count < total:
            due = min(total, int((time.perf_counter() - began) * rate))
            while count < due:
                await self._one()
                count += 1
            await asyncio.sleep(TICK)
        await self._until(lambda: not self.under_way)
        sent = self.ledger[first:]
        await asyncio.sleep(1.0)
        return sent

    async def _one(self) -> None:
        """The next message, of whoever is free: half of them are the customers'."""
        for _ in range(50):
            n = self.chance.randrange(len(self.ground.talks))
            talk = self.ground.talks[n]
            asks = self.chance.random() < 0.5
            side = self.asking[n] if asks else self.answering[talk.agent]
            if not side.busy:
                await self._leave(n, talk, side, asks)
                return
        self.behind += 1

    async def _leave(self, n: int, talk: Talk, side: Side, asks: bool) -> None:
        side.busy = True
        if side.line.transport is None:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: side.line, "127.0.0.1", self.port, local_addr=(side.address, 0))
        sent = Sent(f"bench-{len(self.ledger):08d}", n, "customer" if asks else "staff", seconds())
        self.ledger.append(sent)
        self.under_way += 1

        def answered(status: int, body: bytes) -> None:
            side.busy = False
            self.under_way -= 1
            sent.answered, sent.status, sent.body = seconds(), status, body

        side.line.ask(self._asked(talk, sent) if asks else self._said(talk, sent), answered)

    def _asked(self, talk: Talk, sent: Sent) -> bytes:
        body = json.dumps(
            {"words": WORDS, "key": sent.key, "files": [], "form": {}, "token": "", "page": "", "referrer": ""}
        )
        head = f"authorization: Visitor {talk.secret}\r\ncontent-type: application/json"
        return self._post(f"/chat/{self.ground.inbox}/messages", head, body)

    def _said(self, talk: Talk, sent: Sent) -> bytes:
        body = urlencode(
            {"key": sent.key, "words": WORDS, "internal": "0", "after": str(2**53 - 1), "day": "", "talk": talk.number}
        )
        cookies = f"{settings.SESSION_COOKIE_NAME}={self.ground.agents[talk.agent]}; csrftoken={CSRF}"
        head = f"cookie: {cookies}\r\nx-csrftoken: {CSRF}\r\nhx-request: true\r\naccept: application/json\r\ncontent-type: application/x-www-form-urlencoded"
        return self._post(f"/conversations/{talk.number}/say", head, body)

    def _post(self, path: str, head: str, body: str) -> bytes:
        data = body.encode()
        return (
            f"POST {path} HTTP/1.1\r\nhost: {self.host}\r\n{head}\r\ncontent-length: {len(data)}\r\n\r\n".encode()
            + data
        )


def local_of(n: int) -> str:
    """An address of this machine for each visitor: the product counts messages by the address they come from."""
    return f"127.1.{n // 250}.{n % 250 + 1}"
