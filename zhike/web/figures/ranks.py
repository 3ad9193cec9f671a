"""People in order of a figure, as far as the clause lets the reader see it, and equals that somebody puts in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.figures import definition_of
from zhike.cases.ranking import (
    Decision,
    Ranks,
    decide_rank,
    may_decide,
    may_look,
    rankings_of,
    ranks_of,
    sight_on,
    span_of,
)
from zhike.cases.refusals import CaseError
from zhike.cases.report import Definition, TooMany
from zhike.handbook.book import Book
from zhike.handbook.clauses import Measure
from zhike.handbook.closing import periods_of
from zhike.handbook.periods import PeriodSpan
from zhike.handbook.ranks import DECIDED, Place, is_too_small
from zhike.org.handbooks import current
from zhike.org.principals import Viewer
from zhike.web.base import times
from zhike.web.base.names import names_of
from zhike.web.base.typed import day_of, midnight
from zhike.web.context import Request
from zhike.web.figures.asking import books_for
from zhike.web.handbook_page.amounts import period as period_words
from zhike.web.handbook_page.pages import minutes_words
from zhike.web.handbook_page.titles import listed, say


@dataclass(frozen=True, slots=True)
class Asked:
    """One look at one ranking."""

    book: Book
    clause: Measure
    every: str
    span: PeriodSpan

    def address(self, **other: str) -> str:
        first = self.span.begins.astimezone(times.ZONE).date()
        query = {"handbook": self.book.name, "measure": self.clause.id, "every": self.every, "on": f"{first}", **other}
        return f"{reverse('figures:ranks')}?{urlencode(query)}"


@dataclass(frozen=True, slots=True)
class Line:
    """One person. Figures are left out of what the reader may not see."""

    place: str
    name: str
    person: str
    figures: list[str]
    is_open: bool
    is_me: bool


@dataclass(frozen=True, slots=True)
class Equals:
    """People whom only somebody can put in order, or whom somebody did."""

    numbers: list[int]
    people: list[tuple[str, str, int]]
    """(principal, name, the number chosen for him)."""
    names: str
    decision: Decision | None
    by: str
    may: bool
    words: str = ""


def looked_at(books: list[Book], viewer: Viewer) -> list[tuple[Book, Measure]]:
    """Every ranking of which he may see something."""
    return [(book, clause) for book in books for clause in rankings_of(book) if may_look(book, clause, viewer)]


def _read(query: Mapping[str, str], offered: list[tuple[Book, Measure]], now: dt.datetime) -> Asked:
    """What an address asks; what cannot be read is the default: the first ranking, the running period."""
    named = [one for one in offered if one[0].name == query.get("handbook")] or offered
    book, clause = next((one for one in named if one[1].id == query.get("measure")), named[0])
    known = periods_of(clause)
    every = query.get("every", "")
    every = every if every in known else known[0]
    day = day_of(query.get("on"))
    return Asked(book, clause, every, span_of(book, clause, every, min(midnight(day), now) if day else now))


def show(request: Request) -> HttpResponse:
    """One ranking over one period."""
    offered = looked_at(books_for(request.viewer, request.now), request.viewer)
    if not offered:
        return render(request, "figures/ranks.html", {"asked": None})
    return _page(request, _read(request.GET, offered, request.now), offered)


def decide(request: Request) -> HttpResponse:
    """Equals are put in the order that was chosen."""
    offered = looked_at(books_for(request.viewer, request.now), request.viewer)
    asked = next((_read(request.POST, [one], request.now) for one in offered if _is_meant(one, request.POST)), None)
    if asked is None:
        raise Http404
    try:
        ranks = ranks_of(asked.book, asked.clause, asked.span, request.now)
        version = current(asked.book.name, request.now)
        order, words = _order(request.POST), request.POST.get("words", "")
        decide_rank(asked.book, version.pk, ranks, order, words, by=request.viewer, now=request.now)
    except CaseError as error:
        said = [say(reason.words) for reason in error.reasons]
        return _page(request, asked, offered, problems=said, typed=request.POST, status=422)
    except (TooMany, Unclear):
        return _page(
            request, asked, offered, problems=[gettext("每个人选一个不同的先后。")], typed=request.POST, status=422
        )
    messages.success(request, gettext("先后已经定下。"))
    return redirect(asked.address())


class Unclear(Exception):
    """Two people on the same place."""


def _is_meant(one: tuple[Book, Measure], query: Mapping[str, str]) -> bool:
    return (one[0].name, one[1].id) == (query.get("handbook"), query.get("measure"))


def _order(sent: QueryDict) -> list[str]:
    """Those who were put in order, the best first. Raises Unclear."""
    people = sent.getlist("person")
    numbers = [sent.get(f"place-{person}", "") for person in people]
    if len(set(numbers)) != len(people):
        raise Unclear
    return [person for _, person in sorted(zip(numbers, people, strict=True), key=lambda one: one[0].rjust(4, "0"))]


def _page(
    request: Request, asked: Asked, offered: list[tuple[Book, Measure]], *, problems: list[str] | None = None,
    typed: QueryDict | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    about = {
        "asked": asked, "title": say(asked.clause.title), "span": _span_words(asked.span), "problems": problems or [],
        "others": [(say(one.title), _first(book, one), (book, one) == (asked.book, asked.clause)) for book, one in offered],
        "periods": [(period_words(each), asked.address(every=each), each == asked.every) for each in periods_of(asked.clause)],
        "before": asked.address(on=f"{(asked.span.begins - dt.timedelta(hours=12)).astimezone(times.ZONE).date()}"),
        "after": asked.address(on=f"{asked.span.ends.astimezone(times.ZONE).date()}") if asked.span.ends <= request.now else "",
        "is_running": request.now < asked.span.ends,
    }  # fmt: skip
    try:
        ranks = ranks_of(asked.book, asked.clause, asked.span, request.now)
    except TooMany:
        return render(request, "figures/ranks.html", {**about, "too_many": True}, status=status)
    return render(request, "figures/ranks.html", {**about, **_shown(request, asked, ranks, typed)}, status=status)


def _first(book: Book, clause: Measure) -> str:
    return f"{reverse('figures:ranks')}?{urlencode({'handbook': book.name, 'measure': clause.id})}"


def _span_words(span: PeriodSpan) -> str:
    first = span.begins.astimezone(times.ZONE).date()
    last = (span.ends - dt.timedelta(microseconds=1)).astimezone(times.ZONE).date()
    return f"{first}" if first == last else gettext("%(first)s 至 %(last)s") % {"first": f"{first}", "last": f"{last}"}


def _shown(request: Request, asked: Asked, ranks: Ranks, typed: QueryDict | None) -> dict[str, object]:
    viewer, rank = request.viewer, asked.clause.rank
    assert rank is not None
    sight = sight_on(ranks, viewer)
    people = [person for each in ranks.places for person in each.people]
    names = names_of({*people, *(one.by for one in ranks.decisions)} if people else set(), [asked.book])
    heads = [definition_of(asked.book, name) for name in (asked.clause.name, *rank.ties) if name != DECIDED]
    seen = [
        (each, person)
        for each in ranks.places
        for person in each.people
        if sight != "own" or person == viewer.principal
    ]
    lines = [
        _line(each, person, names, heads if sight == "all" or person == viewer.principal else [], ranks, viewer)
        for each, person in (seen if sight != "none" else [])
    ]
    return {
        "lines": lines, "count": len(people), "sight": sight, "least": rank.smallest_group,
        "heads": [say(one.title) for one in heads],
        "too_small": is_too_small(asked.clause, ranks.places) and bool(people),
        "equals": _equals(ranks, names, viewer, request.now, typed) if sight == "all" else [],
    }  # fmt: skip


def _line(
    place: Place, person: str, names: Mapping[str, str], heads: list[Definition], ranks: Ranks, viewer: Viewer
) -> Line:
    told = (
        f"{place.place}"
        if not place.is_open
        else gettext("%(first)s 至 %(last)s") % {"first": place.place, "last": place.last}
    )
    figures = [_figure(one, ranks.figures[person].get(_name(one))) for one in heads]
    return Line(told, names.get(person, person), person, figures, place.is_open, person == viewer.principal)


def _name(one: Definition) -> str:
    return one.name if isinstance(one, Measure) else one.id


def _figure(one: Definition, value: float | None) -> str:
    if value is None:
        return one.empty
    if one.value is None and one.denominator is not None:
        return f"{value * 100:.1f}%"
    is_time = one.value is not None and one.value.how[0] != "count" and one.value.how[1].endswith("minutes")
    return minutes_words(value) if is_time else f"{value:g}"


def _equals(
    ranks: Ranks, names: Mapping[str, str], viewer: Viewer, now: dt.datetime, typed: QueryDict | None
) -> list[Equals]:
    """Those who wait for an order, then those who have one that stands."""
    found: list[tuple[int, tuple[str, ...], Decision | None]] = []
    found += [(each.place, each.people, None) for each in ranks.places if each.is_open]
    for one in ranks.standing:
        place = ranks.place_of(one.order[0])
        assert place is not None
        found.append((place.place, one.order, one))
    return [_group(first, people, one, ranks, names, viewer, now, typed) for first, people, one in found]


def _group(
    first: int, people: tuple[str, ...], decision: Decision | None, ranks: Ranks, names: Mapping[str, str], viewer: Viewer,
    now: dt.datetime, typed: QueryDict | None,
) -> Equals:  # fmt: skip
    sent = typed if typed is not None and set(typed.getlist("person")) == set(people) else None
    chosen = [sent.get(f"place-{one}", "") if sent else "" for one in people]
    numbers = [int(one) if one.isascii() and one.isdigit() else n for n, one in enumerate(chosen, start=first)]
    may = may_decide(ranks, people, viewer, now) is None
    by = names.get(decision.by, decision.by) if decision else ""
    told = [(one, names.get(one, one), number) for one, number in zip(people, numbers, strict=True)]
    spoken, words = listed(name for _, name, _ in told), sent.get("words", "") if sent else ""
    return Equals(list(range(first, first + len(people))), told, spoken, decision, by, may, words)
