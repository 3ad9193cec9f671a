"""Directories (reference records): who keeps which one is said by the handbook; `records.directory` is the gate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.handbook.book import Book
from zhike.handbook.structure import Record
from zhike.lib.text import clean_line
from zhike.org.handbooks import NoHandbook, book_of, current, in_force
from zhike.records.directory import (
    PAGE,
    NoSuchRow,
    StaleRow,
    locks_on,
    may_keep,
    restore_row,
    retire_row,
    row_for,
    rows,
    save_row,
)
from zhike.records.display import display
from zhike.records.forms import FormRefused
from zhike.records.models import ReferenceRow
from zhike.records.posting import parse_post
from zhike.records.references import load_names
from zhike.web.base.fields import Told, field_views
from zhike.web.case_page.forms import Choices
from zhike.web.context import Request

COLUMNS = 4
"""Fields shown in the list."""


@dataclass(frozen=True, slots=True)
class Row:
    """An entry in the list."""

    row: ReferenceRow
    cells: list[str]


def directories(request: Request) -> HttpResponse:
    """The directories this viewer keeps."""
    books = [book_of(version.pk) for version in in_force(request.now)]
    kept = [(book, record) for book in books for record in book.handbook.records if _keeps(book, record, request)]
    counts = {
        (book.name, record.id): ReferenceRow.objects.filter(
            handbook=book.name, record=record.id, is_active=True
        ).count()
        for book, record in kept
    }
    found = [(book, record, counts[book.name, record.id]) for book, record in kept]
    return render(request, "administration/directories.html", {"found": found})


def _keeps(book: Book, record: Record, request: Request) -> bool:
    return record.kind == "reference" and may_keep(book, record.id, request.viewer)


def directory(request: Request, handbook: str, record: str) -> HttpResponseBase:
    """The entries of one directory, in use or retired."""
    book, definition = _directory(request, handbook, record)
    query, retired = clean_line(request.GET.get("q", ""))[:60], request.GET.get("retired") == "true"
    after = (
        (request.GET.get("label", "").replace("\0", "")[:200], int(request.GET["after"][:18]))
        if request.GET.get("after", "").isdecimal()
        else None
    )
    page = rows(book, record, query, request.viewer, retired=retired, after=after, limit=PAGE + 1)
    shown_fields = [each for each in definition.fields if each.type not in ("rows", "files", "text")][:COLUMNS]
    name_of = load_names(book, [(shown_fields, row.values) for row in page])
    language = get_language() or "zh"
    cells = [
        Row(
            row,
            [
                display(book, each, row.values.get(each.id), language, name_of=name_of, now=request.now, unmasked=True)
                for each in shown_fields
            ],
        )
        for row in page[:PAGE]
    ]
    shown = {
        "book": book,
        "record": definition,
        "columns": [each.title for each in shown_fields],
        "rows": cells,
        "q": query,
        "retired": retired,
        "last": page[PAGE - 1] if len(page) > PAGE else None,
        "undo": _undo(request, book, record),
    }
    return render(request, "administration/directory.html", shown)


def _undo(request: Request, book: Book, record: str) -> ReferenceRow | None:
    """The entry that was just retired, so that it can be taken back at once."""
    wanted = request.GET.get("undo", "")
    if not wanted.isdecimal():
        return None
    return ReferenceRow.objects.filter(handbook=book.name, record=record, pk=int(wanted[:18]), is_active=False).first()


def add_row(request: Request, handbook: str, record: str) -> HttpResponseBase:
    book, definition = _directory(request, handbook, record)
    return _edit(request, book, definition, None)


def edit_row(request: Request, handbook: str, record: str, number: int) -> HttpResponseBase:
    book, definition = _directory(request, handbook, record)
    try:
        return _edit(request, book, definition, row_for(book, record, number, request.viewer))
    except NoSuchRow as error:
        raise Http404 from error


def switch_row(request: Request, handbook: str, record: str, number: int) -> HttpResponseBase:
    """Retire an entry, or take it back."""
    book, definition = _directory(request, handbook, record)
    restore = request.POST.get("active") == "true"
    try:
        row = (restore_row if restore else retire_row)(book, record, number, by=request.viewer, now=request.now)
    except NoSuchRow as error:
        raise Http404 from error
    address = reverse("administration:directory", args=[book.name, definition.id])
    if restore:
        messages.success(request, gettext("已恢复“%(label)s”。") % {"label": row.label})
        return HttpResponseRedirect(address)
    return HttpResponseRedirect(f"{address}?undo={row.pk}")


def _edit(request: Request, book: Book, definition: Record, row: ReferenceRow | None) -> HttpResponseBase:
    if request.method != "POST":
        return _form(request, book, definition, row, row.values if row else {})
    values = parse_post(definition, request.POST)
    try:
        saved = save_row(
            book, definition.id, values, by=request.viewer, now=request.now, row_id=row.pk if row else None,
            expected=_expected(request),
        )  # fmt: skip
    except FormRefused as refused:
        language = get_language() or "zh"
        wrong = {name: [Told(text.say(language))] for name, text in refused.errors.items()}
        return _form(request, book, definition, row, values, wrong=wrong, status=422)
    except StaleRow as stale:
        return _form(request, book, definition, row, values, told=stale.words.say(get_language() or "zh"), status=409)
    messages.success(request, gettext("已保存“%(label)s”。") % {"label": saved.label})
    return HttpResponseRedirect(reverse("administration:directory", args=[book.name, definition.id]))


def _expected(request: Request) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(request.POST.get("seen", ""))
    except ValueError:
        return None


def _form(
    request: Request,
    book: Book,
    definition: Record,
    row: ReferenceRow | None,
    values: Mapping[str, Any],
    *,
    wrong: dict[str, list[Told]] | None = None,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    shown = {
        "book": book,
        "record": definition,
        "row": row,
        "fields": field_views(
            book,
            definition.id,
            values,
            errors=wrong,
            options=Choices(book, request.viewer),
            locks=locks_on(book, definition.id, row.values if row else {}, request.viewer),
        ),
        "others": [each.words for name, found in (wrong or {}).items() if "__" in name or not name for each in found],
        "told": told,
    }
    return render(request, "administration/row.html", shown, status=status)


def _directory(request: Request, handbook: str, record: str) -> tuple[Book, Record]:
    """The book and the record, for those who keep it; for others it is not there."""
    try:
        book = book_of(current(handbook, request.now).pk)
        definition = book.record(record)
    except (NoHandbook, KeyError) as error:
        raise Http404 from error
    if not _keeps(book, definition, request):
        raise Http404
    return book, definition
