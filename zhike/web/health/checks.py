"""What `/healthz` answers. On a connection of its own: a pool that nobody gives back to must not keep it waiting."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

import zhike
from zhike.journal.heartbeats import AGES, ALIVE_FOR, LIVE, WORKER
from zhike.web.listening import plain_parameters

PATIENCE = 2
"""Seconds to wait for PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Health:
    """Each part is "ok" or "down"; `phone` is "off" where no telephony is set up."""

    status: str
    version: str
    database: str
    worker: str
    live: str
    phone: str = "off"


def health() -> Health:
    """The state of every part now."""
    ages = ages_now()
    worker, live = (seen(ages, name) for name in (WORKER, LIVE))
    database = "down" if ages is None else "ok"
    status = "ok" if (database, worker, live) == ("ok", "ok", "ok") else "down"
    return Health(status, zhike.__version__, database, worker, live)


def seen(ages: dict[str, float] | None, name: str) -> str:
    return "ok" if ages is not None and ages.get(name, ALIVE_FOR) < ALIVE_FOR else "down"


def ages_now() -> dict[str, float] | None:
    """Seconds since each process's last sign of life; None when the database does not answer."""
    parameters = plain_parameters() | {
        "connect_timeout": PATIENCE,
        "options": f"-c statement_timeout={PATIENCE * 1000}",
    }
    try:
        with psycopg.connect(**parameters, autocommit=True) as own:
            return dict(own.execute(AGES).fetchall())
    except psycopg.Error:
        return None


def answer() -> tuple[int, bytes]:
    """HTTP status and JSON body: 200 when every part is there, else 503."""
    found = health()
    return (200 if found.status == "ok" else 503), json.dumps(asdict(found)).encode()


def wsgi_answer(start_response: Any) -> list[bytes]:
    status, body = answer()
    reason = {200: "200 OK", 503: "503 Service Unavailable"}[status]
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response(reason, headers)
    return [body]
