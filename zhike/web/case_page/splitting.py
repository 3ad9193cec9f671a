"""Splitting a case: which part, what it becomes, and the form of the action that opens it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.allowed import may_steer
from zhike.cases.models import Case
from zhike.cases.queries import entries
from zhike.cases.refusals import CaseError, Unreadable
from zhike.cases.splitting import Into, split_case
from zhike.handbook.book import Book
from zhike.handbook.structure import Action
from zhike.org.handbooks import book_of, in_force
from zhike.org.models import HandbookVersion
from zhike.records.models import Attachment
from zhike.records.posting import parse_post
from zhike.web.case_page.belonging import with_case
from zhike.web.case_page.files import Received, file_fields, receive
from zhike.web.case_page.forms import action_form
from zhike.web.case_page.known import meant, part_values, shown
from zhike.web.case_page.page import case_url, key_of, say
from zhike.web.context import Request

Entry = tuple[HandbookVersion, str, Action]


@with_case
def split(request: Request, case: Case) -> HttpResponseBase:
    """GET: choose what it becomes (`into=handbook.process.action`) and fill it in. POST: split."""
    if case.merged_into_id is not None or not may_steer(case, book_of(case.handbook_version_id), request.viewer):
        raise Http404
    found = entries(request.viewer, in_force(request.now))
    chosen = (request.POST if request.method == "POST" else request.GET).get("into", "")
    entry = next((e for e in found if _name(e) == chosen), found[0] if found else None)
    if entry is None:
        return render(request, "case_page/split.html", {"case": case, "offers": []})
    if request.method == "POST":
        return _split(request, case, entry, found)
    return _page(request, case, entry, found, {"values": _known(case, entry)})


def _name(entry: Entry) -> str:
    version, process, action = entry
    return f"{version.name}.{process}.{action.id}"


def _known(case: Case, entry: Entry) -> dict[str, Any] | None:
    """What this case knows under the same names, hidden as its page hides it; the form comes back with it filled in."""
    version, _, action = entry
    book = book_of(version.pk)
    return shown(case, book, action, part_values(case, book, action)) if action.record else None


def _page(
    request: Request, case: Case, entry: Entry, found: list[Entry], form: dict[str, Any], status: int = 200
) -> HttpResponse:
    version, process, action = entry
    book = book_of(version.pk)
    url = reverse("case_page:split", args=[case.number])
    title = request.POST.get("title", case.title)
    known = {
        "case": case, "form": action_form(book, process, action, url=url, viewer=request.viewer, **form),
        "into": _name(entry), "title": title,
        "offers": [(_name(e), _said(e)) for e in found], "notes": list(case.notes.order_by("at", "id")),
        "files": list(Attachment.objects.filter(subject_kind="case", subject_id=case.pk, held="").order_by("id")),
        "chosen_notes": request.POST.getlist("note"), "chosen_files": request.POST.getlist("file"),
    }  # fmt: skip
    return render(request, "case_page/split.html", known, status=status)


def _said(entry: Entry) -> str:
    version, process, action = entry
    book: Book = book_of(version.pk)
    return f"{say(book.process(process).title)} · {say(action.title)}"


def _split(request: Request, case: Case, entry: Entry, found: list[Entry]) -> HttpResponse:
    version, process, action = entry
    book = book_of(version.pk)
    record = book.record(action.record) if action.record else None
    received = receive(request, file_fields(record.fields) if record else (), request.now)
    values = {**(parse_post(record, request.POST) if record else {}), **received.tokens}
    answered = meant(case, book, action, part_values(case, book, action), values)
    try:
        if received.errors:
            raise Unreadable.of(received.errors)
        into = Into(version, process, action.id, answered, received.all_tokens)
        new = split_case(
            case, into, title=request.POST.get("title", "")[:400], notes=_numbers(request, "note"),
            files=_numbers(request, "file"), by=request.viewer, now=request.now, key=key_of(request),
        )  # fmt: skip
    except CaseError as error:
        return _again(request, case, entry, found, values, received, error)
    messages.success(request, gettext("已拆分出 %(number)s") % {"number": new.number})
    return HttpResponseRedirect(case_url(new.number))


def _again(
    request: Request,
    case: Case,
    entry: Entry,
    found: list[Entry],
    values: dict[str, Any],
    received: Received,
    error: CaseError,
) -> HttpResponse:
    form = {"values": values, "error": error, "key": key_of(request), "files": received.files}
    return _page(request, case, entry, found, form, 422)


def _numbers(request: Request, name: str) -> list[int]:
    """Ids that were ticked; what is none refuses the whole, as an unknown one does."""
    return [
        int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0 for text in request.POST.getlist(name)
    ]
