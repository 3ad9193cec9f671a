"""The page on which tokens are made and revoked. A token is shown on the answer that made it and never again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.org.access import NotFound, staff_for
from zhike.org.models import Staff
from zhike.org.second_factor import has_second_factor
from zhike.web.account.proof import wrong_code
from zhike.web.api.scopes import scope_words
from zhike.web.api.tokens import NoSuchToken, TokenRefused, create_token, revoke_token
from zhike.web.base.times import ZONE
from zhike.web.base.typed import day_of, midnight
from zhike.web.context import Request
from zhike.web.models import ApiToken

USUAL_LIFE = dt.timedelta(days=90)
PAGE = 200


def show_list(request: Request) -> HttpResponseBase:
    """GET: every token. POST: make one; the answer shows it."""
    if request.method == "POST":
        return _create(request)
    return _page(request, {"typed": {"expires": f"{(request.now + USUAL_LIFE).astimezone(ZONE):%Y-%m-%d}"}})


def _create(request: Request) -> HttpResponse:
    typed = {
        "name": request.POST.get("name", ""),
        "owner": request.POST.get("owner", ""),
        "scopes": request.POST.getlist("scopes"),
        "expires": request.POST.get("expires", ""),
    }
    try:
        made, secret = create_token(
            name=str(typed["name"]), owner=_owner(request, str(typed["owner"])), scopes=typed["scopes"],
            expires_at=_end_of(str(typed["expires"])), by=request.viewer, now=request.now, prove=lambda: _wrong_code(request),
        )  # fmt: skip
    except TokenRefused as refused:
        language = get_language() or "zh"
        wrong = {name: text.say(language) for name, text in refused.problems.items()}
        return _page(request, {"typed": typed, "wrong": wrong}, status=422)
    return _page(request, {"made": made, "secret": secret, "typed": {}}, status=201)


def _wrong_code(request: Request) -> str:
    return wrong_code(request, request.viewer.staff) if request.viewer.staff is not None else ""


def _owner(request: Request, number: str) -> Staff | None:
    if not number.isdecimal() or len(number) > 17:
        return None
    try:
        return staff_for(request.viewer, int(number))
    except NotFound:
        return None


def _end_of(day: str) -> dt.datetime | None:
    """The end of that day."""
    found = day_of(day)
    return midnight(found + dt.timedelta(days=1)) if found else None


def revoke(request: Request, number: int) -> HttpResponseBase:
    """From this moment the token opens nothing."""
    try:
        token = revoke_token(number, by=request.viewer, now=request.now)
    except NoSuchToken:
        raise Http404
    messages.success(request, gettext("已吊销“%(name)s”，它立即失效。") % {"name": token.name})
    return HttpResponseRedirect(reverse("api_tokens:list"))


def _page(request: Request, more: dict[str, Any], status: int = 200) -> HttpResponse:
    rows = ApiToken.objects.select_related("owner").order_by("-id")[:PAGE]
    known = {
        "rows": [(token, state_of(token, request.now)) for token in rows],
        "scopes": scope_words(),
        "asks_code": request.viewer.staff is not None and has_second_factor(request.viewer.staff),
        "people": Staff.objects.filter(is_active=True).order_by("name", "id"),
        **more,
    }
    response = render(request, "api_tokens/list.html", known, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def state_of(token: ApiToken, now: dt.datetime) -> str:
    """revoked, expired, disabled (its owner is) or living."""
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at <= now:
        return "expired"
    return "living" if token.owner.is_active else "disabled"
