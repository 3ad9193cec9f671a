"""The parameters of a handbook by clause: value, bounds, default, who changed it when and why; and changing one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.adoption import queries
from zhike.adoption.actions import ProposalRefused, newest, propose_parameter
from zhike.adoption.models import Proposal
from zhike.handbook.book import Book
from zhike.handbook.common import Scalar
from zhike.handbook.compare.touched import clauses_of_parameter
from zhike.handbook.compare.words import UNITS, parsed
from zhike.handbook.parameters import bounds_of, type_of, words_of
from zhike.handbook.structure import ParameterDef
from zhike.org.handbooks import NoHandbook, book_of, current
from zhike.org.models import HandbookVersion
from zhike.web.context import Request
from zhike.web.handbook_admin.deciding import BadMoment, moment_of
from zhike.web.handbook_admin.told import say, state_words

MOST_CHANGES = 50


@dataclass(frozen=True, slots=True)
class ClauseLink:
    id: str
    title: str
    quote: str
    cites: str


@dataclass(frozen=True, slots=True)
class ParameterView:
    """One parameter as it stands now."""

    id: str
    title: str
    clauses: list[ClauseLink]
    value: str
    default: str
    changed: bool
    coming: str
    """The value of the version to come, where it differs."""
    bounds: str
    unit: str
    derived: bool
    """Our default where the text is silent; else a figure of the text."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    proposal: Proposal
    title: str
    before: str
    after: str
    state: str


def show_list(request: Request, name: str) -> HttpResponse:
    version, book = _in_force(request, name)
    shown = {
        "book": book,
        "version": version,
        "rows": _views(book, coming(name, request.now)),
        "history": history_of(book),
    }
    return render(request, "handbook_admin/parameters.html", shown)


def edit(request: Request, name: str, parameter: str) -> HttpResponseBase:
    """The form for one value, and its history."""
    version, book = _in_force(request, name)
    definition = next((one for one in book.handbook.parameters if one.id == parameter), None)
    if definition is None:
        raise Http404
    wrong = ""
    if request.method == "POST":
        try:
            return _propose(request, book, parameter)
        except ProposalRefused as refused:
            wrong = refused.words.say(get_language() or "zh")
        except BadMoment:
            wrong = gettext("请填写生效的日期和时间。")
    shown = {
        "book": book,
        "version": version,
        "view": view_of(book, definition, coming(name, request.now)),
        "history": history_of(book, parameter),
        "wrong": wrong,
        "typed": request.POST or _typed(definition, book.parameters[parameter]),
        **_input(definition),
    }
    return render(request, "handbook_admin/parameter.html", shown, status=422 if wrong else 200)


def _propose(request: Request, book: Book, parameter: str) -> HttpResponseBase:
    assert request.viewer.staff is not None
    amount, unit = (request.POST.get(key, "").strip() for key in ("value", "unit"))
    typed = f"{amount} {unit}" if unit else amount
    proposal = propose_parameter(
        book.name, parameter, typed, why=request.POST.get("why", ""), wanted_from=moment_of(request, book.handbook.zone),
        by=request.viewer.staff, now=request.now,
    )  # fmt: skip
    messages.success(request, gettext("已提交，等另一位管理员批准。"))
    return HttpResponseRedirect(reverse("handbook_admin:proposal", args=[proposal.pk]))


def _in_force(request: Request, name: str) -> tuple[HandbookVersion, Book]:
    try:
        version = current(name, request.now)
    except NoHandbook as missing:
        raise Http404 from missing
    return version, book_of(version.pk)


def coming(name: str, now: dt.datetime) -> Book | None:
    """The book of the version that takes over later, None where there is none."""
    last = newest(name)
    return book_of(last.pk) if last is not None and last.effective_from > now else None


def _views(book: Book, later: Book | None) -> list[ParameterView]:
    """In the order of the clauses they belong to."""
    order = {clause.id: place for place, clause in enumerate(book.handbook.clauses)}
    found = [view_of(book, one, later) for one in book.handbook.parameters]
    return sorted(found, key=lambda one: order.get(one.clauses[0].id, len(order)) if one.clauses else len(order))


def view_of(book: Book, definition: ParameterDef, following: Book | None = None) -> ParameterView:
    value = book.parameters[definition.id]
    later = following.parameters.get(definition.id, value) if following else value
    return ParameterView(
        id=definition.id,
        title=say(definition.title),
        clauses=[ClauseLink(c.id, say(c.title), c.quote, c.cites) for c in clauses_of_parameter(book, definition.id)],
        value=told(book, definition, value),
        default=told(book, definition, definition.value),
        changed=value != definition.value,
        coming=told(book, definition, later) if later != value else "",
        bounds=say(bounds_of(definition)),
        unit=say(definition.unit),
        derived=definition.derived,
    )


def told(book: Book, definition: ParameterDef, value: Scalar) -> str:
    """`48 小时`, `3 件`"""
    words = say(words_of(book, value))
    return f"{words} {say(definition.unit)}".strip() if definition.unit else words


def history_of(book: Book, parameter: str = "", *, approved: bool = False) -> list[HistoryRow]:
    """Changes of one parameter or of all, the newest first."""
    known = {one.id: one for one in book.handbook.parameters}
    found = queries.parameter_changes(book.name, parameter)
    found = found.exclude(installed=None) if approved else found
    rows = []
    for proposal in found[:MOST_CHANGES]:
        definition = known.get(proposal.touched.get("parameter", ""))
        values = [proposal.touched.get(key) for key in ("before", "after")]
        before, after = ((told(book, definition, one) if definition else str(one)) for one in values)
        title = say(definition.title) if definition else str(proposal.touched.get("parameter", ""))
        rows.append(HistoryRow(proposal, title, before, after, state_words(proposal.state)))
    return rows


def _input(definition: ParameterDef) -> dict[str, object]:
    """How the value is typed: a number with a unit of time, a choice, or plain."""
    kind = type_of(definition)
    found: dict[str, object] = {"kind": kind}
    if kind == "duration":
        found["units"] = [(unit, say(words)) for unit, words in UNITS.items() if unit != "second"]
    if kind in ("choice", "bool"):
        found["options"] = definition.choices or (("true", gettext("是")), ("false", gettext("否")))
    if kind == "choice":
        found["options"] = [(one, one) for one in definition.choices]
    return found


def _typed(definition: ParameterDef, value: Scalar) -> dict[str, str]:
    if type_of(definition) == "duration" and isinstance(found := parsed(value), dict):
        return {"value": str(found["amount"]), "unit": str(found["unit"])}
    return {"value": ("true" if value else "false") if isinstance(value, bool) else str(value)}
