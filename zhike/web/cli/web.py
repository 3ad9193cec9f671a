"""`zhike web`: serve the pages, the API and the live feed."""

from __future__ import annotations

import os

import click

from zhike.web.cli import environment
from zhike.web.cli.processes import children_die_with_us
from zhike.web.cli.ready import database_ready, refuse_half_restored

SHUTDOWN_LIMIT = 3
"""Seconds open streams may delay a stop."""
BACKLOG = 4096
"""Connections that may wait to be accepted, when everybody comes back at once."""
MOST_CONNECTIONS = 20_000
"""Connections a process accepts. The server's own limit of 1,024 would count every open stream as a request at work."""


def usual_workers() -> int:
    """Two, where there are two processors: Python uses one at a time, and while one draws a page the other answers."""
    return min(2, os.cpu_count() or 1)


@click.command()
@click.option("--workers", default=usual_workers(), show_default=True, help="Server processes.")
def command(workers: int) -> None:
    """Serve pages, API and live feed on PORT, without a worker."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhike.settings")
    refuse_half_restored()
    with database_ready():
        serve(workers)


def serve(workers: int) -> None:
    # Killed, we cannot stop them; they would go on holding the port, and whoever starts us again would be refused.
    children_die_with_us()
    from granian.constants import Interfaces
    from granian.server import Server

    Server(
        "zhike.web.asgi:application",
        address=environment.host(),
        port=environment.port(),
        interface=Interfaces.ASGI,
        workers=workers,
        backlog=BACKLOG,
        backpressure=MOST_CONNECTIONS,
        workers_kill_timeout=SHUTDOWN_LIMIT,
        respawn_failed_workers=True,
        websockets=False,
        log_level="warning",  # type: ignore[arg-type]
    ).serve()
