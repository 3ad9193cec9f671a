"""Pages for requests that cannot be read at all."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """400: more text than anybody writes, or a request no browser sends. Nothing was stored."""
    why = gettext("内容太多或读不懂，没有收下。请返回、删减后再提交。")
    return render(request, "base/refused.html", {"why": why, "title": gettext("没有收下")}, status=400)
