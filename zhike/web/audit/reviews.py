"""The page on which looks behind masks and exports are looked over."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.customers.identifiers import SORTS
from zhike.customers.unmasking import PURPOSES
from zhike.journal.models import Fact
from zhike.web.audit.access import may_look_over
from zhike.web.audit.reviewing import looks, review, verdicts
from zhike.web.audit.rows import rows_of
from zhike.web.case_page.page import say
from zhike.web.context import Request

PAGE = 50


def show(request: Request) -> HttpResponseBase:
    """The newest first, fifty a page."""
    if not may_look_over(request.viewer):
        raise Http404
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    page = list(looks(request.viewer, before=before)[: PAGE + 1])
    found, given = page[:PAGE], verdicts(page[:PAGE])
    rows = [
        (row, words_of(fact), given.get(fact.pk), fact.actor == request.viewer.principal)
        for row, fact in zip(rows_of(request.viewer, found), found, strict=True)
    ]
    shown = {
        "rows": rows,
        "first": "?" if before else "",
        "next": f"?before={found[-1].pk}" if len(page) > PAGE else "",
        "count": gettext("本页 %(n)d 条") % {"n": len(found)},
    }
    return render(request, "audit/reviews.html", shown)


def verdict(request: Request, number: int) -> HttpResponse:
    """404 for one's own look, for one already looked over, and for whatever is none."""
    is_justified = request.POST.get("verdict") == "justified"
    if not review(number, is_justified=is_justified, by=request.viewer, now=request.now):
        raise Http404
    return HttpResponseRedirect(reverse("audit:reviews"))


def words_of(fact: Fact) -> str:
    """What was looked at or taken out, and what for. It says nothing of the customer, so whoever looks over may read it."""
    said = fact.payload
    if fact.type == "customer.unmasked":
        what = {"phone": gettext("电话"), "email": gettext("邮箱")} | {k: say(s.title) for k, s in SORTS.items()}
        purpose = say(PURPOSES[said["purpose"]]) if said.get("purpose") in PURPOSES else said.get("purpose", "")
        return f"{what.get(said['what'], said['what'])}{gettext('：')}{purpose}{gettext('，')}{said.get('words', '')}"
    if fact.type in ("customers.exported", "journal.exported"):
        asked = gettext("，").join(f"{name}={value}" for name, value in said.get("asked", {}).items()) or gettext(
            "全部"
        )
        full = gettext("（完整号码）") if said.get("in_full") else ""
        counted = gettext("%(n)d 条%(full)s") % {"n": said.get("count", 0), "full": full}
        return gettext("，").join(
            part for part in (counted, asked, said.get("purpose", ""), said.get("mark", "")) if part
        )
    return ""
