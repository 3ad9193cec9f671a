"""GET /chat/live: the stream of somebody who writes in a web chat, from whatever site the widget stands on.

Query: `inbox` (its public key) and `after`. The visitor's secret comes in `Authorization: Visitor <secret>`, so that it stands in no
log; Last-Event-ID as on /live. Browsers ask first (OPTIONS), because a header of that name goes to another site only with leave.
"""

from __future__ import annotations

from urllib.parse import parse_qs

import structlog

from zhike.channels.webchat.visitors import digest_of, is_secret
from zhike.web.live.accounts import VISITOR
from zhike.web.live.answer import HEADERS, MOST_STREAMS, Receive, Scope, account_behind, place_of, refuse, stream
from zhike.web.live.client import Client, Send
from zhike.web.live.doors import Door
from zhike.web.live.hub import Hub

log = structlog.get_logger("zhike.live")
SCHEME = "Visitor "
ALLOWED = "authorization, last-event-id, content-type, accept-language, x-page"
ASKED_FOR = "7200"
"""Seconds a browser remembers that it may ask."""
Headers = list[tuple[bytes, bytes]]


async def answer_visitor(hub: Hub, scope: Scope, receive: Receive, send: Send) -> None:
    headers = dict(scope["headers"])
    query = parse_qs(scope["query_string"].decode("latin-1"))
    try:
        key = query.get("inbox", [""])[-1][:64]
        door = (await hub.doors.ask({key})).get(key)
    except Exception as error:
        log.warning("a visitor's stream was put off", error=str(error))
        return await refuse(send, 503, [(b"retry-after", b"2")])
    told = cors_of(scope, door)
    if door is None or told is None:
        return await refuse(send, 403)
    if scope["method"] == "OPTIONS":
        return await refuse(send, 204, told)
    if scope["method"] != "GET":
        return await refuse(send, 405, [(b"allow", b"GET, OPTIONS"), *told])
    secret = headers.get(b"authorization", b"").decode("latin-1").removeprefix(SCHEME)
    account = await account_behind(hub, VISITOR + digest_of(door.inbox, secret)) if is_secret(secret) else None
    if account is None:
        return await refuse(send, 401, told)
    if hub.streams_of(account.session_key) >= MOST_STREAMS:
        return await refuse(send, 429, told)
    client = Client(account, frozenset({"conversations"}), hub.position)
    return await stream(hub, client, place_of(headers, query), receive, send, [*HEADERS, *told])


def cors_of(scope: Scope, door: Door | None) -> Headers | None:
    """The headers that let a site of the inbox read the answer; nothing more for our own pages; None for any other site."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")
    if not origin or origin.partition("://")[2] == headers.get(b"host", b"").decode("latin-1"):
        return []
    if door is None or origin not in door.origins:
        return None
    return [
        (b"access-control-allow-origin", origin.encode()),
        (b"access-control-allow-headers", ALLOWED.encode()),
        (b"access-control-max-age", ASKED_FOR.encode()),
        (b"vary", b"Origin"),
        (b"cross-origin-resource-policy", b"cross-origin"),
    ]
