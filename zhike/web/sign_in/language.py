"""The language switch: a cookie for everybody, and in the file of whoever is signed in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponseBadRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme

from zhike.org.models import Staff
from zhike.web.context import Request

YEAR = 365 * 24 * 3600


def choose_language(request: Request) -> HttpResponseBase:
    """POST language=zh-hans|en, next=path."""
    language = request.POST.get("language", "")
    if language not in {code for code, _ in settings.LANGUAGES}:
        return HttpResponseBadRequest("language")
    if request.viewer.staff is not None:
        Staff.objects.filter(pk=request.viewer.staff.pk).update(language=language)
    response = HttpResponseRedirect(here(request, request.POST.get("next", "")))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR, samesite="Lax", secure=request.is_secure()
    )
    return response


def here(request: Request, target: str) -> str:
    """`target` when it is an address of this product, else the front door."""
    own = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return target if own and target.startswith("/") else "/"
