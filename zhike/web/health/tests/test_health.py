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
    "phone": "off",
}


@pytest.fixture
def all_alive() -> None:
    beat(WORKER)
    beat(LIVE)


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
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE journal_heartbeat SET beaten_at = now() - make_interval(secs => %s) WHERE name = %s",
            [seconds, name],
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


def test_a_part_that_never_said_anything_is_down() -> None:
    beat(LIVE)
    assert asked() == (503, ALL_WELL | {"status": "down", "worker": "down"})


def test_without_a_database_everything_that_needs_it_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "plain_parameters", lambda: plain_parameters() | {"host": "127.0.0.1", "port": 1})
    down = {"database": "down", "worker": "down", "live": "down"}
    assert asked() == (503, ALL_WELL | {"status": "down"} | down)


@pytest.mark.usefixtures("all_alive")
def test_a_server_without_the_live_feed_answers_too() -> None:
    begun: list[str] = []
    environ = {"PATH_INFO": "/healthz", "REQUEST_METHOD": "GET"}
    body = b"".join(wsgi_application(environ, lambda status, headers: begun.append(status)))
    assert (begun, json.loads(body)) == (["200 OK"], ALL_WELL)
