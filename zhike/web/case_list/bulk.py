"""One deed on the selected rows: what all of them allow, one form, one press; what stands in the way by case and clause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext

from zhike.cases import bulk
from zhike.cases.bulk import BulkRefused, Common, Failure, Picked
from zhike.cases.models import Case
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.structure import Action
from zhike.org.handbooks import book_of
from zhike.records.posting import parse_post
from zhike.web.case_page.forms import ActionForm, action_form
from zhike.web.case_page.page import case_url, key_of, new_key, say
from zhike.web.context import Request

ACT = "act."
NUMBER = re.compile(r"[A-Za-z0-9_-]{1,32}")
"""Anything else is nobody's number, and is refused as such."""
NOTE, FOLLOW, HAND_OVER = "note", "follow", "hand-over"


@dataclass(frozen=True, slots=True)
class Told:
    """Why one case stands in the way: (words, clause) of each reason."""

    number: str
    url: str
    handbook: str
    reasons: list[tuple[str, str]]


def show(request: Request) -> HttpResponseBase:
    """GET: what may be done with the selection, and the form of the deed chosen. POST: do it."""
    picked = picked_of(request)
    try:
        cases = bulk.cases_picked(picked, request.viewer, request.now)
    except BulkRefused as refused:
        return _page(request, [], refused=refused, status=422)
    deed = (request.POST if request.method == "POST" else request.GET).get("deed", "")
    if request.method == "POST":
        return _do(request, cases, picked, deed)
    return _page(request, cases, deed=deed)


def picked_of(request: Request) -> list[Picked]:
    """`case=FW250610-000001` or `case=FW250610-000001~3` with the version the page showed."""
    given = (request.POST if request.method == "POST" else request.GET).getlist("case")
    found = {}
    for each in given[: bulk.MOST + 1]:
        number, _, version = each.partition("~")
        known = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None
        number = number if NUMBER.fullmatch(number) else "?"
        found[number] = Picked(number, known)
    return list(found.values())


def _do(request: Request, cases: Sequence[Case], picked: Sequence[Picked], deed: str) -> HttpResponseBase:
    common: dict[str, Any] = {"by": request.viewer, "now": request.now, "key": key_of(request)}
    try:
        if deed.startswith(ACT):
            action, book = _action(cases, deed)
            record = book.record(action.record) if action.record else None
            values = parse_post(record, request.POST) if record else {}
            done = bulk.take_on_all(picked, action.id, values, **common)
        elif deed == HAND_OVER:
            done = _hand_over(request, cases, picked, common)
        elif deed == NOTE:
            done = bulk.note_on_all(picked, request.POST.get("words", ""), **common)
        elif deed == FOLLOW:
            done = bulk.follow_all(picked, **common)
        else:
            raise Http404
    except BulkRefused as refused:
        return _page(request, cases, deed=deed, refused=refused, status=422)
    messages.success(request, ngettext("已一起办理 %(n)d 张工单", "已一起办理 %(n)d 张工单", done) % {"n": done})
    return HttpResponseRedirect(reverse("case_list:show"))


def _action(cases: Sequence[Case], deed: str) -> tuple[Action, Book]:
    """The action as the newest version among the cases has it."""
    newest = max(cases, key=lambda case: case.handbook_version_id)
    book = book_of(newest.handbook_version_id)
    same = {(case.handbook, case.process) for case in cases} == {(newest.handbook, newest.process)}
    try:
        if not same:
            raise LookupError
        return book.action(newest.process, deed.removeprefix(ACT)), book
    except LookupError:
        raise Http404


def _hand_over(request: Request, cases: Sequence[Case], picked: Sequence[Picked], common: dict[str, Any]) -> int:
    people, against = bulk.common_colleagues(cases, request.viewer)
    if against:
        raise BulkRefused(against)
    to = next((person for person in people if str(person.pk) == request.POST.get("to")), None)
    if to is None:
        raise BulkRefused([], Text(zh="请选择接手的同事。", en="Choose the colleague who takes them over."))
    return bulk.hand_over_all(picked, to, **common)


def _page(
    request: Request, cases: Sequence[Case], *, deed: str = "", refused: BulkRefused | None = None, status: int = 200
) -> HttpResponse:
    """`deed`: the form of that one is open. With `refused`, what stood in the way stands above it."""
    known: dict[str, Any] = {
        "cases": [(case, say(_stage(case))) for case in cases],
        "query": urlencode([("case", case.number) for case in cases]),
        "failures": told(refused.failures) if refused else [],
        "words": say(refused.words) if refused and refused.words else "",
        "without": _without(cases, refused) if refused else "",
        "deed": deed,
        "key": key_of(request) or new_key(),
    }
    if cases:
        known |= _offers(request, cases, deed)
    return render(request, "case_list/bulk.html", known, status=status)


def _offers(request: Request, cases: Sequence[Case], deed: str) -> dict[str, Any]:
    common = bulk.common_actions(cases, request.viewer)
    people, against = bulk.common_colleagues(cases, request.viewer)
    chosen = next((one for one in common if f"{ACT}{one.action.id}" == deed and one.allowed), None)
    return {
        "offered": [(f"{ACT}{one.action.id}", say(one.action.title)) for one in common if one.allowed],
        "closed": [(say(one.action.title), told(one.against)) for one in common if not one.allowed],
        "mixed": len({(case.handbook, case.process) for case in cases}) > 1,
        "people": people,
        "against_hand_over": told(against),
        "form": _form(request, cases, chosen) if chosen else None,
        "typed": request.POST.get("words", ""),
        "to": request.POST.get("to", ""),
    }


def _form(request: Request, cases: Sequence[Case], chosen: Common) -> ActionForm:
    action, book = _action(cases, f"{ACT}{chosen.action.id}")
    record = book.record(action.record) if action.record else None
    posted = request.method == "POST"
    values = parse_post(record, request.POST) if record and posted else None
    return action_form(
        book, cases[0].process, action, url=reverse("case_list:bulk"), viewer=request.viewer, values=values,
        key=key_of(request),
    )  # fmt: skip


def _stage(case: Case) -> object:
    return book_of(case.handbook_version_id).stage(case.process, case.stage).title


def told(failures: Sequence[Failure]) -> list[Told]:
    return [
        Told(
            failure.number,
            case_url(failure.number) if failure.case else "",
            failure.case.handbook if failure.case else "",
            [(say(reason.words), reason.clause) for reason in failure.reasons],
        )
        for failure in failures
    ]


def _without(cases: Sequence[Case], refused: BulkRefused) -> str:
    """The selection without what stood in the way, as a query."""
    bad = {failure.number for failure in refused.failures}
    left = [case.number for case in cases if case.number not in bad]
    return urlencode([("case", number) for number in left]) if left and bad else ""
