"""How an administrator helps somebody in, and keeps somebody else out. Everything done here is written to the journal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.org import access
from zhike.org.actions import OrgRefused
from zhike.org.credentials import make_link, open_link, revoke_link
from zhike.org.models import SignInRules, Staff
from zhike.org.second_factor import remove_second_factor, state_of
from zhike.org.sessions import end_session, end_sessions, sessions_of
from zhike.org.sign_in_rules import LONGEST, MOST_HOURS, SHORTEST, change_rules, rules
from zhike.web.account.devices import shown_sessions
from zhike.web.account.happened import recent
from zhike.web.administration.people import assignable, words_of
from zhike.web.base.names import names_of
from zhike.web.context import Request
from zhike.web.sign_in.attempts import is_locked, lift_lock
from zhike.web.sign_in.scan import qr_code


def person(request: Request, number: int) -> HttpResponseBase:
    """How somebody signs in: password link, second factor, lock, sessions, what happened lately."""
    return _page(request, _person(request, number))


def link(request: Request, number: int) -> HttpResponseBase:
    """A link with which he sets his password; an earlier one is revoked. Shown on this answer only."""
    staff = _person(request, number)
    try:
        made, secret = make_link(staff, by=request.viewer.principal, now=request.now)
    except OrgRefused as refused:
        return _page(request, staff, {"wrong": words_of(refused)}, status=422)
    address = request.build_absolute_uri(reverse("sign_in:link", args=[secret]))
    return _page(request, staff, {"link": address, "made": made, "picture": qr_code(address)})


def revoke(request: Request, number: int) -> HttpResponseBase:
    staff = _person(request, number)
    if revoke_link(staff, by=request.viewer.principal, now=request.now):
        messages.success(request, gettext("链接已撤销，再也打不开了。"))
    return _back(staff)


def end(request: Request, number: int) -> HttpResponseBase:
    """End one of his sessions, or all; an administrator's own current one stays."""
    staff, by = _person(request, number), request.viewer.principal
    if handle := request.POST.get("session", ""):
        count = int(end_session(staff, handle[:40], by=by, now=request.now))
    else:
        count = end_sessions(staff, by=by, now=request.now, keep=request.session.session_key)
    messages.success(request, gettext("已结束 %(count)d 处登录。") % {"count": count})
    return _back(staff)


def remove_factor(request: Request, number: int) -> HttpResponseBase:
    """For somebody who lost his telephone; where he needs a second factor he sets up another when he signs in."""
    staff = _person(request, number)
    try:
        gone = remove_second_factor(
            staff, by=request.viewer.principal, now=request.now, keep=request.session.session_key or ""
        )
    except OrgRefused as refused:
        return _page(request, staff, {"wrong": words_of(refused)}, status=422)
    if gone:
        messages.success(request, gettext("已移除二次验证，他的登录都已结束。"))
    return _back(staff)


def unlock(request: Request, number: int) -> HttpResponseBase:
    staff = _person(request, number)
    lift_lock(staff, by=request.viewer.principal, now=request.now)
    messages.success(request, gettext("已解除，他可以马上再试。"))
    return _back(staff)


def show_rules(request: Request) -> HttpResponseBase:
    """What this installation asks of passwords and second factors."""
    if request.method != "POST":
        held = rules()
        return _rules_page(
            request, {name: getattr(held, name) for name in ("password_length", "link_hours", "second_factor", "roles")}
        )
    typed = {
        "password_length": _number(request, "password_length"), "link_hours": _number(request, "link_hours"),
        "second_factor": request.POST.get("second_factor", ""), "roles": _roles(request),
    }  # fmt: skip
    try:
        change_rules(**typed, by=request.viewer.staff, now=request.now)  # type: ignore[arg-type]  # as typed above
    except OrgRefused as refused:
        as_typed = {name: request.POST.get(name, "") for name in ("password_length", "link_hours")}
        return _rules_page(request, typed | as_typed, words_of(refused))
    messages.success(request, gettext("已保存。没有二次验证却需要它的人，下次登录时先设置。"))
    return HttpResponseRedirect(reverse("credentials:rules"))


def _number(request: Request, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 5 else 0


def _roles(request: Request) -> list[str]:
    """Of the roles that were ticked, those that exist."""
    known = {f"{name}:{role.id}" for name, role in assignable(request)}
    return sorted(known.intersection(request.POST.getlist("roles")))


def _rules_page(request: Request, typed: dict[str, Any], wrong: dict[str, str] | None = None) -> HttpResponse:
    language = get_language() or "zh"
    who = {
        SignInRules.Required.NOBODY: gettext("谁都不必须，自己决定"),
        SignInRules.Required.ADMINISTRATORS: gettext("管理员"),
        SignInRules.Required.ROLES: gettext("管理员和下面选中的岗位"),
        SignInRules.Required.EVERYBODY: gettext("每一位员工"),
    }
    known = {
        "typed": typed, "wrong": wrong or {}, "who": [(each.value, words) for each, words in who.items()],
        "roles": [(f"{name}:{role.id}", role.title.say(language), name) for name, role in assignable(request)],
        "shortest": SHORTEST, "longest": LONGEST, "most_hours": MOST_HOURS,
    }  # fmt: skip
    return render(request, "credentials/rules.html", known, status=422 if wrong else 200)


def _person(request: Request, number: int) -> Staff:
    try:
        return access.staff_for(request.viewer, number)
    except access.NotFound as error:
        raise Http404 from error


def _back(staff: Staff) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("credentials:person", args=[staff.pk]))


def _page(request: Request, staff: Staff, more: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    happened = recent(staff)
    names = names_of({each.by for each in happened}, [])
    known = {
        "person": staff,
        "has_password": staff.has_usable_password(),
        "open_link": open_link(staff, request.now),
        "factor": state_of(staff),
        "is_locked": is_locked(staff.username),
        "is_self": request.viewer.principal == f"staff:{staff.pk}",
        "sessions": shown_sessions(list(sessions_of(staff)[:100]), request.session.session_key),
        "happened": [(each, names.get(each.by, each.by)) for each in happened],
        **(more or {}),
    }
    return render(request, "credentials/person.html", known, status=status)
