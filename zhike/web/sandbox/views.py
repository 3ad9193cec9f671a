"""Moving the virtual clock and changing roles.

Outside the sandbox every view answers 404, whatever the table of permissions says.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from zhike.channels.sms.sending import outbox
from zhike.clocks.queries import next_moment
from zhike.org.access import NotFound, sample_staff
from zhike.web.base.times import ZONE
from zhike.web.context import Request
from zhike.web.sandbox import cast, virtual
from zhike.web.sandbox.steps import INSTANT
from zhike.web.sign_in.entering import enter

View = Callable[..., HttpResponseBase]
LOOPBACK = frozenset({"127.0.0.1", "::1"})
MORNING = dt.time(9, 0)


def sandbox_only(view: View) -> View:
    """404 outside the sandbox."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.SANDBOX:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@sandbox_only
def show(request: HttpRequest) -> HttpResponse:
    """The clock, everybody one can be, and the messages that were not really sent."""
    found = {"groups": cast.groups(), "messages_out": outbox()[:20], "next_at": next_moment(), "at": virtual.read()}
    return render(request, "sandbox/show.html", found)


@sandbox_only
def move(request: HttpRequest) -> HttpResponse:
    """Move the clock from a page: `by` is a length of time, `next` (what is due next) or `morning` (tomorrow, 9:00)."""
    by = request.POST.get("by", "")
    try:
        virtual.move_to(_target(by, virtual.read()))
    except virtual.BadMove as error:
        return render(request, "sandbox/refused.html", {"why": str(error)}, status=400)
    return HttpResponseRedirect(_back(request))


def _target(by: str, now: dt.datetime) -> dt.datetime:
    if by == "next":
        moment = next_moment()
        if moment is None:
            raise virtual.BadMove(gettext("没有任何时限在走"))
        return max(moment, now) + INSTANT
    if by == "morning":
        tomorrow = now.astimezone(ZONE).date() + dt.timedelta(days=1)
        return dt.datetime.combine(tomorrow, MORNING, ZONE)
    return now + virtual.span_of(by)


@sandbox_only
def become(request: Request) -> HttpResponse:
    """Sign in as a sample member of staff, or (without one) as nobody: a customer in front of the portal."""
    wanted = request.POST.get("staff", "")
    if not wanted:
        logout(request)
        return HttpResponseRedirect("/portal/")
    try:
        staff = sample_staff(number=int(wanted[:18]) if wanted.isdecimal() else 0)
    except NotFound as error:
        raise Http404 from error
    logout(request)
    enter(request, staff)
    return HttpResponseRedirect("/")


@csrf_exempt
@sandbox_only
def clock_api(request: HttpRequest) -> HttpResponse:
    """GET tells the virtual time, POST `{"at": moment}` or `{"advance": "2h"}` moves it.

    Without a CSRF token, so that scripts can drive it; therefore from this machine only, and not from another
    site's page.
    """
    if request.method != "POST":
        return JsonResponse(_told())
    if request.META.get("REMOTE_ADDR") not in LOOPBACK or request.headers.get("Sec-Fetch-Site") in {
        "cross-site",
        "same-site",
    }:
        return JsonResponse({"error": "the sandbox clock is moved from this machine only"}, status=403)
    try:
        moved = virtual.move_to(_asked(request))
    except virtual.BadMove as error:
        return JsonResponse({"error": str(error), **_told()}, status=400)
    return JsonResponse({**_told(), "fired": moved.fired})


def _asked(request: HttpRequest) -> dt.datetime:
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise virtual.BadMove('the body is JSON: {"at": "2025-06-10T09:00:00+08:00"} or {"advance": "2h"}') from error
    match body:
        case {"at": str(at)} if len(body) == 1:
            return virtual.moment_of(at)
        case {"advance": str(span)} if len(body) == 1:
            return virtual.read() + virtual.span_of(span)
    raise virtual.BadMove('the body is {"at": "2025-06-10T09:00:00+08:00"} or {"advance": "2h"}')


def _told() -> dict[str, str | None]:
    moment = next_moment()
    return {
        "now": virtual.read().astimezone(ZONE).isoformat(),
        "next": moment.astimezone(ZONE).isoformat() if moment else None,
    }


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("back", "/")
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else "/"
