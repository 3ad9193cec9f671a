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
from zhike.channels.wechat.callbacks import LONGEST_BODY, take_callback, verify
from zhike.channels.wechat.crypt import BadCallback
from zhike.lib import clock
from zhike.lib.sealed import CannotOpen
from zhike.web.context import Request

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
        take(row, gateway, _body(request, LONGEST), request)
    except (NotFound, CannotOpen):
        return HttpResponse(status=404)
    except Unreadable as wrong:
        log.warning("a callback that cannot be read", why=str(wrong))
        return HttpResponse(status=400)
    return JsonResponse(gateway.answer)


@csrf_exempt
def wechat(request: Request, key: str) -> HttpResponseBase:
    """GET: the platform checks the address. POST: a message or an event."""
    try:
        account = account_by_callback(key)
        query = {name: value for name, value in request.GET.items() if isinstance(value, str)}
        if request.method == "POST":
            body = _body(request, LONGEST_BODY)
            answer = take_callback(account, query, body, now=request.now, wall=clock.wall())
        else:
            answer = verify(account, query, clock.wall())
    except (NotFound, CannotOpen):
        return HttpResponse(status=404)
    except (BadCallback, Unreadable) as wrong:
        log.warning("a callback that is not from WeChat", why=str(wrong))
        return HttpResponseForbidden()
    return HttpResponse(answer, content_type="text/plain; charset=utf-8")


def _body(request: Request, most: int) -> bytes:
    """Raises Unreadable for more than is allowed."""
    body = request.read(most + 1)
    if len(body) > most:
        raise Unreadable("too long")
    return body
