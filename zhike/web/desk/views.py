"""The desk: mine at the left, the case in the middle, customer and clauses at the right. At most 12 queries a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.actions import open_case
from zhike.cases.models import Case
from zhike.cases.queries import entries
from zhike.cases.queries import mine as cases_of_mine
from zhike.cases.refusals import CaseError, Unreadable
from zhike.handbook.structure import Action
from zhike.org.handbooks import book_of, in_force
from zhike.org.models import HandbookVersion
from zhike.records.posting import parse_post
from zhike.web.case_page.files import file_fields, receive
from zhike.web.case_page.forms import ActionForm, action_form
from zhike.web.case_page.page import case_view, key_of, new_key, say
from zhike.web.case_page.ties import undo_of
from zhike.web.case_page.views import Kept, find, go_on
from zhike.web.context import Request
from zhike.web.desk.mine import Row, my_rows, open_clocks


def show(request: Request) -> HttpResponseBase:
    """`?case=` chooses the case in the middle; without it the one that presses most."""
    chosen = request.GET.get("case", "")
    try:
        case = find(request, chosen) if chosen else None
    except Kept as kept:
        return kept.response
    known = left(request, case)
    rows = known["rows"]
    if case is None and rows:
        case = rows[0].case
        rows[0] = replace(rows[0], current=True)
    if case is not None:
        clocks = known["clocks"].get(case.pk, [])
        known |= {"case": case, "view": case_view(case, request.viewer, request.now, clocks), "note_key": new_key()}
        known["undo"] = undo_of(case, request.viewer, request.now)
    known |= {"chosen": bool(chosen), "back": "desk", "opens": may_open_cases(request, rows)}
    return render(request, "desk/show.html", known)


def may_open_cases(request: Request, rows: Sequence[Row]) -> bool:
    """Whether 新建 leads anywhere. The versions the cases on the page run under answer it without a query."""
    ids = {row.case.handbook_version_id for row in rows}
    versions = [HandbookVersion(pk=pk) for pk in ids] if ids else in_force(request.now)
    return bool(entries(request.viewer, versions))


def left(request: Request, case: Case | None) -> dict[str, Any]:
    """The left pane, with the clocks of everything on the page."""
    cases = cases_of_mine(request.viewer)
    clocks = open_clocks([c.pk for c in cases], whole=case.pk if case else None)
    rows = my_rows(cases, clocks, request.viewer, request.now, case.number if case else request.GET.get("case", ""))
    return {"rows": rows, "clocks": clocks}


def mine(request: Request) -> HttpResponse:
    """The left pane, as it is now."""
    known = left(request, None)
    return render(request, "desk/mine.html", {"rows": known["rows"], "current": request.GET.get("case", "")})


def new(request: Request) -> HttpResponseBase:
    """What can be opened. One possibility is opened at once."""
    found = entries(request.viewer, in_force(request.now))
    if len(found) == 1:
        version, process, action = found[0]
        return HttpResponseRedirect(reverse("desk:open", args=[version.name, process, action.id]))
    offers = [(address(v, p, a), say(book_of(v.pk).process(p).title), say(a.title)) for v, p, a in found]
    return render(request, "desk/new.html", {"offers": offers})


def address(version: HandbookVersion, process: str, action: Action) -> str:
    return reverse("desk:open", args=[version.name, process, action.id])


def open_new(request: Request, handbook: str, process: str, action: str) -> HttpResponseBase:
    """The form of an entry action; POST opens the case."""
    wanted = (handbook, process, action)
    found = next(
        (e for e in entries(request.viewer, in_force(request.now)) if (e[0].name, e[1], e[2].id) == wanted), None
    )
    if found is None:
        raise Http404
    version, process, definition = found
    if request.method == "POST":
        return _open(request, version, process, definition)
    form = action_form(
        book_of(version.pk),
        process,
        definition,
        url=address(version, process, definition),
        viewer=request.viewer,
        back="desk",
    )
    return drawn(request, version, process, form)


def _open(request: Request, version: HandbookVersion, process: str, action: Action) -> HttpResponse:
    book = book_of(version.pk)
    record = book.record(action.record) if action.record else None
    received = receive(request, file_fields(record.fields) if record else (), request.now)
    values = {**(parse_post(record, request.POST) if record else {}), **received.tokens}
    key = key_of(request)
    try:
        if received.errors:
            raise Unreadable.of(received.errors)
        case = open_case(
            version,
            process,
            action.id,
            values,
            by=request.viewer,
            now=request.now,
            key=key,
            attachments=received.all_tokens,
        )
    except CaseError as error:
        form = action_form(
            book,
            process,
            action,
            url=address(version, process, action),
            viewer=request.viewer,
            values=values,
            error=error,
            key=key,
            files=received.files,
            back="desk",
        )
        return drawn(request, version, process, form, status=422)
    messages.success(request, gettext("已建单 %(number)s") % {"number": case.number})
    return go_on(request, case, "desk")


def drawn(
    request: Request, version: HandbookVersion, process: str, form: ActionForm, status: int = 200
) -> HttpResponse:
    if request.htmx:
        return render(request, "case_page/form.html", {"form": form}, status=status)
    book = book_of(version.pk)
    rules = [
        {
            "id": c.id,
            "handbook": book.name,
            "title": say(c.title),
            "quote": c.quote,
            "say": say(getattr(c, "say", None) or ""),
        }
        for c in (book.clause(clause) for clause in form.clauses)
    ]
    known = {"form": form, "process": say(book.process(process).title), "rules": rules}
    return render(request, "desk/open.html", known, status=status)
