"""Putting off the deletion of a case, and no longer putting it off."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext

from zhike.cases.holds import LONGEST_WHY, end_hold, hold_case
from zhike.cases.models import Case
from zhike.cases.refusals import CaseError, Unreadable
from zhike.web.case_page.belonging import back_to, with_case, words_of
from zhike.web.case_page.kept import kept_of
from zhike.web.case_page.page import case_url
from zhike.web.context import Request


@with_case
def hold(request: Request, case: Case) -> HttpResponseBase:
    """GET: why it is not to be deleted, asked. POST: held, or with `deed=end` no longer."""
    if request.method == "GET":
        return _form(request, case)
    try:
        if request.POST.get("deed") == "end":
            end_hold(case, by=request.viewer, now=request.now)
            messages.success(request, gettext("已恢复按期删除。"))
        else:
            hold_case(case, request.POST.get("why", ""), by=request.viewer, now=request.now)
            messages.success(request, gettext("已暂停删除，到期也不会删。"))
    except Unreadable as wrong:
        return _form(request, case, words_of(wrong), status=422)
    except CaseError as refused:
        messages.error(request, words_of(refused))
        return HttpResponseRedirect(case_url(case.number))
    return back_to(request, case)


def _form(request: Request, case: Case, wrong: str = "", status: int = 200) -> HttpResponse:
    known = {
        "case": case,
        "kept": kept_of(case, request.viewer),
        "wrong": wrong,
        "why": request.POST.get("why", ""),
        "longest": LONGEST_WHY,
    }
    return render(request, "case_page/hold.html", known, status=status)
