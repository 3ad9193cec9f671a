"""Deeds on a case as a whole: follow it, link it, merge it, split it, undo what was just done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.access import case_for
from zhike.cases.followers import follow_case, unfollow_case
from zhike.cases.links import link_cases, unlink_cases
from zhike.cases.merging import Differs, merge_cases, undo_merge
from zhike.cases.models import Case
from zhike.cases.queries import other_cases
from zhike.cases.refusals import CaseError, Forbidden, NotFound
from zhike.cases.sight import who_sees
from zhike.cases.undo import undo_deed
from zhike.lib.text import narrow
from zhike.org.handbooks import book_of
from zhike.web.base.refusals import refusals_of
from zhike.web.case_page.page import case_url, say
from zhike.web.case_page.ties import link_kinds, ties_of
from zhike.web.case_page.views import Kept, find
from zhike.web.context import Request

OFFERED = 8
"""Names offered while one is typed."""
SUGGESTED = 5


def with_case(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """`view` behind the gate of the case."""

    def answer(request: Request, number: str, **more: Any) -> HttpResponseBase:
        try:
            return view(request, find(request, number), **more)
        except Kept as kept:
            return kept.response

    return answer


def back_to(request: Request, case: Case) -> HttpResponseRedirect:
    if request.POST.get("back") == "desk":
        return HttpResponseRedirect(reverse("desk:show") + f"?case={case.number}")
    return HttpResponseRedirect(case_url(case.number))


def words_of(error: CaseError) -> str:
    return " ".join(say(reason.words) for reason in error.reasons)


@with_case
def follow(request: Request, case: Case) -> HttpResponseBase:
    """Follow the case, or stop."""
    stops = request.POST.get("deed") == "unfollow"
    (unfollow_case if stops else follow_case)(case, by=request.viewer, now=request.now)
    told = gettext("不再关注，有变化不再通知您。") if stops else gettext("已关注，有变化会通知您。")
    messages.success(request, told)
    return back_to(request, case)


@with_case
def links(request: Request, case: Case) -> HttpResponseBase:
    """GET: what it is linked with, and the form. POST: link it with another case."""
    number, kind = narrow(request.POST.get("number", "")[:60]), request.POST.get("kind", "related")
    if request.method != "POST":
        return _links_page(request, case, {})
    other = _other(request, number)
    if other is None or kind not in dict(link_kinds()):
        return _links_page(request, case, {"wrong": unknown(number), "number": number, "kind": kind}, 422)
    one, two, kind = (other, case, "caused_by") if kind == "causes" else (case, other, kind)
    try:
        link_cases(one, two, kind, by=request.viewer, now=request.now)  # type: ignore[arg-type]
    except CaseError as error:
        return _links_page(request, case, {"wrong": words_of(error), "number": number, "kind": kind}, 422)
    messages.success(request, gettext("已关联 %(number)s") % {"number": other.number})
    return back_to(request, case)


def _links_page(request: Request, case: Case, more: dict[str, Any], status: int = 200) -> HttpResponse:
    known = {
        "case": case, "ties": ties_of(case, request.viewer, request.now), "kinds": link_kinds(),
        "suggested": _suggested(request, case), **more,
    }  # fmt: skip
    return render(request, "case_page/links.html", known, status=status)


def unknown(number: str) -> str:
    """The same words for a case that is not there and for one he may not see."""
    if not number:
        return gettext("请填写另一张工单的单号。")
    return gettext("没有 %(number)s 这张工单，或者您看不到它。") % {"number": number}


def _other(request: Request, number: str) -> Case | None:
    """The other case through its own gate, which writes down who was kept out."""
    try:
        return case_for(request.viewer, number, now=request.now) if number else None
    except (NotFound, Forbidden):
        return None


def _suggested(request: Request, case: Case) -> list[Case]:
    """The customer's latest other cases: most links and merges are among them."""
    return other_cases(case.customer, case, request.viewer, SUGGESTED) if case.customer else []


@with_case
def unlink(request: Request, case: Case, link: int) -> HttpResponseBase:
    try:
        unlink_cases(case, link, by=request.viewer, now=request.now)
        messages.success(request, gettext("已解除关联"))
    except NotFound:
        raise Http404
    except CaseError as error:
        messages.error(request, words_of(error))
    return back_to(request, case)


@with_case
def merge(request: Request, case: Case) -> HttpResponseBase:
    """GET: which case shall lead. POST: merge; what differs is asked about once more."""
    number = narrow((request.POST if request.method == "POST" else request.GET).get("number", "")[:60])
    if request.method != "POST":
        return _merge_page(request, case, {"number": number})
    leading = _other(request, number)
    if leading is None:
        return _merge_page(request, case, {"number": number, "wrong": unknown(number)}, 422)
    try:
        merge_cases(
            case.pk, leading.pk, by=request.viewer, now=request.now, confirmed=request.POST.get("confirmed") == "yes"
        )
    except Differs as error:
        return _merge_page(request, case, {"number": number, "leading": leading, "differs": error.reasons}, 409)
    except CaseError as error:
        known = {"number": number, "refusals": refusals_of(error, book_of(case.handbook_version_id), None)}
        return _merge_page(request, case, known, 422)
    messages.success(request, gettext("%(number)s 已并入本单") % {"number": case.number})
    return HttpResponseRedirect(case_url(leading.number))


def _merge_page(request: Request, case: Case, more: dict[str, Any], status: int = 200) -> HttpResponse:
    known = {"case": case, "suggested": [c for c in _suggested(request, case) if c.status == "open"], **more}
    return render(request, "case_page/merge.html", known, status=status)


@with_case
def unmerge(request: Request, case: Case) -> HttpResponseBase:
    """The duplicate `case` is a case of its own again."""
    try:
        undo_merge(case.pk, by=request.viewer, now=request.now)
        messages.success(request, gettext("已撤销合并，%(number)s 恢复原样") % {"number": case.number})
    except NotFound:
        messages.error(request, gettext("这张工单现在没有并入别的工单。"))
    except CaseError as error:
        messages.error(request, gettext("不能撤销合并：%(why)s") % {"why": words_of(error)})
    return HttpResponseRedirect(case_url(case.number) + "?own=1")


@with_case
def undo(request: Request, case: Case) -> HttpResponseBase:
    """Take back what was just done here, or say why not."""
    try:
        undo_deed(case.pk, by=request.viewer, now=request.now)
        messages.success(request, gettext("已撤销，工单恢复到办理之前"))
    except NotFound:
        messages.error(request, gettext("没有可以撤销的办理。"))
    except CaseError as error:
        messages.error(request, gettext("不能撤销：%(why)s") % {"why": words_of(error)})
    return back_to(request, case)


@with_case
def people(request: Request, case: Case) -> HttpResponseBase:
    """Whom a note may mention, by what was typed of the name: those who may see the case and nobody else."""
    found = who_sees(case.audience, named=request.GET.get("q", "")[:40], most=OFFERED)
    doubled = {person.name for person in found if sum(other.name == person.name for other in found) > 1}
    names = [
        {
            "name": person.name,
            "insert": person.username if person.name in doubled else person.name,
            "user": person.username,
        }
        for person in found
        if person.id != (request.viewer.staff.pk if request.viewer.staff else 0)
    ]
    return JsonResponse({"people": names})
