"""What went out: a list by state, and one message with what can be done about it."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.channels.access import message_for
from zhike.channels.refusals import NotFound, Refused
from zhike.channels.sms.accounts import gateway_of
from zhike.channels.sms.incoming import take_receipts, take_replies
from zhike.channels.sms.models import OutgoingMessage, SmsGateway
from zhike.channels.sms.queries import PAGE, messages_out, totals
from zhike.channels.sms.sending import send_again
from zhike.lib.phone import mask
from zhike.web.base.names import names_of
from zhike.web.context import Request
from zhike.web.messaging.words import provider_words, purpose_words, state_words, tone_of, yuan

LONGEST_NUMBER = 18


def show_list(request: Request) -> HttpResponse:
    """The newest first, by state; numbers are masked. Five queries."""
    state, before = request.GET.get("state", ""), request.GET.get("before", "")
    state = state if state in OutgoingMessage.State.values else ""
    begins = int(before) if before.isascii() and before.isdigit() and len(before) < LONGEST_NUMBER else None
    found = messages_out(state, begins)
    rows = [
        (row, mask(row.to), state_words(row.state), tone_of(row), purpose_words(row.purpose)) for row in found[:PAGE]
    ]
    count, segments, price = totals(request.now)
    known = {
        "rows": rows, "state": state, "begins": begins, "states": [(value, state_words(value)) for value in OutgoingMessage.State.values],
        "next": found[PAGE - 1].pk if len(found) > PAGE else None, "connected": SmsGateway.objects.filter(is_active=True).exists(),
        "area": "outbox", "count": count, "segments": segments, "price": yuan(price),
    }  # fmt: skip
    return render(request, "messaging/outbox.html", known)


def show(request: Request, number: int) -> HttpResponse:
    row = _message(request, number)
    known: dict[str, Any] = {
        "area": "outbox", "row": row, "to": mask(row.to), "state": state_words(row.state), "tone": tone_of(row),
        "purpose": purpose_words(row.purpose),
        "price": yuan(row.price), "gateway": row.gateway and f"{row.gateway.name} ({provider_words(row.gateway.provider)})",
        "may_again": row.state in ("failed", "unknown"), "local": row.gateway is not None and row.gateway.provider == "local",
        "by": names_of([row.by], {}).get(row.by, row.by) if row.by else "",
    }  # fmt: skip
    return render(request, "messaging/message.html", known)


def again(request: Request, number: int) -> HttpResponseBase:
    """A person decides to send it once more."""
    try:
        made = send_again(_message(request, number), by=request.viewer.principal, now=request.now)
    except Refused as refused:
        messages.error(request, refused.words.say(get_language() or "zh"))
        return HttpResponseRedirect(reverse("messaging:message", args=[number]))
    messages.success(request, gettext("已重新排队发送，这是新的一条。"))
    return HttpResponseRedirect(reverse("messaging:message", args=[made.pk]))


def play(request: Request, number: int) -> HttpResponseBase:
    """The local gateway plays what a provider would report, or what the customer would write back."""
    row = _message(request, number)
    if row.gateway is None or row.gateway.provider != SmsGateway.Provider.LOCAL:
        raise Http404
    gateway, words = gateway_of(row.gateway), request.POST.get("words", "").strip()
    if request.POST.get("what") == "reply" and words:
        key = f"{row.pk}-{request.now.timestamp():.6f}"
        body = json.dumps({"key": key, "number": row.to, "words": words[:500]}).encode()
        take_replies(row.gateway, gateway.replies(body), request.now)
        messages.success(request, gettext("已演示客户回复。"))
    else:
        delivered = request.POST.get("what") == "delivered"
        told = {
            "reference": f"zk{row.pk}",
            "number": row.to,
            "delivered": delivered,
            "code": "DELIVERED" if delivered else "MK:0001",
        }
        take_receipts(row.gateway, gateway.receipts(json.dumps(told).encode()), request.now)
        messages.success(request, gettext("已演示回执。"))
    return HttpResponseRedirect(reverse("messaging:message", args=[number]))


def _message(request: Request, number: int) -> OutgoingMessage:
    try:
        return message_for(request.viewer, number)
    except NotFound:
        raise Http404
