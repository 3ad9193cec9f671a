"""The door of every address the widget asks: the inbox, the site it is asked from, the visitor; answers in JSON.

    @door("POST", limit=WRITE)
    def write(request: Visiting, key: str) -> JsonResponse: ...

Browsers ask first (OPTIONS) before they send a header to another site; that is answered here. A site the inbox does not name is
refused before anything is read, and browsers keep the answer from its scripts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language, gettext
from django.views.decorators.csrf import csrf_exempt

from zhike.channels.webchat.settings import settings_of
from zhike.channels.webchat.talking import Visit
from zhike.channels.webchat.visitors import address_for, is_secret
from zhike.conversations.models import Inbox, Medium
from zhike.handbook.common import Text
from zhike.web.allowances import Allowance
from zhike.web.context import Request
from zhike.web.live.visitors import ALLOWED, ASKED_FOR, SCHEME
from zhike.web.proxies import address_of

LONGEST_BODY = 64 * 1024


class Visiting(Request):
    """A request that came through the door."""

    visit: Visit
    told: Mapping[str, Any]
    """The body, read."""


View = Callable[..., HttpResponseBase]


def door(method: str, *, limit: Allowance, secret: bool = True, body: bool = True) -> Callable[[View], View]:
    """Let in whoever may; `secret`: only a visitor, `body`: what is posted is JSON."""

    def around(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def opened(request: Visiting, key: str, **named: Any) -> HttpResponseBase:
            inbox = Inbox.objects.filter(key=key[:64], medium=Medium.WEBCHAT, is_active=True).first()
            if inbox is None:
                return refusal(404, "gone", gettext("这个咨询入口不存在或已停用。"))
            origin = foreign_origin(request)
            if origin and origin not in settings_of(inbox).origins:
                return refusal(403, "origin", gettext("这个网站没有开通在线咨询。"))
            if request.method == "OPTIONS":
                return readable(HttpResponse(status=204), origin)
            return readable(_let_in(request, inbox, method, limit, secret, body) or view(request, **named), origin)

        return opened

    return around


def _let_in(
    request: Visiting, inbox: Inbox, method: str, limit: Allowance, secret: bool, body: bool
) -> HttpResponseBase | None:
    """None when he may come in; else the answer."""
    if request.method != method:
        return refusal(405, "method", gettext("这个地址不能这样打开。"))
    if wait := limit.wait(address_of(request)):
        return too_many(wait)
    given = request.headers.get("Authorization", "").removeprefix(SCHEME)
    if secret and not is_secret(given):
        return refusal(401, "secret", gettext("请刷新页面后再试。"))
    request.visit = Visit(inbox, settings_of(inbox), given, address_for(inbox, given) if secret else None)
    request.told = {}
    if method == "POST" and body:
        told = body_of(request)
        if told is None:
            return refusal(400, "unreadable", gettext("内容读不懂，没有收下。"))
        request.told = told
    return None


def body_of(request: HttpRequest) -> dict[str, Any] | None:
    """What was posted, read; None where it is too long or not an object of JSON."""
    if int(request.headers.get("Content-Length") or 0) > LONGEST_BODY:
        return None
    try:
        found = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def foreign_origin(request: HttpRequest) -> str:
    """The other site a browser says the page is from; "" for our own pages, and for programs that say nothing."""
    origin = request.headers.get("Origin", "")
    return "" if origin.partition("://")[2] == request.get_host() else origin


def readable(response: HttpResponseBase, origin: str) -> HttpResponseBase:
    """Let the site read the answer."""
    response.headers["Cache-Control"] = "no-store"
    if origin:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = ALLOWED
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Max-Age"] = ASKED_FOR
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Vary"] = "Origin, Accept-Language"
    return response


def refusal(status: int, code: str, words: str, **more: Any) -> JsonResponse:
    """{"error": for the widget, "words": for people}."""
    return JsonResponse({"error": code, "words": words, **more}, status=status)


def too_many(wait: int) -> JsonResponse:
    answer = refusal(429, "too_many", gettext("发送得太快了，请稍等片刻再试。"), wait=wait)
    answer.headers["Retry-After"] = str(wait)
    return answer


def language() -> str:
    return "en" if (get_language() or "zh").startswith("en") else "zh"


def say(text: Text) -> str:
    return text.say(language())
