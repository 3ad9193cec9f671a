"""The bridge between the server and Django: one piece for a page, parts for what is long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from zhike.web import pages
from zhike.web.pages import Pages

SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": "/工单",
    "query_string": b"q=1",
    "headers": [(b"host", b"localhost"), (b"content-length", b"6"), (b"x-many", b"a"), (b"x-many", b"b")],
    "client": ("127.0.0.1", 5),
    "server": ("127.0.0.1", 80),
    "scheme": "http",
}


def asked(application: Any, parts: Iterable[bytes] = (b"abc", b"def"), *, gone: bool = False) -> list[dict[str, Any]]:
    """What the server is told in answer to a request whose body comes in `parts`; `gone`: its sender leaves before the last."""
    waiting, told = list(parts), []

    async def receive() -> dict[str, Any]:
        if gone and len(waiting) == 1:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    asyncio.run(Pages(application, 1, 1)(dict(SCOPE), receive, send))
    return told


def test_a_page_is_handed_over_in_one_piece() -> None:
    def application(environ: dict[str, Any], start: Any) -> HttpResponse:
        start("201 Created", [("Content-Type", "text/plain"), ("X-Path", environ["PATH_INFO"])])
        return HttpResponse([environ["wsgi.input"].read(), b"!"])

    assert asked(application) == [
        {
            "type": "http.response.start",
            "status": 201,
            "headers": [(b"content-type", b"text/plain"), (b"x-path", "/工单".encode())],
        },
        {"type": "http.response.body", "body": b"abcdef!"},
    ]


def test_a_long_answer_goes_out_part_by_part_and_is_closed() -> None:
    closed = []

    class Long(StreamingHttpResponse):
        def close(self) -> None:
            closed.append(True)
            super().close()

    def application(environ: dict[str, Any], start: Any) -> StreamingHttpResponse:
        start("200 OK", [])
        return Long(iter([b"one", b"two"]))

    assert [message.get("body") for message in asked(application)] == [None, b"one", b"two", b""]
    assert closed == [True]


def test_an_answer_without_a_body_has_a_head_and_an_end() -> None:
    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("304 Not Modified", [])
        return []

    assert [(message["type"], message.get("status")) for message in asked(application)] == [
        ("http.response.start", 304),
        ("http.response.body", None),
    ]


def test_the_head_waits_for_the_first_part_so_that_a_failure_is_still_told_as_one() -> None:
    def broken() -> Iterator[bytes]:
        raise LookupError("no such file")
        yield b""

    def application(environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        start("200 OK", [])
        return broken()

    told: list[Any] = []
    with pytest.raises(LookupError):
        told += asked(application)
    assert told == []


def test_nothing_is_done_with_half_a_form() -> None:
    called = []

    def application(environ: dict[str, Any], start: Any) -> HttpResponse:
        called.append(environ)
        return HttpResponse()

    assert [message.get("status") for message in asked(application, gone=True)] == [400, None]
    assert called == []


def test_more_than_the_longest_body_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LONGEST_BODY", 5)
    (head, body) = asked(lambda environ, start: HttpResponse())
    assert (head["status"], body["body"]) == (413, b"")


def test_a_slow_sender_keeps_nobody_waiting() -> None:
    """One thread answers; while one request is still being sent, another is answered."""

    def application(environ: dict[str, Any], start: Any) -> HttpResponse:
        start("200 OK", [])
        return HttpResponse(environ["wsgi.input"].read())

    async def both() -> list[bytes]:
        answered, told = asyncio.Event(), []
        served = Pages(application, 1, 1)

        async def slow() -> dict[str, Any]:
            await answered.wait()
            return {"type": "http.request", "body": b"slow", "more_body": False}

        async def quick() -> dict[str, Any]:
            return {"type": "http.request", "body": b"quick", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if "body" in message:
                told.append(message["body"])
                answered.set()

        await asyncio.gather(served(dict(SCOPE), slow, send), served(dict(SCOPE), quick, send))
        return told

    assert asyncio.run(both()) == [b"quick", b"slow"]
