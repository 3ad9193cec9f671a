"""Visitors who go on in a conversation: the guards of `webchat.doors`, asked for many at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import JsonResponse
from django.http.response import HttpResponseBase
from pydantic_core import to_json

from zhike.channels.webchat.settings import settings_of
from zhike.channels.webchat.talking import Said, read_by_house, shown_message, shown_of
from zhike.channels.webchat.visitors import digest_of, is_secret
from zhike.conversations.messages import Asked, Outcome
from zhike.conversations.models import Inbox, Medium
from zhike.journal.statements import array_of, rows
from zhike.web.live.visitors import SCHEME
from zhike.web.middleware import language_of
from zhike.web.proxies import address_of
from zhike.web.webchat.doors import body_of, foreign_origin, readable
from zhike.web.webchat.limits import WRITE
from zhike.web.webchat.views import said_of

# His live conversation in that inbox; what he wrote last was written in this language.
LIVE = """
SELECT asked.n, a.id, c.id FROM jsonb_to_recordset(%s::jsonb) AS asked(n int, inbox bigint, value text, language text)
JOIN conversations_address a ON a.inbox_medium = 'webchat' AND a.value = asked.value AND a.language = asked.language
JOIN conversations_conversation c ON c.address_id = a.id AND c.inbox_id = asked.inbox AND c.state IN ('waiting', 'offered', 'open')
"""


@dataclass(frozen=True, slots=True)
class Visiting:
    """A message that passed the door."""

    place: int
    request: WSGIRequest
    origin: str
    inbox: Inbox
    said: Said
    digest: str


def wanted(posted: Sequence[tuple[WSGIRequest, str]]) -> list[tuple[Visiting, Asked]]:
    """What is to be written of requests to inboxes; those that are not among it the page has to answer."""
    inboxes = _inboxes([key for _, key in posted])
    asked = [_let_in(place, request, inboxes.get(key)) for place, (request, key) in enumerate(posted)]
    going_on = _going_on([visiting for visiting in asked if visiting is not None])
    waits = WRITE.waits([address_of(visiting.request) for visiting, _ in going_on])
    return [each for each, wait in zip(going_on, waits, strict=True) if not wait]


def answers(
    writing: Sequence[tuple[Visiting, Asked]], outcomes: Sequence[Outcome], now: dt.datetime
) -> dict[int, HttpResponseBase]:
    """What `webchat:write` answers, by the place of the request."""
    read = read_by_house([asked.conversation for _, asked in writing])
    found = {
        visiting.place: _answer(visiting, outcome, read, now)
        for (visiting, _), outcome in zip(writing, outcomes, strict=True)
    }
    return {place: response for place, response in found.items() if response is not None}


def _inboxes(keys: Sequence[str]) -> dict[str, Inbox]:
    found = rows(
        Inbox, "WHERE key = ANY(%s::varchar[]) AND medium = %s AND is_active", [array_of(set(keys)), Medium.WEBCHAT]
    )
    return {inbox.key: inbox for inbox in found}


def _let_in(place: int, request: WSGIRequest, inbox: Inbox | None) -> Visiting | None:
    """Past what the door asks of every request; None where it would say no, or where there is more to do than to store a few words."""
    secret = request.headers.get("Authorization", "").removeprefix(SCHEME)
    if inbox is None or not is_secret(secret) or settings.SESSION_COOKIE_NAME in request.COOKIES:
        return None
    try:
        origin = foreign_origin(request)
        told = body_of(request)
    except DisallowedHost:
        return None
    if told is None or (origin and origin not in settings_of(inbox).origins):
        return None
    said = said_of(told, "en" if language_of(request).startswith("en") else "zh")
    if said is None or said.files or said.token:
        return None
    return Visiting(place, request, origin, inbox, said, digest_of(inbox, secret))


def _going_on(asked: Sequence[Visiting]) -> list[tuple[Visiting, Asked]]:
    """Those who have a live conversation, with what they write in it. One query."""
    values = [
        {"n": n, "inbox": each.inbox.pk, "value": each.digest, "language": each.said.language}
        for n, each in enumerate(asked)
    ]
    with connection.cursor() as cursor:
        cursor.execute(LIVE, [to_json(values).decode()])
        found = {n: (address, conversation) for n, address, conversation in cursor.fetchall()}
    return [(each, _asked(each, *found[n])) for n, each in enumerate(asked) if n in found]


def _asked(visiting: Visiting, address: int, conversation: int) -> Asked:
    return Asked(conversation=conversation, address=address, words=visiting.said.words, key=visiting.said.key)


def _answer(visiting: Visiting, outcome: Outcome, read: dict[int, int], now: dt.datetime) -> HttpResponseBase | None:
    if outcome.message is None or outcome.conversation is None or outcome.message.files:
        return None
    shown = shown_of(outcome.conversation, now, read.get(outcome.conversation.pk, 0))
    told = {"conversation": shown, "messages": [shown_message(outcome.message, [])]}
    return readable(JsonResponse(told, status=201), visiting.origin)
