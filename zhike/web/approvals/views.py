"""Agreeing to what colleagues ask for, declining it, and withdrawing what one asked for oneself."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases import exporting
from zhike.cases.asked_deeds import State, asked_by_viewer, awaiting
from zhike.cases.asking import decide_asked, withdraw_asked
from zhike.cases.models import AskedDeed
from zhike.cases.refusals import CaseError, Impossible
from zhike.duties.queries import asked_exemptions
from zhike.web.case_page.asked import Asked, asked_of
from zhike.web.case_page.page import case_url, say
from zhike.web.context import Request


def show(request: Request, wrong: tuple[int, str] | None = None, status: int = 200) -> HttpResponseBase:
    """Those waiting for the viewer first, then his own, the latest first."""
    waiting, own = awaiting(request.viewer, request.now), asked_by_viewer(request.viewer)
    shown = {each.row.pk: each for each in asked_of([*waiting, *own], request.viewer, request.now)}
    known = {
        "awaiting": _of(waiting, shown),
        "mine": _of(own, shown),
        "exports": len(exporting.awaiting(request.viewer, request.now)),
        "exemptions": len(asked_exemptions(request.viewer)),
        "wrong_at": wrong[0] if wrong else 0,
        "wrong": wrong[1] if wrong else "",
        "typed": request.POST.get("words", ""),
    }
    return render(request, "approvals/show.html", known, status=status)


def _of(rows: list[AskedDeed], shown: dict[int, Asked]) -> list[Asked]:
    return [shown[row.pk] for row in rows]


def decide(request: Request, number: int) -> HttpResponseBase:
    """POST `deed` agree or decline, with `words`. What is not his turn is not there for him."""
    deed = request.POST.get("deed")
    if deed not in ("agree", "decline") or number not in {row.pk for row in awaiting(request.viewer, request.now)}:
        raise Http404
    try:
        row = decide_asked(
            number, agree=deed == "agree", words=request.POST.get("words", ""), by=request.viewer, now=request.now
        )
    except Impossible as error:
        return show(request, (number, _words(error)), status=422)
    except CaseError as error:
        messages.error(request, _words(error))
    else:
        _say(request, row)
    return _back(request)


def _say(request: Request, row: AskedDeed) -> None:
    if row.state in (State.SUPERSEDED, State.REFUSED):
        words = row.why.get("zh" if request.LANGUAGE_CODE.startswith("zh") else "en", "")
        messages.warning(request, gettext("没有办成：%(why)s") % {"why": words})
        return
    messages.success(
        request,
        {
            State.DONE: gettext("已同意，已经办理。"),
            State.DECLINED: gettext("已记下不同意，理由已经告诉提交的人。"),
        }.get(State(row.state), gettext("已同意，等待下一位。")),
    )


def withdraw(request: Request, number: int) -> HttpResponseBase:
    try:
        withdraw_asked(number, by=request.viewer, now=request.now)
    except CaseError as error:
        messages.error(request, _words(error))
    else:
        messages.success(request, gettext("已撤回。"))
    return _back(request)


def _words(error: CaseError) -> str:
    return " ".join(say(reason.words) for reason in error.reasons)


def _back(request: Request) -> HttpResponse:
    """To the case it was pressed on, or to the list."""
    case = request.POST.get("case", "")
    known = case.replace("-", "").isalnum() and case.isascii()
    return HttpResponseRedirect(case_url(case) if known else reverse("approvals:show"))
