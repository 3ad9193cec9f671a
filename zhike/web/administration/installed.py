"""What was sent."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from zhike.channels.sms.sending import outbox
from zhike.lib.phone import mask
from zhike.web.context import Request

PAGE = 50


def index(_request: Request) -> HttpResponseRedirect:
    """Administration begins with the people."""
    return HttpResponseRedirect(reverse("administration:staff"))


def messages_out(request: Request) -> HttpResponse:
    """Short messages, the newest first; phones are masked."""
    found = outbox()
    before = request.GET.get("before", "")
    if before.isdecimal():
        found = found.filter(pk__lt=int(before[:18]))
    page = list(found.order_by("-id")[: PAGE + 1])
    rows = [(message, mask(message.to)) for message in page[:PAGE]]
    return render(
        request, "administration/outbox.html", {"rows": rows, "next": page[PAGE - 1].pk if len(page) > PAGE else None}
    )
