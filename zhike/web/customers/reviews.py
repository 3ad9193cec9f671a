"""Who looked behind a mask, for those who look that over."""

from __future__ import annotations

from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.customers.access import may_review, unmaskings_for
from zhike.customers.identifiers import SORTS
from zhike.customers.unmasking import PURPOSES, review_unmasking
from zhike.web.case_page.page import say
from zhike.web.context import Request
from zhike.web.customers.listing import number_of

PAGE = 50


def unmaskings(request: Request) -> HttpResponseBase:
    """The newest first, fifty a page."""
    if not may_review(request.viewer):
        raise Http404
    found = list(unmaskings_for(request.viewer, before=number_of(request.GET.get("before", "")))[: PAGE + 1])
    titles = {"phone": gettext("电话"), "email": gettext("邮箱"), **{k: say(s.title) for k, s in SORTS.items()}}
    rows = [
        (row, titles.get(row.what, row.what), say(PURPOSES[row.purpose]) if row.purpose in PURPOSES else row.purpose)
        for row in found[:PAGE]
    ]
    following = f"?before={found[PAGE - 1].pk}" if len(found) > PAGE else ""
    return render(request, "customers/unmaskings.html", {"rows": rows, "next": following})


def review(request: Request, number: int) -> HttpResponseBase:
    """One verdict; 404 for one's own look and for one already looked over."""
    if not may_review(request.viewer):
        raise Http404
    is_justified = request.POST.get("verdict") == "justified"
    if not review_unmasking(number, is_justified=is_justified, by=request.viewer, now=request.now):
        raise Http404
    return HttpResponseRedirect(reverse("customers:unmaskings"))
