"""Sign in and out. Equal answers and equal time for a wrong password, an unknown name and a disabled account."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, logout
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from zhike.web.context import Request
from zhike.web.sign_in.attempts import address_of, forget_failures, may_try, write_failure
from zhike.web.sign_in.language import here

LONGEST = 200


@sensitive_post_parameters("password")
def sign_in(request: Request) -> HttpResponseBase:
    """The form; a good name and password lead to where one wanted to go, with a new session id."""
    target = here(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.method != "POST":
        return HttpResponseRedirect(target) if request.viewer.staff is not None else _form(request, target)
    username, password = typed(request, "username"), typed(request, "password")
    address = address_of(request)
    if not may_try(address, username):
        return _form(request, target, gettext("尝试次数过多，请几分钟后再试。"), status=429)
    staff = authenticate(request, username=username, password=password)
    if staff is None:
        write_failure(address, username)
        return _form(request, target, gettext("用户名或密码不正确。"), status=422)
    forget_failures(address, username)
    login(request, staff)
    return HttpResponseRedirect(target)


def typed(request: Request, name: str) -> str:
    """A posted text, shortened, without the one character PostgreSQL cannot compare."""
    return request.POST.get(name, "")[:LONGEST].replace("\0", "")


def _form(request: Request, target: str, error: str = "", status: int = 200) -> HttpResponseBase:
    known = {
        "next": target,
        "error": error,
        "username": typed(request, "username") or request.GET.get("username", "")[:LONGEST],
    }
    return render(request, "sign_in/sign_in.html", known, status=status)


def sign_out(request: Request) -> HttpResponseBase:
    logout(request)
    return HttpResponseRedirect("/sign-in")
