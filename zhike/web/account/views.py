"""My account. Everything here is about the person who is signed in; no address names anybody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.debug import sensitive_post_parameters

from zhike.lib import clock
from zhike.org.actions import OrgRefused
from zhike.org.credentials import change_own_password
from zhike.org.models import Staff
from zhike.org.second_factor import (
    begin_set_up,
    confirm_set_up,
    has_second_factor,
    make_recovery_codes,
    remove_second_factor,
    set_up_of,
    state_of,
)
from zhike.org.sessions import end_session, end_sessions, sessions_of
from zhike.org.sign_in_rules import rules
from zhike.web.account.devices import shown_sessions
from zhike.web.account.happened import recent
from zhike.web.account.proof import wrong_password
from zhike.web.case_page.lasting import lasting_for
from zhike.web.context import Request
from zhike.web.proxies import address_of
from zhike.web.sign_in.attempts import claim_try, forget_failures, note_failure
from zhike.web.sign_in.entering import raise_session
from zhike.web.sign_in.scan import picture_of, shown_secret
from zhike.web.sign_in.views import too_often, typed

SET_UP = "set_up"
"""In the session: the number of the secret it may show and confirm."""


def show(request: Request) -> HttpResponseBase:
    return _page(request)


@sensitive_post_parameters("current", "password", "again")
def password(request: Request) -> HttpResponseBase:
    """A new password for whoever knows the old one; this session goes on under a new id, the others end."""
    person = _me(request)
    chosen = request.POST.get("password", "")
    if chosen != request.POST.get("again", ""):
        return _page(request, {"again": gettext("两次输入的密码不一样，请重新输入。")})
    if wrong := wrong_password(request, person):
        return _page(request, {"old": wrong})
    try:
        old = request.POST.get("current", "")
        change_own_password(person, old, chosen, now=request.now, keep=request.session.session_key or "")
    except OrgRefused as refused:
        return _page(request, _words(refused))
    update_session_auth_hash(request, person)
    messages.success(request, gettext("密码已更换，其他地方的登录都已结束。"))
    return _back()


@sensitive_post_parameters("current")
def factor_begin(request: Request) -> HttpResponseBase:
    """A new secret to scan, for whoever knows the password."""
    person = _me(request)
    if wrong := wrong_password(request, person):
        return _page(request, {"factor": wrong})
    request.session[SET_UP] = begin_set_up(person, now=request.now)
    return HttpResponseRedirect(reverse("account:factor"))


def factor(request: Request) -> HttpResponseBase:
    """GET: the picture to scan. POST: the first code; the answer shows the recovery codes, once."""
    person, number = _me(request), request.session.get(SET_UP)
    secret = set_up_of(person, number) if number else ""
    if number is None or not secret:
        return _back()
    if request.method != "POST":
        return _factor_page(request, person, secret)
    address = address_of(request)
    if claim_try(address, person.username) is None:
        return _factor_page(request, person, secret, too_often(), status=429)
    try:
        keep = request.session.session_key or ""
        codes = confirm_set_up(person, number, typed(request, "code"), at=clock.wall(), now=request.now, keep=keep)
    except OrgRefused as refused:
        note_failure(address, person.username)
        return _factor_page(request, person, secret, " ".join(_words(refused).values()), status=422)
    forget_failures(address, person.username)
    del request.session[SET_UP]
    raise_session(request, second_factor=True)
    return _codes_page(request, codes)


@sensitive_post_parameters("current")
def factor_remove(request: Request) -> HttpResponseBase:
    """Codes are not asked for any more, for whoever knows the password and need not have them."""
    person = _me(request)
    if wrong := wrong_password(request, person):
        return _page(request, {"factor": wrong})
    try:
        remove_second_factor(
            person, by=request.viewer.principal, now=request.now, keep=request.session.session_key or ""
        )
    except OrgRefused as refused:
        return _page(request, {"factor": " ".join(_words(refused).values())})
    raise_session(request, second_factor=False)
    messages.success(request, gettext("已关闭二次验证，其他地方的登录都已结束。"))
    return _back()


@sensitive_post_parameters("current")
def codes(request: Request) -> HttpResponseBase:
    """New recovery codes instead of the old ones, shown once."""
    person = _me(request)
    if not has_second_factor(person):
        return _back()
    if wrong := wrong_password(request, person):
        return _page(request, {"factor": wrong})
    return _codes_page(request, make_recovery_codes(person, by=request.viewer.principal, now=request.now))


def end(request: Request) -> HttpResponseBase:
    """End one of one's other sessions, or all of them."""
    person, here = _me(request), request.session.session_key or ""
    if handle := request.POST.get("session", ""):
        count = int(end_session(person, handle[:40], by=request.viewer.principal, now=request.now))
    else:
        count = end_sessions(person, by=request.viewer.principal, now=request.now, keep=here)
    words = gettext("已结束 %(count)d 处登录。") if count else gettext("那处登录已经结束了。")
    messages.success(request, words % {"count": count} if count else words)
    return _back()


def _me(request: Request) -> Staff:
    assert request.viewer.staff is not None  # the table of permissions lets nobody else come here
    return request.viewer.staff


def _back() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("account:show"))


def _words(refused: OrgRefused) -> dict[str, str]:
    return {name: text.say(get_language() or "zh") for name, text in refused.problems.items()}


def _page(request: Request, wrong: dict[str, str] | None = None) -> HttpResponseBase:
    person = _me(request)
    known: dict[str, Any] = {
        "person": person,
        "least": rules().password_length,
        "factor": state_of(person),
        "sessions": shown_sessions(list(sessions_of(person)[:100]), request.session.session_key),
        "happened": recent(person),
        "lasting": lasting_for(request.viewer.principal, request.viewer.keys, request.now),
        "wrong": wrong or {},
    }
    return render(request, "account/show.html", known, status=422 if wrong else 200)


def _factor_page(request: Request, person: Staff, secret: str, error: str = "", status: int = 200) -> HttpResponseBase:
    shown = {"picture": picture_of(secret, person), "secret": shown_secret(secret), "error": error}
    return render(request, "account/factor.html", shown, status=status)


def _codes_page(request: Request, made: list[str]) -> HttpResponseBase:
    return render(request, "account/codes.html", {"codes": made})
