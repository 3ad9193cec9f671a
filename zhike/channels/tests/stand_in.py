"""A stand-in for a provider's HTTP interface on this machine's loopback: it answers as a test says, hangs or hangs up."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Raw:
    """An answer that is no JSON."""

    body: bytes
    kind: str = "application/octet-stream"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


HANGS, DROPS = "hangs", "drops"
Answer = dict[str, Any] | Raw | str
Answers = Callable[[Asked], Answer]


@dataclass
class StandIn:
    answers: Answers
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def paths(self) -> list[str]:
        return [each.path for each in self.asked]


@contextmanager
def stand_in(answers: Answers) -> Iterator[StandIn]:
    """Serves until the block ends; `answers` may be exchanged meanwhile."""
    made = StandIn(answers)

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            asked = Asked(self.command, parts.path, query, {k.lower(): v for k, v in self.headers.items()}, body)
            made.asked.append(asked)
            answer = made.answers(asked)
            if answer == HANGS:
                made.over.wait(20)
            if isinstance(answer, str):
                self.close_connection = True
                return
            self.reply(answer)

        do_GET = do_POST = handle_any  # noqa: N815 - as the standard library names them

        def reply(self, answer: dict[str, Any] | Raw) -> None:
            raw = answer if isinstance(answer, Raw) else Raw(json.dumps(answer).encode(), "application/json")
            self.send_response(raw.status)
            self.send_header("Content-Type", raw.kind)
            self.send_header("Content-Length", str(len(raw.body)))
            for name, value in raw.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw.body)

        def log_message(self, *words: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
