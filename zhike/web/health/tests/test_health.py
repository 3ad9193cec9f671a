import asyncio
import json
from typing import Any

import pytest
from django.db import connection

import zhike
from zhike.journal.heartbeats import LIVE, WORKER, beat
from zhike.web.asgi import Application
from zhike.web.health import checks
from zhike.web.listening import plain_parameters
from zhike.web.wsgi import application as wsgi_application

pytestmark = pytest.mark.django_db(transaction=True)

ALL_WELL = {
    "status": "ok",
    "version": zhike.__version__,
    "database": "ok",
    "worker": "ok",
    "live": "ok",
    "jobs": "ok",
    "oldest_job": 0,
    "phone": "off",
}


@pytest.fixture
def empty_queue() -> None:
    """Procrastinate's tables are not Django's to empty after a test."""
    tell("TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_events CASCADE")


@pytest.fixture
def all_alive(empty_queue: None) -> None:
    beat(WORKER)
    beat(LIVE)
    jobs_taken(0)


def asked() -> tuple[int, dict[str, str]]:
    """GET /healthz of the ASGI application."""
    heard: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        heard.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/healthz", "headers": [], "query_string": b""}
    asyncio.run(Application()(scope, receive, send))
    return heard[0]["status"], json.loads(heard[1]["body"])


def silent_for(name: str, seconds: int) -> None:
    tell("UPDATE journal_heartbeat SET beaten_at = now() - make_interval(secs => %s) WHERE name = %s", seconds, name)


def tell(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def jobs_taken(seconds: int) -> None:
    """A worker that takes jobs was last heard of so many seconds ago."""
    tell("TRUNCATE procrastinate_workers CASCADE")
    tell("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))", seconds)


def job(*, deferred: int, due: int | None = None, status: str = "todo") -> None:
    """A job that was queued so many seconds ago, for a time `due` seconds ago (negative: to come)."""
    tell(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, scheduled_at) "
        "VALUES ('default', 'sample', %s, now() - make_interval(secs => %s))",
        status, due,
    )  # fmt: skip
    tell(
        "UPDATE procrastinate_events SET at = now() - make_interval(secs => %s) WHERE job_id = "
        "(SELECT max(id) FROM procrastinate_jobs) AND type = 'deferred'",
        deferred,
    )


@pytest.mark.usefixtures("all_alive")
def test_all_is_well() -> None:
    assert asked() == (200, ALL_WELL)


@pytest.mark.usefixtures("all_alive")
@pytest.mark.parametrize("part", [WORKER, LIVE])
def test_a_silent_part_is_down(part: str) -> None:
    silent_for(part, 16)
    assert asked() == (503, ALL_WELL | {"status": "down", part: "down"})


@pytest.mark.usefixtures("all_alive")
def test_a_part_that_was_heard_of_lately_is_there() -> None:
    silent_for(WORKER, 10)
    assert asked()[0] == 200


def test_a_part_that_never_said_anything_is_down(empty_queue: None) -> None:
    beat(LIVE)
    jobs_taken(0)
    assert asked() == (503, ALL_WELL | {"status": "down", "worker": "down"})


@pytest.mark.usefixtures("all_alive")
def test_jobs_that_nobody_takes_are_down() -> None:
    jobs_taken(31)
    assert asked() == (503, ALL_WELL | {"status": "down", "jobs": "down"})
    tell("TRUNCATE procrastinate_workers CASCADE")
    assert asked()[1]["jobs"] == "down"


@pytest.mark.usefixtures("all_alive")
def test_the_job_that_has_waited_longest_is_told_and_five_minutes_are_late() -> None:
    job(deferred=200)
    job(deferred=900, status="doing")
    job(deferred=900, due=-60)
    assert asked() == (200, ALL_WELL | {"oldest_job": 200})
    job(deferred=900, due=301)
    assert asked() == (200, ALL_WELL | {"jobs": "late", "oldest_job": 301})


def test_without_a_database_everything_that_needs_it_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "plain_parameters", lambda: plain_parameters() | {"host": "127.0.0.1", "port": 1})
    down = {"database": "down", "worker": "down", "live": "down", "jobs": "down"}
    assert asked() == (503, ALL_WELL | {"status": "down"} | down)


@pytest.mark.usefixtures("all_alive")
def test_a_server_without_the_live_feed_answers_too() -> None:
    begun: list[str] = []
    environ = {"PATH_INFO": "/healthz", "REQUEST_METHOD": "GET"}
    body = b"".join(wsgi_application(environ, lambda status, headers: begun.append(status)))
    assert (begun, json.loads(body)) == (["200 OK"], ALL_WELL)
