"""Processes that put the load on, and the server they put it on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

PATIENCE = 60.0


class Worker:
    """A process of zhike.web.bench.worker; `ask` and `told` are apart, so that several work at the same time."""

    def __init__(self, database: str) -> None:
        environ = {
            **os.environ,
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "zhike.settings",
            "ZHIKE_POOL": "2",
        }
        command = [sys.executable, "-m", "zhike.web.bench.worker"]
        self.process = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.told()

    def ask(self, do: str, **arguments: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()

    def told(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("a process of the measurement ended before it had answered")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def do(self, do: str, **arguments: Any) -> dict[str, Any]:
        self.ask(do, **arguments)
        return self.told()

    def end(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self.process.stdin.close()
            self.process.wait(5)
        self.process.kill()
        self.process.wait()


@contextmanager
def workers(count: int, database: str) -> Iterator[list[Worker]]:
    """So many processes on `database`, ready; gone afterwards."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            worker = Worker(database)
            stack.callback(worker.end)
            found.append(worker)
        yield found


def together(crew: Sequence[Worker], do: str, each: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], float]:
    """All do it at the same time, each with its own arguments; what they answer, and how many seconds it took."""
    began = time.perf_counter()
    for worker, arguments in zip(crew, each, strict=True):
        worker.ask(do, **arguments)
    answers = [worker.told() for worker in crew]
    return answers, time.perf_counter() - began


@contextmanager
def server(database: str) -> Iterator[int]:
    """`zhike web` as it always runs, on a port of its own: the port."""
    with web(database) as (port, _):
        yield port


@contextmanager
def web(database: str, *options: str) -> Iterator[tuple[int, int]]:
    """`zhike web` with these options: its port and the id of its process."""
    port = free_port()
    environ = {**os.environ, "DATABASE_URL": database, "PORT": str(port), "DJANGO_SETTINGS_MODULE": "zhike.settings"}
    subprocess.run([sys.executable, "-m", "zhike.web.bench.static"], env=environ, check=True)
    process = subprocess.Popen([sys.executable, "-m", "zhike", "web", *options], env=environ)
    try:
        wait_until_reachable(port, process)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_reachable(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with code {process.returncode}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not answer")
