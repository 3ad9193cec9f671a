"""The figures the handbook declares, each with its clauses, its parts and the cases behind it."""

from __future__ import annotations

import secrets
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from zhike.cases.access import visible_cases
from zhike.cases.figures import AT, PERSON, SUBJECT
from zhike.cases.ranking import may_look, rankings_of
from zhike.cases.report import TooMany, clauses_of, definitions_of, key_by, material
from zhike.cases.report import behind as rows_behind
from zhike.journal.actions import NewFact, record
from zhike.lib.sheets import Paper, write_rows
from zhike.records.access import disposition
from zhike.web.base.names import names_of
from zhike.web.context import Request
from zhike.web.figures.asking import Question, books_for, read, splits, starts_of
from zhike.web.figures.events import FiguresExported
from zhike.web.figures.rows import Shown, cells, heads, is_in, shown
from zhike.web.handbook_page.period import choices
from zhike.web.handbook_page.titles import say

MOST_SHOWN = 200
"""Rows of one list; whoever wants more takes a shorter span."""


def show(request: Request) -> HttpResponse:
    """A table for each figure."""
    books = books_for(request.viewer, request.now)
    if not books:
        return render(request, "figures/show.html", {"question": None})
    question = read(request.GET, books, request.now)
    figures, too_many = _figures(request, question)
    about = {
        "question": question, "books": books, "figures": figures, "too_many": too_many, "periods": choices(),
        "splits": splits(), "keep": [("handbook", question.book.name), ("by", question.by)],
    }  # fmt: skip
    is_ranked = any(may_look(question.book, one, request.viewer) for one in rankings_of(question.book))
    return render(request, "figures/show.html", {**about, "period": question.period, "is_ranked": is_ranked})


def _figures(request: Request, question: Question) -> tuple[list[Shown], bool]:
    try:
        return shown(question, request.viewer, request.now), False
    except TooMany:
        return [], True


def behind(request: Request, handbook: str, name: str) -> HttpResponse:
    """The rows one number counts, the newest first, each with the case it is about."""
    books = [book for book in books_for(request.viewer, request.now) if book.name == handbook]
    definition = next((one for book in books for one in definitions_of(book) if one.id == name), None)
    if definition is None:
        raise Http404
    question = read({**request.GET.dict(), "handbook": handbook}, books, request.now)
    is_below = request.GET.get("below") == "1" and definition.value is None
    about = {
        "question": question, "title": say(definition.title), "clauses": clauses_of(question.book, definition),
        "is_below": is_below, "most": MOST_SHOWN,
    }  # fmt: skip
    try:
        found = material(
            question.book, [definition], request.viewer, question.period.since, question.period.until, request.now
        )
    except TooMany:
        return render(request, "figures/behind.html", {**about, "too_many": True})
    key_of, sign = key_by(question.by, found, starts_of(question.period)), request.GET.get("group", "")
    rows = [row for row in rows_behind(found, definition, below=is_below) if is_in(key_of(row), sign)]
    page = rows[:MOST_SHOWN]
    ids = {row[SUBJECT][1] for row in page if row[SUBJECT][0] == "case"}
    cases = {case.pk: case for case in visible_cases(request.viewer).filter(pk__in=ids).defer("data")}
    names = names_of({row[PERSON] for row in page if row[PERSON]}, [question.book])
    lines = [
        {
            "at": row[AT], "clause": row.get("clause") or "", "person": names.get(row[PERSON], ""),
            "case": cases.get(row[SUBJECT][1]) if row[SUBJECT][0] == "case" else None,
            "talk": found.seen[row[SUBJECT]].number if row[SUBJECT][0] == "conversation" else "",
        }
        for row in page
    ]  # fmt: skip
    return render(request, "figures/behind.html", {**about, "rows": lines, "count": len(rows)})


def export(request: Request) -> HttpResponse:
    """The numbers of the page as CSV: no cell is a formula, its first line says who took it, and so does the journal."""
    books = books_for(request.viewer, request.now)
    if not books:
        raise Http404
    question = read(request.POST, books, request.now)
    figures, too_many = _figures(request, question)
    if too_many:
        return render(
            request, "figures/show.html", {"question": question, "books": books, "too_many": True}, status=422
        )
    mark, rows = secrets.token_hex(5), cells(figures)
    with TemporaryDirectory() as folder:
        target = Path(folder) / "figures.csv"
        write_rows(target, Paper(say(question.book.handbook.title), _head(request, question, mark), heads()), rows)
        content = target.read_bytes()
    asked = {"by": question.by, "from": str(question.period.first), "to": str(question.period.last)}
    with transaction.atomic():
        event = FiguresExported(question.book.name, len(rows), asked, mark)
        record(
            [
                NewFact(
                    event,
                    at=request.now,
                    subject=("handbook", 0),
                    actor=request.viewer.principal,
                    handbook=question.book.name,
                )
            ]
        )
    return HttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition("attachment", gettext("指标.csv")), "Cache-Control": "no-store"},
    )


def _head(request: Request, question: Question, mark: str) -> str:
    said = {
        "name": request.viewer.name, "who": request.viewer.principal, "at": f"{request.now:%Y-%m-%d %H:%M}", "mark": mark,
        "first": question.period.first, "last": question.period.last,
    }  # fmt: skip
    return (
        gettext("导出人 %(name)s（%(who)s） 时间 %(at)s UTC 期间 %(first)s 至 %(last)s 编号 %(mark)s 仅限工作使用")
        % said
    )
