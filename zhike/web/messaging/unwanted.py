"""Numbers that want no marketing, or nothing at all."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.channels.access import unwanted_for
from zhike.channels.refusals import NotFound, Refused
from zhike.channels.sms.incoming import end_unsubscription, unsubscribe
from zhike.channels.sms.models import DoNotContact
from zhike.channels.sms.queries import PAGE, unwanted
from zhike.handbook.common import Text
from zhike.lib.phone import NotAPhone, mask, normalise
from zhike.lib.text import clean_line
from zhike.web.context import Request
from zhike.web.messaging.fields import Field, drawn, said

LONGEST_NUMBER = 18


def show_list(request: Request) -> HttpResponseBase:
    """GET: the list. POST: a number is added by hand, with the reason."""
    problems: dict[str, Text] = {}
    typed = {name: request.POST.get(name, "") for name in ("number", "scope", "why")}
    if request.method == "POST":
        problems = _add(request, typed)
        if not problems:
            messages.success(request, gettext("已记下，立即生效。"))
            return HttpResponseRedirect(reverse("messaging:unwanted"))
    before = request.GET.get("before", "")
    begins = int(before) if before.isascii() and before.isdigit() and len(before) < LONGEST_NUMBER else None
    found = unwanted(begins)
    scopes = [("marketing", gettext("不收营销短信")), ("all", gettext("什么都不收"))]
    fields = [
        Field("number", gettext("手机号码"), longest=20),
        Field("scope", gettext("不收什么"), "select", choices=scopes),
        Field("why", gettext("理由"), longest=120),
    ]
    rows = [(row, mask(row.number), dict(scopes)[row.scope], row.by.startswith("sms:")) for row in found[:PAGE]]
    known = {
        "area": "unwanted", "rows": rows, "fields": drawn(fields, typed, problems), "problems": said(problems), "begins": begins,
        "next": found[PAGE - 1].pk if len(found) > PAGE else None,
    }  # fmt: skip
    return render(request, "messaging/unwanted.html", known, status=422 if problems else 200)


def _add(request: Request, typed: dict[str, str]) -> dict[str, Text]:
    problems: dict[str, Text] = {}
    number = ""
    try:
        number = normalise(typed["number"])
    except NotAPhone:
        problems["number"] = Text(zh="请填写手机号码。", en="Write a phone number.")
    if typed["scope"] not in DoNotContact.Scope.values:
        problems["scope"] = Text(zh="请选择范围。", en="Choose what they do not want.")
    if not clean_line(typed["why"]):
        problems["why"] = Text(zh="请写明理由。", en="Say why.")
    if not problems:
        unsubscribe(number, typed["scope"], by=request.viewer.principal, why=clean_line(typed["why"]), now=request.now)
    return problems


def end(request: Request, number: int) -> HttpResponseBase:
    try:
        end_unsubscription(
            unwanted_for(request.viewer, number),
            request.POST.get("why", ""),
            by=request.viewer.principal,
            now=request.now,
        )
    except NotFound:
        raise Http404
    except Refused as refused:
        messages.error(request, refused.words.say(get_language() or "zh"))
    else:
        messages.success(request, gettext("已恢复联系；营销仍须对方同意。"))
    return HttpResponseRedirect(reverse("messaging:unwanted"))
