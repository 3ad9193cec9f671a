"""What `/healthz` answers. On a connection of its own: a pool that nobody gives back to must not keep it waiting."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

import zhike
from zhike.journal.heartbeats import AGES, ALIVE_FOR, LIVE, WORKER
from zhike.journal.tasks import STALLED_AFTER
from zhike.web.listening import plain_parameters

PATIENCE = 2
"""Seconds to wait for PostgreSQL."""
LATE_AFTER = 300.0
"""Seconds a job may wait after its time; a long backup and a long import may keep both places busy for a while."""

JOBS = """
SELECT (SELECT extract(epoch FROM now() - max(last_heartbeat))::float8 FROM procrastinate_workers),
  extract(epoch FROM now() - least(
    (SELECT min(scheduled_at) FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at <= now()),
    (SELECT min(at) FROM procrastinate_events WHERE type = 'deferred' AND job_id = (
      SELECT id FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at IS NULL ORDER BY id LIMIT 1))))::float8
"""
"""Seconds since a worker that takes jobs was heard of, and since the job that has waited longest was due; null for none."""


@dataclass(frozen=True, slots=True)
class Health:
    """Each part is "ok" or "down", `jobs` also "late": taken, but one has waited for more than LATE_AFTER. `oldest_job`: seconds the
    job has waited that has waited longest, 0 where none waits. `phone` is "off" where no telephony is set up.
    """

    status: str
    version: str
    database: str
    worker: str
    live: str
    jobs: str
    oldest_job: int = 0
    phone: str = "off"


@dataclass(frozen=True, slots=True)
class Signs:
    """What the database tells: seconds since each process's last sign, and of the queue of jobs as JOBS says."""

    ages: dict[str, float]
    heard: float | None
    waited: float | None


def health() -> Health:
    """The state of every part now."""
    signs = signs_now()
    if signs is None:
        return Health("down", zhike.__version__, "down", "down", "down", "down")
    worker, live, jobs = seen(signs.ages.get(WORKER)), seen(signs.ages.get(LIVE)), jobs_of(signs)
    status = "down" if "down" in (worker, live, jobs) else "ok"
    return Health(status, zhike.__version__, "ok", worker, live, jobs, max(0, int(signs.waited or 0)))


def seen(age: float | None, patience: float = ALIVE_FOR) -> str:
    return "ok" if age is not None and age < patience else "down"


def jobs_of(signs: Signs) -> str:
    state = seen(signs.heard, STALLED_AFTER)
    return "late" if state == "ok" and (signs.waited or 0) > LATE_AFTER else state


def signs_now() -> Signs | None:
    """None when the database does not answer."""
    parameters = plain_parameters() | {
        "connect_timeout": PATIENCE,
        "options": f"-c statement_timeout={PATIENCE * 1000}",
    }
    try:
        with psycopg.connect(**parameters, autocommit=True) as own:
            heard, waited = own.execute(JOBS).fetchone() or (None, None)
            return Signs(dict(own.execute(AGES).fetchall()), heard, waited)
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
