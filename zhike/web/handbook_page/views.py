"""The handbook browser. A ledger counts, and its lists show, only what the reader may open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render

from zhike.cases.access import case_for, visible_cases
from zhike.cases.models import Case
from zhike.cases.ranking import may_look, rankings_of
from zhike.cases.refusals import Forbidden, NotFound
from zhike.handbook.book import Book
from zhike.handbook.clauses import Clause
from zhike.handbook.unrun import unrun_of, unrun_parts
from zhike.journal.models import ClauseUse
from zhike.journal.queries import Tally, lines
from zhike.org.handbooks import NoHandbook, book_of, current, in_force
from zhike.org.models import HandbookVersion
from zhike.web.base.names import names_of
from zhike.web.context import Request
from zhike.web.handbook_page import why
from zhike.web.handbook_page.ledger import holders_of, minutes_of_uses, tallies_of
from zhike.web.handbook_page.pages import clause_view, sections_of, words_of_outcome
from zhike.web.handbook_page.parameters import parameters_of_clause
from zhike.web.handbook_page.period import choices, period_of
from zhike.web.handbook_page.titles import listed

PAGE = 50


def show_list(request: Request) -> HttpResponse:
    """Every handbook in force."""
    books = [(version, book_of(version.pk)) for version in in_force(request.now)]
    return render(request, "handbook_page/list.html", {"books": books})


def show(request: Request, name: str) -> HttpResponse:
    """The text beside its clauses, with the ledger of the chosen period."""
    version, book = _book(request, name)
    period = period_of(request.GET, request.now)
    found = tallies_of(book, period, _visible(request))
    shown = {
        "book": book,
        "version": version,
        "versions": HandbookVersion.objects.filter(name=name)
        .order_by("-effective_from", "-id")
        .defer("source", "text"),
        "sections": sections_of(book, found, period),
        "period": period,
        "periods": choices(),
        "totals": _totals(found),
        "unrun": [(name, book.clause(name).title) for name in unrun_of(book)],
        "is_ranked": any(may_look(book, one, request.viewer) for one in rankings_of(book)),
        "unrun_parts": [(one.title, said) for _, one, said in unrun_parts(book)],
    }
    return render(request, "handbook_page/show.html", shown)


def show_clause(request: Request, name: str, clause: str) -> HttpResponse:
    """One clause: sentence, data, ledger; with `?case=` what it did there: facts used and calculation."""
    case = _case(request)
    version, book = _book(request, name, case)
    found = _clause(book, clause)
    period = period_of(request.GET, request.now)
    tally = tallies_of(book, period, _visible(request)).get(clause, Tally(clause))
    shown = {
        "book": book,
        "version": version,
        "clause": clause_view(book, found, tally, period),
        "section": book.section(found.cites),
        "period": period,
        "why": why.why(book, clause, case, request.now) if case else None,
        "parameters": parameters_of_clause(book, clause, request.now),
    }
    return render(request, "handbook_page/_clause.html" if request.htmx else "handbook_page/clause.html", shown)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the ledger in a list: what, where, who."""

    use: why.UseView
    case: Case | None
    holder: str


def show_uses(request: Request, name: str, clause: str) -> HttpResponse:
    """The lines behind a figure, the newest first, each with the case it is about."""
    version, book = _book(request, name)
    found = _clause(book, clause)
    period = period_of(request.GET, request.now)
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in words_of_outcome(found.kind) else ""
    rows = lines(name, period.since, period.until, subjects=_visible(request), clause=clause, outcome=outcome)
    before = request.GET.get("before", "")
    if before.isdecimal():
        rows = rows.filter(pk__lt=int(before[:18]))
    page = list(rows.order_by("-id")[: PAGE + 1])
    shown = {
        "book": book,
        "version": version,
        "clause": clause_view(book, found, Tally(clause), period),
        "outcome": words_of_outcome(found.kind).get(outcome, ""),
        "outcome_name": outcome,
        "period": period,
        "rows": _rows(request, book, found, page[:PAGE]),
        "next": page[PAGE - 1].pk if len(page) > PAGE else None,
    }
    return render(request, "handbook_page/uses.html", shown)


def _rows(request: Request, book: Book, clause: Clause, uses: list[ClauseUse]) -> list[Row]:
    """Four queries for a page: cases, people, departments, clocks."""
    ids = {use.subject_id for use in uses if use.subject_kind == "case"}
    cases = {case.pk: case for case in visible_cases(request.viewer).filter(pk__in=ids).defer("data")}
    names = names_of({holder for use in uses for holder in holders_of(use)}, [book])
    minutes = minutes_of_uses(uses)
    return [
        Row(
            why.use_view(book, clause.kind, use, minutes),
            cases.get(use.subject_id) if use.subject_kind == "case" else None,
            listed(names[holder] for holder in holders_of(use)),
        )
        for use in uses
    ]


def _visible(request: Request) -> QuerySet[Any]:
    return visible_cases(request.viewer).order_by().values("pk")


def _book(request: Request, name: str, case: Case | None = None) -> tuple[HandbookVersion, Book]:
    """The version asked for, else the case's own, else the one in force. 404 where there is none."""
    wanted = request.GET.get("version", "")
    if wanted.isdecimal():
        version = HandbookVersion.objects.filter(name=name, pk=int(wanted[:18])).first()
    elif case is not None and case.handbook == name:
        version = case.handbook_version
    else:
        version = _current(request, name)
    if version is None:
        raise Http404
    return version, book_of(version.pk)


def _current(request: Request, name: str) -> HandbookVersion | None:
    try:
        return current(name, request.now)
    except NoHandbook:
        return None


def _clause(book: Book, clause: str) -> Clause:
    try:
        return book.clause(clause)
    except KeyError as error:
        raise Http404 from error


def _case(request: Request) -> Case | None:
    """The case a link came from, through its gate; without it the clause alone is shown."""
    wanted = request.GET.get("case", "").replace("\0", "")[:32]
    number = (
        Case.objects.filter(pk=int(wanted[:18])).values_list("number", flat=True).first()
        if wanted.isdecimal()
        else wanted
    )
    if not number:
        return None
    try:
        return case_for(request.viewer, number, now=request.now)
    except (NotFound, Forbidden):
        return None


def _totals(found: dict[str, Tally]) -> Tally:
    tallied = found.values()
    return Tally(
        "",
        sum(t.applied for t in tallied),
        sum(t.kept for t in tallied),
        sum(t.broken for t in tallied),
        sum(t.refused for t in tallied),
    )
