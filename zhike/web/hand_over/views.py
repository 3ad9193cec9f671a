"""Handing a case to a colleague: whom, and the note he reads first."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.actions import add_note, hand_over_case
from zhike.cases.allowed import may_hand_over
from zhike.cases.models import Case
from zhike.cases.queries import colleagues
from zhike.cases.refusals import CaseError, Stale
from zhike.org.handbooks import book_of
from zhike.org.models import Staff
from zhike.web.case_page.page import say
from zhike.web.case_page.views import Kept, find
from zhike.web.context import Request

NOTE_LIMIT = 20_000


def hand_over(request: Request, number: str) -> HttpResponseBase:
    """GET: the form. POST: do it and go back to the case."""
    try:
        case = find(request, number)
    except Kept as kept:
        return kept.response
    if not may_hand_over(case, book_of(case.handbook_version_id), request.viewer):
        raise Http404
    people = colleagues(case)
    return _do(request, case, people) if request.method == "POST" else _form(request, case, people)


def _form(request: Request, case: Case, people: list[Staff], why: str = "", status: int = 200) -> HttpResponse:
    title = book_of(case.handbook_version_id).role(case.owner_role).title
    known = {
        "case": case,
        "people": people,
        "role": say(title),
        "why": why,
        "chosen": request.POST.get("to", ""),
        "typed": request.POST.get("note", ""),
    }
    return render(request, "hand_over/form.html", known, status=status)


def _do(request: Request, case: Case, people: list[Staff]) -> HttpResponse:
    to = next((person for person in people if str(person.pk) == request.POST.get("to")), None)
    note = request.POST.get("note", "").strip()
    if to is None:
        return _form(request, case, people, gettext("请选择接手的同事。"), 422)
    if len(note) > NOTE_LIMIT:
        return _form(request, case, people, gettext("留言太长，最多两万字。"), 422)
    version = request.POST.get("version", "")
    try:
        with transaction.atomic():
            hand_over_case(
                case.pk, to=to, by=request.viewer, now=request.now, version=int(version) if version.isdigit() else None
            )
            if note:
                add_note(case, note, by=request.viewer, now=request.now)
    except CaseError as error:
        words = " ".join(say(reason.words) for reason in error.reasons)
        return _form(request, case, people, words, 409 if isinstance(error, Stale) else 422)
    messages.success(request, gettext("已交给%(name)s，他手里的钟一并转过去了。") % {"name": to.name})
    return HttpResponseRedirect(reverse("case_page:show", args=[case.number]))
