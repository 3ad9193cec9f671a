"""Taking cases out: asked for from the list, agreed to by others where a clause says so, fetched once it is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext, pgettext

from zhike.cases import exporting
from zhike.cases.consents import open_links
from zhike.cases.exporting import ExportRefused, may_export
from zhike.cases.listing import Asked
from zhike.cases.models import CaseExport
from zhike.cases.queries import count_upto, filtered
from zhike.cases.saved_views import views_for
from zhike.handbook.book import Book
from zhike.records.access import disposition
from zhike.web.base.names import names_of, role_title
from zhike.web.base.times import short_moment
from zhike.web.case_list.asking import active_departments, books_now, pairs_of, question_of, words_of
from zhike.web.case_page.page import say
from zhike.web.context import Request

KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """A request as the page shows it."""

    export: CaseExport
    words: str
    """What is taken out."""
    state: str
    moves: bool
    """It is being written: the page looks again."""
    clauses: list[tuple[str, str]]
    """(handbook, clause) behind it."""
    turn: str
    """Whose consent it waits for."""
    given: list[str]
    """Who has agreed or not, and when."""


def exports(request: Request) -> HttpResponseBase:
    """GET: what would be taken out, the requests under way, those waiting for the viewer. POST: ask."""
    return _ask(request) if request.method == "POST" else _page(request)


def _page(request: Request, refused: ExportRefused | None = None) -> HttpResponse:
    books = books_now(request)
    given = request.POST if refused else request.GET
    asked = question_of(given, views_for(request.viewer), books, request.viewer).asked
    asks = bool(given) and may_export(request.viewer)
    places = {str(pk): name for pk, name in active_departments(request.viewer)}
    mine = [line_of(export, books, places, request) for export in exporting.exports_of(request.viewer)]
    known = {
        "asks": asks,
        "words": words_in(asked, books, places),
        "rows": rows_in(request, asked) if asks else "",
        "pairs": pairs_of(asked),
        "mine": mine,
        "moving": any(line.moves for line in mine),
        "awaiting": [line_of(e, books, places, request) for e in exporting.awaiting(request.viewer, request.now)],
        "refusals": told(refused, books) if refused else [],
        "purpose": given.get("purpose", ""),
        "format": given.get("format", "xlsx"),
    }
    return render(request, "case_list/exports.html", known, status=422 if refused else 200)


def words_in(asked: Asked, books: Sequence[Book], places: dict[str, str]) -> str:
    said = words_of(asked, books, places)
    return gettext("，").join(f"{what} {value}" for what, value in said) or gettext("全部工单")


def rows_in(request: Request, asked: Asked) -> str:
    """How many rows, as far as they are counted."""
    count = count_upto(filtered(request.viewer, asked.wanted()), COUNTED)
    return f"{COUNTED:,}+" if count is None or count > COUNTED else f"{count:,}"


def line_of(export: CaseExport, books: Sequence[Book], places: dict[str, str], request: Request) -> Line:
    asked = exporting.asked_of(export, request.now)
    by_name = {book.name: book for book in books}
    waiting = export.state == CaseExport.State.WAITING
    roles = [
        role_title(by_name[consent.handbook], role) if consent.handbook in by_name else role
        for consent in (exporting.still_open(export) if waiting else [])
        for link in open_links(consent, export.approvals)
        for role in link
    ]
    names = names_of({one["by"] for one in export.approvals}, books) if export.approvals else {}
    return Line(
        export=export,
        words=words_in(asked, books, places),
        state=state_words(export),
        moves=export.state in (CaseExport.State.QUEUED, CaseExport.State.RUNNING),
        clauses=[(c["handbook"], c["clause"]) for c in export.consents],
        turn=gettext("、").join(dict.fromkeys(roles)),
        given=[_given(one, names, request) for one in export.approvals],
    )


def _given(one: dict[str, str], names: dict[str, str], request: Request) -> str:
    words = pgettext("somebody did", "同意") if one["decision"] == "approved" else gettext("没有同意")
    when = short_moment(dt.datetime.fromisoformat(one["at"]), request.now)
    return " ".join(part for part in (names.get(one["by"], one["by"]), words, when, one.get("words", "")) if part)


def state_words(export: CaseExport) -> str:
    return {
        "waiting": gettext("等待同意"),
        "queued": gettext("排队中"),
        "running": gettext("正在生成"),
        "ready": gettext("可以下载"),
        "rejected": gettext("没有同意"),
        "failed": gettext("没有完成"),
        "gone": gettext("已过期"),
    }[export.state]


def told(refused: ExportRefused, books: Sequence[Book]) -> list[tuple[str, str, str]]:
    """(words, handbook, clause) of each reason."""
    found = []
    for reason in refused.reasons:
        handbook = next((book.name for book in books if reason.clause and _has(book, reason.clause)), "")
        found.append((say(reason.words), handbook, reason.clause))
    return found


def _has(book: Book, clause: str) -> bool:
    return any(one.id == clause for one in book.clauses())


def _ask(request: Request) -> HttpResponseBase:
    asked = question_of(request.POST, [], books_now(request), request.viewer).asked
    try:
        export = exporting.ask_export(
            asked, by=request.viewer, now=request.now, format_=request.POST.get("format", ""),
            purpose=request.POST.get("purpose", ""), language=get_language() or "zh-hans",
        )  # fmt: skip
    except ExportRefused as refused:
        return _page(request, refused)
    if export.state == CaseExport.State.WAITING:
        messages.success(request, gettext("已申请，等待同意。"))
    return HttpResponseRedirect(reverse("case_list:exports"))


def decide(request: Request, number: int) -> HttpResponseBase:
    """Agree or not, by whoever's turn it is; for anybody else there is no such request."""
    if not any(export.pk == number for export in exporting.awaiting(request.viewer, request.now)):
        raise Http404
    agree = request.POST.get("deed") == "agree"
    if not agree and request.POST.get("deed") != "refuse":
        raise Http404
    try:
        exporting.decide_export(
            number, agree=agree, words=request.POST.get("words", ""), by=request.viewer, now=request.now
        )
    except ExportRefused as refused:
        messages.error(request, " ".join(say(reason.words) for reason in refused.reasons))
    else:
        messages.success(request, gettext("已同意。") if agree else gettext("已记下不同意。"))
    return HttpResponseRedirect(reverse("case_list:exports"))


def download(request: Request, number: int) -> HttpResponseBase:
    """The file, to whoever asked for it."""
    try:
        export = exporting.fetch(number, by=request.viewer, now=request.now)
    except ExportRefused:
        raise Http404
    name = gettext("工单-%(mark)s") % {"mark": export.mark}
    answer = FileResponse(exporting.file_of(export).open("rb"), content_type=KINDS[export.format])
    answer["Content-Disposition"] = disposition("attachment", f"{name}.{export.format}")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
