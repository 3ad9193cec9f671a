"""`zhike up`: the whole product with one command, and everything it started stopped again by Ctrl-C.

This process imports no Django. It starts PostgreSQL (unless DATABASE_URL names one), prepares database, static files
and handbook, then keeps two children alive: the web server and the worker.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import click

from zhike.web.cli import environment
from zhike.web.cli.postgres import Embedded, PostgresError
from zhike.web.cli.prepared import is_prepared, mark_prepared
from zhike.web.cli.processes import Child, die_with_parent, pause_before_restart, stop_all
from zhike.web.cli.ready import refuse_half_restored

TICK = 0.25
"""Seconds between two looks at the children."""
SLOW_START = 45.0
"""Seconds without a healthy answer after which the person is told."""


@click.command()
@click.option("--sandbox", is_flag=True, help="Run on a virtual clock that pages and the API can move.")
def command(sandbox: bool) -> None:
    """Start everything: database, web server, worker. Ctrl-C stops everything."""
    if sandbox:
        os.environ["ZHIKE_SANDBOX"] = "1"
    with ExitStack() as stack:
        stack.enter_context(only_one(environment.make_home()))
        refuse_half_restored()
        refuse_taken_port()
        stop = stack.enter_context(stop_signals())
        server = stack.enter_context(database())
        if is_prepared(server) or prepared(server, stop):
            children = [child("web"), child("work")]
            stack.callback(stop_all, children)
            supervise(children, server, stop)
        click.echo("zhike: stopping")


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """One `zhike up` a data folder. The lock ends with the process, so a crash leaves nothing to clean."""
    with (home / "up.lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            raise click.ClickException(f"already running on {home}: {handle.read().strip()}") from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()}, {address()}\n")
        handle.flush()
        yield


def address() -> str:
    host = environment.host()
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
    return f"http://{shown}:{environment.port()}/"


def refuse_taken_port() -> None:
    """Say it before anything starts, rather than from a child that keeps dying."""
    host, port = environment.host(), environment.port()
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(f"port {port} is taken ({error.strerror}); choose another: PORT=8001") from None


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C, a closed terminal or a TERM signal sets."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def database() -> Iterator[Embedded | None]:
    """PostgreSQL, for the children in DATABASE_URL; None when it is somebody else's server."""
    if environment.external_database():
        yield None
        return
    server = Embedded(environment.make_home())
    with server.used():
        server.start()
        os.environ["DATABASE_URL"] = server.url
        try:
            yield server
        finally:
            server.stop()


def prepared(server: Embedded | None, stop: threading.Event) -> bool:
    """Migrate, collect and load in a process of its own: this one stays small. False when told to stop meanwhile."""
    process = subprocess.Popen(
        [sys.executable, "-m", "zhike", "prepare"],
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGTERM),  # safe: this process has no threads
    )
    while (code := process.poll()) is None:
        if stop.wait(TICK / 5):
            process.terminate()
            process.wait()
            return False
    if code:
        raise click.ClickException("preparing failed, see above")
    mark_prepared(server)
    return True


def child(command_name: str) -> Child:
    return Child(command_name, [sys.executable, "-m", "zhike", command_name], os.environ)


def supervise(children: list[Child], server: Embedded | None, stop: threading.Event) -> None:
    """Keep everything alive until told to stop."""
    for each in children:
        each.start()
    watch, began, announced = DatabaseWatch(server), time.monotonic(), False
    while not stop.wait(TICK):
        for news in (watch.tend(), *(each.tend() for each in children)):
            if news:
                click.echo(f"zhike: {news}", err=True)
        if not announced:
            announced = announce(time.monotonic() - began)


class DatabaseWatch:
    """Starts the embedded server again when it has died."""

    def __init__(self, server: Embedded | None) -> None:
        self.server = server
        self.deaths = 0
        self.due_at = 0.0

    def tend(self) -> str | None:
        moment = time.monotonic()
        if self.server is None or moment < self.due_at or self.server.running():
            return None
        self.deaths += 1
        self.due_at = moment + pause_before_restart(self.deaths)
        try:
            self.server.start()
        except PostgresError as error:
            return str(error)
        return "PostgreSQL had stopped and runs again"


def announce(waited: float) -> bool:
    """Print the address once the product answers, or after a while what is wrong. True when there is no more to say."""
    status, answer = health()
    if status == 200:
        mode = " (sandbox: virtual clock)" if environment.sandbox() else ""
        click.echo(f"\n  知客 Zhike is ready{mode}: {address()}\n  Ctrl-C stops it. Data: {environment.home()}\n")
        return True
    if waited > SLOW_START:
        click.echo(f"zhike: still not healthy after {SLOW_START:.0f} s: {answer or 'no answer'}", err=True)
        return True
    return False


def health() -> tuple[int, str]:
    """Status and body of /healthz; status 0 while nobody answers."""
    host = environment.host()
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, environment.port(), timeout=3)  # noqa: S104
    try:
        connection.request("GET", "/healthz", headers={"Host": f"localhost:{environment.port()}"})
        response = connection.getresponse()
        return response.status, json.dumps(json.loads(response.read()))
    except (OSError, http.client.HTTPException, ValueError):
        return 0, ""
    finally:
        connection.close()
