"""GET /live: the ASGI callable behind it.

Query: `subjects` (topics with commas: case:7,clocks,notices; nothing means everything the viewer may hear) and `after`
(the position the page was rendered at). A Last-Event-ID header wins over `after`. Answers 401 without a session of an
active member of staff, 405 for another method, 429 for too many streams of one session, 503 while the database is away.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import structlog
from django.conf import settings
from django.http import parse_cookie

from zhike.web.live.accounts import VISITOR
from zhike.web.live.client import Account, Client, Send
from zhike.web.live.hub import FURTHEST_BACK, Hub
from zhike.web.live.telling import control

log = structlog.get_logger("zhike.live")
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]

MOST_STREAMS = 12
"""Open streams of one session; a browser allows itself six over HTTP/1.1."""
MOST_TOPICS = 50
LONGEST_ID = 18
"""Digits."""
RETRY = (1000, 4000)
"""Milliseconds a browser waits before it comes back; spread, so that ten thousand do not come at once."""
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def answer(hub: Hub, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["method"] != "GET":
        return await refuse(send, 405, [(b"allow", b"GET")])
    headers = dict(scope["headers"])
    try:
        account = await signed_in(hub, headers)
    except Exception as error:
        log.warning("a stream was put off", error=str(error))
        return await refuse(send, 503, [(b"retry-after", b"2")])
    if account is None:
        return await refuse(send, 401)
    if hub.streams_of(account.session_key) >= MOST_STREAMS:
        return await refuse(send, 429)
    query = parse_qs(scope["query_string"].decode("latin-1"))
    client = Client(account, topics_of(query), hub.position)
    return await stream(hub, client, place_of(headers, query), receive, send)


async def signed_in(hub: Hub, headers: dict[bytes, bytes]) -> Account | None:
    """The account behind the session cookie, as it is at the moment of the answer."""
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    session_key = cookies.get(settings.SESSION_COOKIE_NAME)
    if not session_key or session_key.startswith(VISITOR):
        return None
    return await account_behind(hub, session_key)


async def account_behind(hub: Hub, session_key: str) -> Account | None:
    while True:
        people = hub.people
        account = (await hub.accounts.ask({session_key})).get(session_key)
        if hub.people == people:
            return account


def topics_of(query: dict[str, list[str]]) -> frozenset[str]:
    named = ",".join(query.get("subjects", [])).split(",")
    return frozenset([topic.strip() for topic in named if topic.strip()][:MOST_TOPICS])


def place_of(headers: dict[bytes, bytes], query: dict[str, list[str]]) -> int | None:
    """The position the client has seen; None when it says none, or nonsense."""
    text = headers.get(b"last-event-id", b"").decode("latin-1") or query.get("after", [""])[-1]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else None


async def refuse(send: Send, status: int, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"cache-control", b"no-store"), *(headers or [])],
        }
    )
    await send({"type": "http.response.body", "body": b""})


async def stream(
    hub: Hub,
    client: Client,
    after: int | None,
    receive: Receive,
    send: Send,
    headers: list[tuple[bytes, bytes]] = HEADERS,
) -> None:
    """Send until the browser goes, the session ends or the process stops."""
    client.task = asyncio.current_task()
    leaving = asyncio.ensure_future(wait_until_gone(receive))
    leaving.add_done_callback(lambda _: client.close())
    hub.add(client)
    try:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await catch_up(hub, client, after, send)
        await client.run(send)
        await send({"type": "http.response.body", "body": b""})
    finally:
        hub.remove(client)
        leaving.cancel()


async def catch_up(hub: Hub, client: Client, after: int | None, send: Send) -> None:
    """Tell what was missed up to the place where the hub took over; everything later stands in the client's queue."""
    here, retry = client.position, random.randint(*RETRY)  # noqa: S311
    if after is None:
        await send(body(control("ready", here, retry)))
    elif after > here:
        await take_its_word(hub, client, after, send)
    elif here - after > FURTHEST_BACK:
        await send(body(control("reset", here, retry)))
    else:
        await send(body(control("ready", after, retry)))
        async for chunk in hub.missed(client, after, here):
            await send(body(chunk))


async def take_its_word(hub: Hub, client: Client, after: int, send: Send) -> None:
    """A client that is ahead of this process heard it from another one, or of a database that is no more."""
    client.position = after
    if after <= await hub.newest():
        await send(body(control("ready", after)))
    else:
        await send(body(control("reset", hub.position)))
        client.close()


def body(chunk: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": chunk, "more_body": True}


async def wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
