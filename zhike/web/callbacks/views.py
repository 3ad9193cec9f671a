"""Callbacks: read, kept, answered as the caller wants it. Everything that takes time happens later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpResponse, HttpResponseForbidden, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from zhike.channels.access import account_by_callback, gateway_by_callback
from zhike.channels.refusals import NotFound
from zhike.channels.sms.accounts import gateway_of
from zhike.channels.sms.gateways import Gateway, Unreadable
from zhike.channels.sms.incoming import take_receipts, take_replies
from zhike.channels.sms.models import SmsGateway
from zhike.channels.wechat.callbacks import LONGEST_BODY, keep_callback, open_callback, verify
from zhike.channels.wechat.crypt import BadCallback
from zhike.lib import clock
from zhike.lib.sealed import CannotOpen
from zhike.web.callbacks import limits
from zhike.web.context import Request
from zhike.web.proxies import address_of

log = structlog.get_logger("zhike.callbacks")
LONGEST = 1024 * 1024
Take = Callable[[SmsGateway, Gateway, bytes, Request], Any]


@csrf_exempt
def receipts(request: Request, key: str) -> HttpResponseBase:
    """What became of short messages."""
    return _taken(request, key, lambda row, gateway, body, r: take_receipts(row, gateway.receipts(body), r.now))


@csrf_exempt
def replies(request: Request, key: str) -> HttpResponseBase:
    """What people wrote back."""
    return _taken(request, key, lambda row, gateway, body, r: take_replies(row, gateway.replies(body), r.now))


def _taken(request: Request, key: str, take: Take) -> HttpResponseBase:
    try:
        row = gateway_by_callback(key)
        gateway = gateway_of(row)
    except (NotFound, CannotOpen):
        return _to_nobody(request)
    if wait := limits.KNOWN.wait(f"sms {row.pk}"):
        return _later(wait)
    try:
        take(row, gateway, _body(request, LONGEST), request)
    except Unreadable as wrong:
        return _not_theirs(f"sms {row.pk}", HttpResponse(status=400), str(wrong))
    return JsonResponse(gateway.answer)


@csrf_exempt
def wechat(request: Request, key: str) -> HttpResponseBase:
    """GET: the platform checks the address. POST: a message or an event."""
    try:
        account = account_by_callback(key)
        query = {name: value for name, value in request.GET.items() if isinstance(value, str)}
        if request.method == "POST":
            opened = open_callback(account, query, _body(request, LONGEST_BODY), clock.wall())
            if wait := limits.KNOWN.wait(f"wechat {account.pk}"):
                return _later(wait)
            answer = keep_callback(account, opened, now=request.now)
        else:
            answer = verify(account, query, clock.wall())
    except (NotFound, CannotOpen):
        return _to_nobody(request)
    except (BadCallback, Unreadable) as wrong:
        return _not_theirs(f"wechat {account.pk}", HttpResponseForbidden(), str(wrong))
    return HttpResponse(answer, content_type="text/plain; charset=utf-8")


def _to_nobody(request: Request) -> HttpResponse:
    """An address nobody was given."""
    wait = limits.STRANGER.wait(address_of(request))
    return _later(wait) if wait else HttpResponse(status=404)


def _not_theirs(whose: str, answer: HttpResponse, why: str) -> HttpResponse:
    """A call to a gateway or account that its platform did not make, or nobody can read."""
    if wait := limits.STRANGER.wait(whose):
        return _later(wait)
    log.warning("a callback that is not taken", why=why, of=whose)
    return answer


def _later(wait: int) -> HttpResponse:
    return HttpResponse(status=429, headers={"Retry-After": str(wait)})


def _body(request: Request, most: int) -> bytes:
    """Raises Unreadable for more than is allowed."""
    body = request.read(most + 1)
    if len(body) > most:
        raise Unreadable("too long")
    return body
