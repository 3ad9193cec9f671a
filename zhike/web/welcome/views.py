"""What a newcomer sees. The sample password is shown on this machine only, and only while it is the sample's."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from zhike.org.handbooks import book_of, in_force
from zhike.web.context import Request
from zhike.web.sandbox import cast

LOOPBACK = frozenset({"127.0.0.1", "::1"})
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA")


def show(request: Request) -> HttpResponse | HttpResponseRedirect:
    """Without a sample department there is nothing to show: visitors sign in."""
    groups = cast.groups()
    if not groups:
        return HttpResponseRedirect(reverse("sign_in:sign_in"))
    books = [book_of(version.pk) for version in in_force(request.now)]
    shown = {"groups": groups, "books": books, "password": sample_password() if is_from_here(request) else ""}
    return render(request, "welcome/show.html", shown)


def is_from_here(request: HttpRequest) -> bool:
    """True for a browser on this very machine; a request a proxy passed on is not."""
    direct = not any(header in request.META for header in FORWARDED)
    return direct and request.META.get("REMOTE_ADDR") in LOOPBACK


def sample_password() -> str:
    """The one password of all sample staff, "" where there is none."""
    place = Path(settings.ZHIKE_HOME) / "sample-password.txt"
    try:
        return place.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
