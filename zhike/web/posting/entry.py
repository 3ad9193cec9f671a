"""Which requests come here: POST to the two addresses at which messages are written. Everything else is the pages'."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from a2wsgi.wsgi import build_environ
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from zhike.conversations.messages import write_messages
from zhike.lib import clock
from zhike.web.middleware import secured
from zhike.web.pages import Pages, Receive, Send
from zhike.web.posting import staff, visitors
from zhike.web.posting.gathering import Gathering
from zhike.web.proxies import Forwarded

LONGEST = 64 * 1024
"""Bytes of a request that is looked at here."""
VISITOR = re.compile(r"/chat/([-a-zA-Z0-9_]{1,64})/messages")
STAFF = re.compile(r"/conversations/([^/]{1,32})/say")
FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Posted:
    """A request that may be answered here: the inbox's key, or the number of the conversation."""

    side: Literal["visitor", "staff"]
    name: str
    scope: dict[str, Any]
    body: bytes


class Posting:
    """Around the pages: an ASGI application that answers messages and leaves everything else to them."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.gathering: Gathering[Posted, HttpResponseBase] = Gathering(answers)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        found = recognised(scope)
        if found is None:
            await self.pages(scope, receive, send)
            return
        body, ended = await read(receive)
        answer = await self.gathering.ask(Posted(found[0], found[1], scope, body)) if ended else None
        if answer is None:
            await self.pages(scope, again(body, ended, receive), send)
            return
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.items()]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": cast(HttpResponse, answer).content})


def recognised(scope: dict[str, Any]) -> tuple[Literal["visitor", "staff"], str] | None:
    """Whose message it is, and to what; None for anything else."""
    if scope["method"] != "POST" or scope["query_string"]:
        return None
    if (found := VISITOR.fullmatch(scope["path"])) is not None:
        return "visitor", found[1]
    if (found := STAFF.fullmatch(scope["path"])) is None:
        return None
    headers = dict(scope["headers"])
    plain = headers.get(b"content-type", b"").startswith(FORM) and headers.get(b"accept") == b"application/json"
    return ("staff", found[1]) if plain else None


async def read(receive: Receive) -> tuple[bytes, bool]:
    """The body, and whether that is all of it: a long one is read no further, one that breaks off is nobody's."""
    body = b""
    while len(body) <= LONGEST:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body, False
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body, True
    return body, False


def again(body: bytes, ended: bool, receive: Receive) -> Receive:
    """What was read already, and then the rest."""
    parts = [{"type": "http.request", "body": body, "more_body": not ended}]

    async def next_part() -> dict[str, Any]:
        return parts.pop() if parts else await receive()

    return next_part


def answers(posted: Sequence[Posted]) -> list[HttpResponseBase | None]:
    """In the thread of the gathering: an answer to each, None for what the pages have to answer. One transaction for all of them."""
    now = clock.now()
    places = {side: [place for place, one in enumerate(posted) if one.side == side] for side in ("visitor", "staff")}
    asked, said = ([(request_of(posted[place]), posted[place].name) for place in some] for some in places.values())
    asking = visitors.wanted(asked) if asked else []
    saying = staff.wanted(said, now) if said else []
    outcomes = write_messages([*(one for _, one in asking), *(one for _, one in saying)], now=now)
    found: list[HttpResponseBase | None] = [None] * len(posted)
    for place, response in visitors.answers(asking, outcomes[: len(asking)], now).items():
        found[places["visitor"][place]] = finished(response)
    for place, response in staff.answers(saying, outcomes[len(asking) :]).items():
        found[places["staff"][place]] = finished(response)
    return found


def request_of(posted: Posted) -> WSGIRequest:
    """As Django would see it, from its true sender."""
    request = WSGIRequest(
        cast(dict[str, Any], build_environ(cast(Any, posted.scope), cast(Any, io.BytesIO(posted.body))))
    )
    SENDER(request)
    return request


SENDER = Forwarded(lambda _: HttpResponse())


def finished(response: HttpResponseBase) -> HttpResponseBase:
    """With the headers the pages' answers have."""
    response.headers["Content-Length"] = str(len(cast(HttpResponse, response).content))
    response.headers.setdefault("Content-Language", settings.LANGUAGE_CODE)
    patch_vary_headers(response, ("Cookie", "Accept-Language"))
    return secured(response)
