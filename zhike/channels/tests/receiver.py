"""Receivers on this machine's loopback that behave as badly as a test wants."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket, threading.Event], None]


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes
    line: str = ""


@dataclass
class Receiver:
    """Takes connections until closed. `behaviours` are used in turn, the last one again and again."""

    behaviours: list[Behaviour]
    trust: ssl.SSLContext | None = None
    received: list[Received] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def _serve(self) -> None:
        while not self.over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self.server.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            line = connection
            if self.trust is not None:
                line = self.trust.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            with line:
                self._converse(line)

    def _converse(self, line: socket.socket) -> None:
        if isinstance(line, ssl.SSLSocket):
            line.do_handshake()
        received = _read(line)
        with self.news:
            behaviour = self.behaviours[min(len(self.received), len(self.behaviours) - 1)]
            self.received.append(received)
            self.news.notify_all()
        behaviour(line, self.over)

    def wait_for(self, count: int, patience: float = 20.0) -> list[Received]:
        with self.news:
            assert self.news.wait_for(lambda: len(self.received) >= count, patience), f"{len(self.received)} came"
            return list(self.received)

    def close(self) -> None:
        self.over.set()
        with contextlib.suppress(OSError):  # wakes accept()
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        self.server.close()
        self.thread.join(5)


def _read(line: socket.socket) -> Received:
    with line.makefile("rb") as source:
        first = source.readline().decode()
        headers = {}
        while (header := source.readline().decode("latin-1").strip()) != "":
            name, _, value = header.partition(":")
            headers[name] = value.strip()
        return Received(headers, source.read(int(headers.get("Content-Length", 0))), first.strip())


@contextlib.contextmanager
def receiver(*behaviours: Behaviour, trust: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    made = Receiver(list(behaviours) or [answers(200)], trust)
    try:
        yield made
    finally:
        made.close()


def says(data: bytes) -> Behaviour:
    return lambda line, _: line.sendall(data)


def answers(status: int, body: str = "", *headers: str) -> Behaviour:
    told = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body.encode())}", *headers, "", body]
    return says("\r\n".join(told).encode())


def hangs(line: socket.socket, over: threading.Event) -> None:
    """Takes everything and never answers."""
    over.wait(60)


def drops(line: socket.socket, over: threading.Event) -> None:
    """Hangs up without a word."""


def drips(line: socket.socket, over: threading.Event) -> None:
    """A byte of an endless header every 20 ms."""
    line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while not over.wait(0.02):
        line.sendall(b"x")
