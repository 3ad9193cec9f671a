"""Sign in and out. Equal answers and equal time for a wrong password, an unknown name and a disabled account."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.debug import sensitive_post_parameters

from zhike.lib import clock
from zhike.org.actions import OrgRefused
from zhike.org.models import Staff
from zhike.org.second_factor import accept_code, begin_set_up, confirm_set_up, has_second_factor, set_up_of
from zhike.org.sign_in_rules import needs_second_factor
from zhike.web.context import Request
from zhike.web.proxies import address_of
from zhike.web.sign_in.attempts import claim_try, give_back_try, note_failure
from zhike.web.sign_in.entering import Waiting, enter, leave, wait_for_code, waiting
from zhike.web.sign_in.language import here
from zhike.web.sign_in.scan import picture_of, shown_secret

LONGEST = 200
FORGET = '"cache", "storage"'
"""Clear-Site-Data: what the browser kept of these pages goes, drafts included; cookies of taste stay."""


@sensitive_post_parameters("password")
def sign_in(request: Request) -> HttpResponseBase:
    """The form; a good name and password lead on: to the code of the second factor, or to where one wanted to go."""
    target = here(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.method != "POST":
        return HttpResponseRedirect(target) if request.viewer.staff is not None else _form(request, target)
    username, password = typed(request, "username"), typed(request, "password")
    number = claim_try(address_of(request), username)
    if number is None:
        return _form(request, target, too_often(), status=429)
    staff = authenticate(request, username=username, password=password)
    if not isinstance(staff, Staff):
        note_failure(address_of(request), username)
        return _form(request, target, gettext("用户名或密码不正确。"), status=422)
    return _go_on(request, staff, target, number)


def _go_on(request: Request, staff: Staff, target: str, number: int) -> HttpResponseBase:
    """The password was right. Failures are forgotten only at the end: a known password buys no more tries at the code."""
    if has_second_factor(staff):
        give_back_try(number)
        wait_for_code(request, staff, target)
        return HttpResponseRedirect(reverse("sign_in:code"))
    if needs_second_factor(staff):
        give_back_try(number)
        wait_for_code(request, staff, target, begin_set_up(staff, now=request.now))
        return HttpResponseRedirect(reverse("sign_in:set_up"))
    enter(request, staff)
    return HttpResponseRedirect(target)


def code(request: Request) -> HttpResponseBase:
    """The second step: a code of the telephone, or a recovery code."""
    waited = waiting(request)
    if waited is None or not has_second_factor(waited.staff):
        return HttpResponseRedirect(reverse("sign_in:sign_in"))
    if request.method != "POST":
        return render(request, "sign_in/code.html", {})
    address, username = address_of(request), waited.staff.username
    if claim_try(address, username) is None:
        return render(request, "sign_in/code.html", {"error": too_often()}, status=429)
    how = accept_code(waited.staff, typed(request, "code"), at=clock.wall(), now=request.now)
    if not how:
        note_failure(address, username)
        wrong = gettext("验证码不对，或者已经用过；请等手机上出现下一个再输入。")
        return render(request, "sign_in/code.html", {"error": wrong}, status=422)
    enter(request, waited.staff, how)
    return HttpResponseRedirect(waited.target)


def set_up(request: Request) -> HttpResponseBase:
    """Whoever needs a second factor and has none sets it up before he comes in."""
    waited = waiting(request)
    secret = set_up_of(waited.staff, waited.set_up) if waited is not None and waited.set_up is not None else ""
    if waited is None or not secret:
        return HttpResponseRedirect(reverse("sign_in:sign_in"))
    if request.method != "POST":
        return _set_up_form(request, waited, secret)
    address, username = address_of(request), waited.staff.username
    if claim_try(address, username) is None:
        return _set_up_form(request, waited, secret, too_often(), status=429)
    try:
        codes = confirm_set_up(
            waited.staff, waited.set_up or 0, typed(request, "code"), at=clock.wall(), now=request.now
        )
    except OrgRefused as refused:
        note_failure(address, username)
        words = " ".join(text.say(get_language() or "zh") for text in refused.problems.values())
        return _set_up_form(request, waited, secret, words, status=422)
    enter(request, waited.staff, "totp")
    return render(request, "sign_in/codes.html", {"codes": codes, "target": waited.target})


def _set_up_form(
    request: Request, waited: Waiting, secret: str, error: str = "", status: int = 200
) -> HttpResponseBase:
    shown = {"picture": picture_of(secret, waited.staff), "secret": shown_secret(secret), "error": error}
    return render(request, "sign_in/set_up.html", shown, status=status)


def sign_out(request: Request) -> HttpResponseBase:
    """End this session; what the browser kept of it goes with it."""
    leave(request)
    response = HttpResponseRedirect(reverse("sign_in:sign_in") + "?left=1")
    response.headers["Clear-Site-Data"] = FORGET
    return response


def too_often() -> str:
    return gettext("尝试次数过多，请几分钟后再试。")


def typed(request: Request, name: str) -> str:
    """A posted text, shortened, without the one character PostgreSQL cannot compare."""
    return request.POST.get(name, "")[:LONGEST].replace("\0", "")


def _form(request: Request, target: str, error: str = "", status: int = 200) -> HttpResponseBase:
    if "stale" in request.GET and not error:
        error = gettext("这一页放得太久，或者浏览器不收 Cookie，没有登录。请再输入一次密码。")
    known: dict[str, Any] = {
        "next": target,
        "error": error,
        "left": "left" in request.GET,
        "ended": "ended" in request.GET,
        "username": request.POST.get("username", "") or request.GET.get("username", "")[:LONGEST],
    }
    return render(request, "sign_in/sign_in.html", known, status=status)
