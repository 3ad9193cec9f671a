"""One's own shifts: what comes, leave, swaps; and what waits for an answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.org.actions import OrgRefused
from zhike.org.attendance import headed_by
from zhike.org.models import Assignment, ShiftRequest, Staff
from zhike.org.rosters import rosters
from zhike.org.shift_requests import (
    NoSuchRequest,
    answer_swap,
    ask_leave,
    ask_swap,
    decide_request,
    requests_of,
    settled_for,
    waiting_for,
    withdraw_request,
)
from zhike.web.attendance.month import cell_of, drawn
from zhike.web.base.names import names_of
from zhike.web.base.times import WEEKDAYS, ZONE
from zhike.web.base.typed import day_of, moment_of
from zhike.web.context import Request

AHEAD = 21
MOST = 50
LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in words."""

    row: ShiftRequest
    what: str
    when: str
    state: str
    may_withdraw: bool


def show(request: Request) -> HttpResponse:
    return _page(request)


def leave(request: Request) -> HttpResponseBase:
    typed = {name: request.POST.get(name, "").strip() for name in ("begins_at", "ends_at", "why")}
    begin, end = moment_of(typed["begins_at"]), moment_of(typed["ends_at"])
    if begin is None or end is None:
        wrong = {
            name: gettext("请填写日期和时间。") for name, value in (("begins_at", begin), ("ends_at", end)) if not value
        }
        return _page(request, {"leave": typed, "leave_wrong": wrong}, 422)
    try:
        ask_leave(_me(request), begins_at=begin, ends_at=end, why=typed["why"], by=request.viewer, now=request.now)
    except OrgRefused as refused:
        return _page(request, {"leave": typed, "leave_wrong": words(refused)}, 422)
    messages.success(request, gettext("已提交请假，批准后生效。"))
    return HttpResponseRedirect(reverse("attendance:mine"))


def swap(request: Request) -> HttpResponseBase:
    typed = {name: request.POST.get(name, "").strip() for name in ("other", "day", "other_day", "swap_why")}
    other = next((person for person in _colleagues(request) if str(person.pk) == typed["other"]), None)
    day, back = day_of(typed["day"]), day_of(typed["other_day"])
    wrong = {} if other is not None else {"other": gettext("请选择本部门的一位同事。")}
    if day is None or (typed["other_day"] and back is None):
        wrong["day"] = gettext("请填写日期。")
    if wrong or other is None or day is None:
        return _page(request, {"swap": typed, "swap_wrong": wrong}, 422)
    try:
        ask_swap(_me(request), other, day, other_day=back, why=typed["swap_why"], by=request.viewer, now=request.now)
    except OrgRefused as refused:
        return _page(request, {"swap": typed, "swap_wrong": words(refused)}, 422)
    messages.success(request, gettext("已请 %(name)s 换班；他同意、负责人批准后生效。") % {"name": other.name})
    return HttpResponseRedirect(reverse("attendance:mine"))


def requests(request: Request) -> HttpResponse:
    """What waits for this viewer's answer, and below it what was answered: his own and those that are his to decide."""
    rows = [_asked(row, request) for row in waiting_for(request.viewer)[:MOST]]
    settled = [_asked(row, request) for row in settled_for(request.viewer)[:MOST]]
    names = names_of({each.row.decided_by for each in settled if each.row.decided_by})
    over = [(each, names.get(each.row.decided_by, "")) for each in settled]
    return drawn(request, "requests", {"rows": rows, "over": over, "me": f"staff:{_me(request).pk}"})


def answer(request: Request, number: int) -> HttpResponseBase:
    """agree, disagree (the colleague); approve, refuse (whoever decides); withdraw (whoever asked)."""
    how, viewer, now = request.POST.get("how", ""), request.viewer, request.now
    said = request.POST.get("answer", "")
    try:
        match how:
            case "agree" | "disagree":
                answer_swap(number, agree=how == "agree", by=viewer, now=now)
            case "approve" | "refuse":
                decide_request(number, approve=how == "approve", answer=said, by=viewer, now=now)
            case "withdraw":
                withdraw_request(number, by=viewer, now=now)
            case _:
                raise Http404
    except NoSuchRequest as error:
        raise Http404 from error
    except OrgRefused as refused:
        messages.error(request, " ".join(words(refused).values()))
    else:
        messages.success(request, gettext("已办理。"))
    return HttpResponseRedirect(reverse("attendance:mine" if how == "withdraw" else "attendance:requests"))


def words(refused: OrgRefused) -> dict[str, str]:
    language = get_language() or "zh"
    return {name or "deed": text.say(language) for name, text in refused.problems.items()}


def _me(request: Request) -> Staff:
    assert request.viewer.staff is not None
    return request.viewer.staff


def _colleagues(request: Request) -> list[Staff]:
    """People with a role in one of my departments. One query."""
    near = Assignment.objects.filter(department__in=request.viewer.places).values("staff")
    return list(Staff.objects.filter(is_active=True, pk__in=near).exclude(pk=_me(request).pk).order_by("name", "id"))


def _page(request: Request, more: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    me, today = _me(request), request.now.astimezone(ZONE).date()
    roster = rosters([me.pk], today, today + dt.timedelta(days=AHEAD - 1))[me.pk]
    days = [today + dt.timedelta(days=n) for n in range(AHEAD)]
    mine = requests_of(me).order_by("-asked_at", "-id")[:MOST]
    headed = headed_by(request.viewer)
    known: dict[str, Any] = {
        "days": [(cell_of(day, roster.get(day)), gettext(WEEKDAYS[day.weekday()])) for day in days],
        "planned": bool(roster),
        "requests": [_asked(row, request) for row in mine],
        "waiting": waiting_for(request.viewer, headed).count(),
        "may_plan": request.viewer.is_admin or bool(headed),
        "colleagues": _colleagues(request),
        "today": today,
        **(more or {}),
    }
    return drawn(request, "mine", known, status=status)


def _asked(row: ShiftRequest, request: Request) -> Asked:
    states = {
        "asked": gettext("等对方同意") if row.kind == "swap" else gettext("等批准"), "agreed": gettext("等批准"),
        "approved": gettext("已批准"), "refused": gettext("未批准"), "withdrawn": gettext("已撤回"),
    }  # fmt: skip
    to_come = row.state == "approved" and row.begins_at is not None and row.begins_at > request.now
    mine = request.viewer.principal == f"staff:{row.staff_id}"
    return Asked(
        row, _what(row), _when(row), states[row.state], mine and (row.state in ShiftRequest.PENDING or to_come)
    )


def _what(row: ShiftRequest) -> str:
    if row.kind == "leave" or row.other is None:
        return gettext("%(who)s 请假") % {"who": row.staff.name}
    return gettext("%(who)s 与 %(other)s 换班") % {"who": row.staff.name, "other": row.other.name}


def _when(row: ShiftRequest) -> str:
    if row.begins_at is not None and row.ends_at is not None:
        begin, end = row.begins_at.astimezone(ZONE), row.ends_at.astimezone(ZONE)
        return f"{begin:%Y-%m-%d %H:%M} - {end:%Y-%m-%d %H:%M}"
    return " ".join(f"{day:%Y-%m-%d}" for day in (row.day, row.other_day) if day is not None)
