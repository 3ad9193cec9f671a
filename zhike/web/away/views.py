"""Who stands in for me, and for whom I stand in. An administrator arranges it for others too (`?for=`)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.org.access import NotFound, colleagues_for, staff_for
from zhike.org.actions import OrgRefused
from zhike.org.models import Staff, Substitution
from zhike.org.substitution import NoSuchSubstitution, arrange_substitution, end_substitution, substitutions_for
from zhike.web.base.times import ZONE
from zhike.web.base.typed import moment_of
from zhike.web.context import Request

MOST = 100
LONGEST_NUMBER = 18
FIELDS = ("substitute", "since", "until", "why")


def show(request: Request) -> HttpResponseBase:
    """GET: mine, and the form. POST: arrange one."""
    absent = _absent(request)
    if request.method != "POST":
        return _page(request, absent, {})
    typed = {name: request.POST.get(name, "").strip() for name in FIELDS}
    substitute = _colleague(request, typed["substitute"])
    since, until = moment_of(typed["since"]), moment_of(typed["until"])
    wrong = {
        **({} if substitute else {"substitute": gettext("请选择代班的同事。")}),
        **({} if since else {"since": gettext("请填写开始的日期和时间。")}),
        **({} if until else {"until": gettext("请填写结束的日期和时间。")}),
    }
    if wrong or substitute is None or since is None or until is None:
        return _page(request, absent, typed, wrong, 422)
    try:
        made = arrange_substitution(
            absent, substitute, since=since, until=until, why=typed["why"], by=request.viewer, now=request.now
        )
    except OrgRefused as refused:
        language = get_language() or "zh"
        told = {name or "deed": text.say(language) for name, text in refused.problems.items()}
        return _page(request, absent, typed, told, 422)
    messages.success(request, gettext("已安排由 %(name)s 代班，到时自动结束。") % {"name": made.substitute.name})
    return HttpResponseRedirect(_address(request, absent))


def end(request: Request, number: int) -> HttpResponseBase:
    """It ends now."""
    try:
        ended = end_substitution(number, by=request.viewer, now=request.now)
    except NoSuchSubstitution as error:
        raise Http404 from error
    messages.success(request, gettext("已结束 %(name)s 的代班。") % {"name": ended.substitute.name})
    return HttpResponseRedirect(_address(request, ended.absent))


def _absent(request: Request) -> Staff:
    """Whom the page is about: the viewer, or whom an administrator names."""
    asked = request.GET.get("for", "")
    if not asked:
        assert request.viewer.staff is not None
        return request.viewer.staff
    try:
        return staff_for(request.viewer, int(asked) if asked.isdecimal() and len(asked) < LONGEST_NUMBER else 0)
    except NotFound as error:
        raise Http404 from error


def _address(request: Request, absent: Staff) -> str:
    me = request.viewer.staff is not None and request.viewer.staff.pk == absent.pk
    other = request.viewer.is_admin and not me
    return reverse("away:show") + (f"?for={absent.pk}" if other else "")


def _colleague(request: Request, number: str) -> Staff | None:
    known = number.isdecimal() and len(number) < LONGEST_NUMBER
    return colleagues_for(request.viewer).filter(pk=int(number)).first() if known else None


def _page(
    request: Request, absent: Staff, typed: dict[str, str], wrong: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    rows = substitutions_for(request.viewer).exclude(begins_at=F("ends_at"))
    mine = rows.filter(absent=absent).order_by("-ends_at")[:MOST]
    others = rows.filter(substitute=absent, ends_at__gt=request.now).order_by("begins_at")[:MOST]
    known: dict[str, Any] = {
        "absent": absent,
        "is_me": request.viewer.principal == f"staff:{absent.pk}",
        "mine": [(row, _state(row, request.now)) for row in mine],
        "others": [(row, _state(row, request.now)) for row in others],
        "people": colleagues_for(request.viewer).exclude(pk=absent.pk).order_by("name", "id"),
        "typed": typed,
        "wrong": wrong or {},
        "soonest": f"{request.now.astimezone(ZONE):%Y-%m-%dT%H:%M}",
    }
    return render(request, "away/show.html", known, status=status)


def _state(row: Substitution, now: dt.datetime) -> str:
    if row.ends_at <= now:
        return "over"
    return "ahead" if row.begins_at > now else "now"
