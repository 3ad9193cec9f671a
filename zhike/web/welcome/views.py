"""What a newcomer sees. The sample password is shown on this machine only, and only while it is the sample's."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from zhike.channels.webchat.inboxes import demo_inbox
from zhike.conversations.models import Medium
from zhike.handbook.book import Book
from zhike.org.handbooks import book_of, in_force
from zhike.web.context import Request
from zhike.web.portal.entries import entries
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
    return render(request, "welcome/show.html", {**shown, **_to_try(books, request)})


def _to_try(books: list[Book], request: Request) -> dict[str, object]:
    """What there is to try in a department of these handbooks: something to file, a shop to chat in, a board to watch."""
    screens = {screen for book in books for role in book.handbook.roles for screen in role.screens}
    chats = any(Medium.WEBCHAT in queue.media for book in books for queue in book.handbook.queues)
    shop = chats and (settings.SANDBOX or demo_inbox(request.now, sandbox=False) is not None)
    return {"files": bool(entries(request.now)), "shop": shop, "board": "board" in screens}


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
