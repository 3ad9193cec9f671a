"""The board by stage: columns are the stages of a process, cards its cases by what is due next; a card moves by an action alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.access import visible_cases
from zhike.cases.listing import Asked, process_of
from zhike.cases.models import Case
from zhike.cases.queries import Offer, filtered, offered
from zhike.cases.saved_views import views_for
from zhike.cases.stages import Column, columns_of, ways
from zhike.handbook.book import Book
from zhike.org.handbooks import book_of
from zhike.web.case_list.asking import Question, books_now, filter_bar, question_of, remember
from zhike.web.case_list.views import frame
from zhike.web.case_page.forms import ActionForm, action_form
from zhike.web.case_page.page import say
from zhike.web.case_page.views import Kept, find, newest_fact
from zhike.web.context import Request
from zhike.web.desk.mine import Row, open_clocks, rows_of

REMEMBERED = "cases_board"


@dataclass(frozen=True, slots=True)
class Lane:
    """A stage as a column of the page."""

    column: Column
    title: str
    cards: list[Row]
    reaches: tuple[str, ...]
    """Stages to which an action may lead from here."""

    @property
    def count(self) -> str:
        return "" if self.column.count is None else str(self.column.count)

    @property
    def more(self) -> int:
        return max(0, (self.column.count or 0) - len(self.cards))


def board(request: Request) -> HttpResponseBase:
    """`/cases/board`: without a question the last one is asked again."""
    if not request.GET and (last := request.session.get(REMEMBERED)):
        return HttpResponseRedirect(f"{reverse('case_list:board')}?{last}")
    views, books = views_for(request.viewer), books_now(request)
    question = of_a_process(question_of(request.GET, views, books, request.viewer), request, books)
    if request.GET:
        remember(request, REMEMBERED, question.address())
    known = {
        "board": True,
        **frame(question, views),
        "here": reverse("case_list:board"),
        "filter_bar": filter_bar(question, books, request.viewer, board=True),
        "lanes": lanes_of(question.asked, request, books),
    }
    return render(request, "case_list/board.html", known)


def cards(request: Request) -> HttpResponse:
    """The columns as they are now."""
    books = books_now(request)
    question = of_a_process(question_of(request.GET, views_for(request.viewer), books, request.viewer), request, books)
    known = {"lanes": lanes_of(question.asked, request, books), "address": question.address()}
    return render(request, "case_list/cards.html", known)


def of_a_process(question: Question, request: Request, books: Sequence[Book]) -> Question:
    """A board is of one process: the one asked for, else that of the viewer's newest open case. The columns stand for the stages."""
    asked = replace(question.asked, stage="", status="", order="", columns=())
    if not asked.process:
        newest = visible_cases(request.viewer).filter(status=Case.Status.OPEN).order_by("-opened_at", "-id")
        found = newest.values_list("handbook", "process").first()
        names = [f"{book.name}.{process.id}" for book in books for process in book.handbook.processes]
        wanted = ".".join(found) if found else ""
        asked = replace(asked, process=wanted if wanted in names else next(iter(names), ""))
    return replace(question, asked=asked, changed=question.view is not None and asked != question.asked)


def lanes_of(asked: Asked, request: Request, books: Sequence[Book]) -> list[Lane]:
    """Five queries, and one for each stage that ends the process."""
    found = process_of(books, asked.process)
    if found is None:
        return []
    book, process = found
    columns = columns_of(filtered(request.viewer, asked.wanted()), process)
    clocks = open_clocks([case.pk for column in columns for case in column.cases])
    leads = ways(book, process.id)
    return [
        Lane(
            column,
            say(column.stage.title),
            rows_of(column.cases, clocks, request.viewer, request.now),
            tuple(leads.get(column.stage.id, ())),
        )
        for column in columns
    ]


@dataclass(frozen=True, slots=True)
class Way:
    """One action that leads to a stage: to be taken, or the reason why not and the clause behind it."""

    offer: Offer
    title: str
    why: str
    clause: str
    url: str


def move(request: Request, number: str) -> HttpResponseBase:
    """What leads from where the case stands to `?to=`; without it, everywhere one may go. One way alone comes with its form."""
    try:
        case = find(request, number)
    except Kept as kept:
        return kept.response
    book = book_of(case.handbook_version_id)
    leads = ways(book, case.process).get(case.stage, {})
    wanted = request.GET.get("to", "")
    asked = {wanted: leads.get(wanted, ())} if wanted else leads
    offers = {offer.action.id: offer for offer in offered(case, request.viewer)}
    targets = [
        (stage_title(book, case, target), [_way(case, offers[a]) for a in actions if a in offers])
        for target, actions in asked.items()
    ]
    open_ways = [way for _, found in targets for way in found if way.offer.allowed]
    known: dict[str, Any] = {
        "case": case,
        "handbook": book.name,
        "stage": stage_title(book, case, case.stage),
        "targets": [(title, found) for title, found in targets if found or wanted],
        "to": wanted,
        "form": _form(request, case, book, open_ways[0]) if wanted and len(open_ways) == 1 else None,
    }
    return render(request, "case_list/move.html" if request.htmx else "case_list/move_page.html", known)


def stage_title(book: Book, case: Case, stage: str) -> str:
    try:
        return say(book.stage(case.process, stage).title)
    except LookupError:
        return gettext("没有这个环节")


def _way(case: Case, offer: Offer) -> Way:
    url = f"{reverse('case_page:act', args=[case.number, offer.action.id])}?back=board"
    clause = offer.clauses[0] if offer.clauses else ""
    return Way(offer, say(offer.action.title), say(offer.why) if offer.why else "", clause, url)


def _form(request: Request, case: Case, book: Book, way: Way) -> ActionForm:
    action = way.offer.action
    return action_form(
        book, case.process, action, url=reverse("case_page:act", args=[case.number, action.id]), viewer=request.viewer,
        case=case, seen=newest_fact(case), back="board",
    )  # fmt: skip
