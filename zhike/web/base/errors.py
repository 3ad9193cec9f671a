"""Pages for requests that cannot be read at all."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from django.utils.translation import gettext

CHUNK = 256 * 1024
MOST_READ = 64 * 1024 * 1024
"""Bytes of a refused body that are still taken in."""


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """400: more text than anybody writes, or a request no browser sends. Nothing was stored."""
    read_to_its_end(request)
    why = gettext("内容太多或读不懂，没有收下。请返回、删减后再提交。")
    return render(request, "base/refused.html", {"why": why, "title": gettext("没有收下")}, status=400)


def read_to_its_end(request: HttpRequest) -> None:
    """Take in what the browser is still sending: an answer before that is lost with the connection, and nobody learns why."""
    taken = 0
    try:
        while taken < MOST_READ and (chunk := request.read(CHUNK)):
            taken += len(chunk)
    except UnreadablePostError:
        return
