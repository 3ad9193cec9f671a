"""Between the server and the views, in this order: `Headers`, Django's session, CSRF and sign-in, `Person`, `Gate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from zhike.lib import clock
from zhike.notices.queries import position_and_unread
from zhike.org.handbooks import viewer as staff_viewer
from zhike.org.principals import ANONYMOUS_VIEWER, Viewer
from zhike.web.permissions import PERMISSIONS, may_open
from zhike.web.sign_in.entering import keep_session

Answer = Callable[[HttpRequest], HttpResponseBase]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No inline script or style, nothing from elsewhere. `data:` images are Tabler's own icons inside its style sheet."""


CAREFUL = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"),
)


class Headers:
    """Security headers on every answer; a view may set a stricter policy of its own (downloads do)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return secured(self.get_response(request))


def secured(response: HttpResponseBase) -> HttpResponseBase:
    """The answer with what browsers are told to be careful about."""
    for name, value in CAREFUL:
        response.headers.setdefault(name, value)
    if response.headers.get("Content-Type", "").startswith("text/html"):
        # Pages are personal: no shared cache keeps them, and after signing out the back button shows nothing.
        response.headers.setdefault("Cache-Control", "no-store")
    return response


class Person:
    """Gives the request its time, its viewer and its language."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.now = clock.now()  # type: ignore[attr-defined]
        request.viewer = SimpleLazyObject(lambda: viewer_of_request(request))  # type: ignore[attr-defined]
        with translation.override(language_of(request)):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        patch_vary_headers(response, ("Cookie", "Accept-Language"))
        return response


def is_page(request: HttpRequest) -> bool:
    """Whether a whole page is asked for, not a fragment of one, so that a live feed will follow."""
    return request.method == "GET" and "HX-Request" not in request.headers


def viewer_of_request(request: HttpRequest) -> Viewer:
    """The signed-in member of staff, else nobody in particular. Identity comes from the session, never from a header."""
    user = request.user
    if not user.is_authenticated:
        return ANONYMOUS_VIEWER
    return staff_viewer(user, getattr(request, "now", None))


def language_of(request: HttpRequest) -> str:
    """The language chosen with the switch, else the one in the person's file, else the browser's, else Chinese."""
    known = {code for code, _ in settings.LANGUAGES}
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in known:
        return chosen
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        saved = getattr(request.user, "language", "")
        if saved in known:
            return str(saved)
    return translation.get_language_from_request(request)


class Gate:
    """Refuses a route that is not in the permission table, and methods and people its row does not name."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        route = request.resolver_match.view_name if request.resolver_match else ""
        row = PERMISSIONS.get(route)
        if row is None:
            return refused(request)
        if row.who in (("token",), ("visitor",)):
            # Their own guards look at method, token, scope and rights, or at site, secret and pace, and answer programs in their way.
            return None
        if any("\0" in str(part) for part in kwargs.values()):
            raise Http404
        without_nul(request, view)
        if request.method not in row.methods:
            return not_allowed(request, sorted(row.methods))
        if row.who == ("sandbox",) and not settings.SANDBOX:
            raise Http404
        viewer = request.viewer = viewer_of_request(request)  # type: ignore[attr-defined]
        if may_open(viewer, route):
            if viewer.staff is not None and is_page(request):
                # Read before the view reads anything: what happens while the page is made is told by its stream.
                request.feed_from, request.unread = position_and_unread(viewer)  # type: ignore[attr-defined]
                keep_session(request, viewer, request.now)  # type: ignore[attr-defined]
            return None
        return refused(request) if viewer.staff is not None else to_sign_in(request)


def without_nul(request: HttpRequest, view: object) -> None:
    """No text holds a NUL and no column keeps one: what a browser sends is read as if it were not there.

    What other houses send (a view without the guard of forms) is their gateway's to read.
    """
    if "%00" in request.META.get("QUERY_STRING", ""):
        request.GET = _without_nul(request.GET)  # type: ignore[assignment]  # the stubs tell a query that is read from one that is made
    is_form = request.method == "POST" and not getattr(view, "csrf_exempt", False)
    if is_form and any("\0" in text for name, values in request.POST.lists() for text in (name, *values)):
        request.POST = _without_nul(request.POST)  # type: ignore[assignment]  # as above


def _without_nul(sent: QueryDict) -> QueryDict:
    found = QueryDict(mutable=True)
    for name, values in sent.lists():
        found.setlist(name.replace("\0", ""), [value.replace("\0", "") for value in values])
    found._mutable = False
    return found


def refused(request: HttpRequest) -> HttpResponse:
    return render(request, "base/refused.html", {"why": ""}, status=403)


def not_allowed(request: HttpRequest, methods: list[str]) -> HttpResponse:
    """405: mostly an address of a button, opened again from the history or reloaded."""
    told = {
        "title": translation.gettext("这个地址不能直接打开"),
        "why": translation.gettext("它是某个按钮办理时用的。请回到原来的页面，再按一次按钮。"),
    }
    return HttpResponseNotAllowed(methods, render_to_string("base/refused.html", told, request))


def asked_by_script(request: HttpRequest) -> bool:
    """Whether a page's script asks, not a person who goes somewhere: nobody would see a page, and its cookies do harm."""
    told = request.headers.get("HX-Request") == "true"
    return told or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"


def to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """A page asks to sign in and comes back; a script or a write is told 401, and htmx is told where to go."""
    url = reverse("sign_in:sign_in")
    wants = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    if asked_by_script(request):
        return HttpResponse(status=401, headers={"HX-Redirect": url})
    if request.method not in ("GET", "HEAD"):
        return render(request, "base/refused.html", {"why": "", "sign_in": url}, status=401)
    return HttpResponseRedirect(f"{url}?{urlencode({'next': wants})}")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django passes it
    """The form came from elsewhere, or cookies are off, or the person signed in again in another window.

    A page left open goes on asking after its session ended; if its refusals set a cookie, the next sign-in would fail.
    """
    if asked_by_script(request):
        return HttpResponse(status=403)
    if request.path == reverse("sign_in:sign_in"):
        return HttpResponseRedirect(f"{request.path}?{urlencode(_kept(request))}")
    told = {
        "title": translation.gettext("页面已失效，没有收下"),
        "why": translation.gettext(
            "可能是登录已过期，或者在别的窗口重新登录过。请返回上一页、刷新后再提交；填写的内容浏览器还留着。"
        ),
        "back": page_before(request),
    }
    return render(request, "base/refused.html", told, status=403)


def _kept(request: HttpRequest) -> dict[str, str]:
    """What a fresh form of sign-in starts with: all that was typed but the password."""
    return {"stale": "1"} | {name: request.POST.get(name, "")[:2000] for name in ("username", "next")}


def page_before(request: HttpRequest) -> str:
    """The address of our own page the request came from, or ""."""
    before = urlsplit(request.headers.get("Referer", ""))
    return (
        f"{before.path}?{before.query}" if before.query else before.path if before.netloc == request.get_host() else ""
    )
