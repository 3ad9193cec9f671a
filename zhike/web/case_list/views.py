"""The list of cases: filters from an allow-list, pages by keyset, the last filter remembered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from django.db import connection
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from zhike.cases.models import Case
from zhike.cases.queries import Cursor, filtered, page_of
from zhike.handbook.book import Book
from zhike.org.access import departments_for
from zhike.org.handbooks import book_of, in_force
from zhike.org.principals import Viewer
from zhike.web.case_list.rows import COLUMNS, body, heads
from zhike.web.case_page.page import say
from zhike.web.context import Request
from zhike.web.desk.mine import open_clocks, row_of

REMEMBERED = "cases_filter"
LONGEST_TEXT = 80
Option = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Filter:
    """What the address asks for; anything unknown is left out."""

    q: str = ""
    process: str = ""
    stage: str = ""
    status: str = ""
    department: str = ""
    mine: str = ""

    def wanted(self) -> dict[str, object]:
        """In the names of `cases.queries.filtered`."""
        named = {
            "text": self.q,
            "stage": self.stage,
            "status": self.status,
            "department": self.department,
            "mine": self.mine,
        }
        handbook, _, process = self.process.rpartition(".")
        return {name: value for name, value in {**named, "handbook": handbook, "process": process}.items() if value}

    def address(self) -> str:
        return urlencode({name: getattr(self, name) for name in self.__slots__ if getattr(self, name)})


def show(request: Request) -> HttpResponseBase:
    """`/cases`: without a question the last one is asked again; `?all=1` forgets it."""
    if not request.GET and (last := request.session.get(REMEMBERED)):
        return HttpResponseRedirect(f"{reverse('case_list:show')}?{last}")
    books = [book_of(version.pk) for version in in_force(request.now)]
    asked = read_filter(request, books)
    remember(request, asked)
    page = page_of(filtered(request.viewer, asked.wanted()), cursor_of(request.GET.get("after", "")))
    clocks = open_clocks([case.pk for case in page.rows])
    drawn = [row_of(case, clocks.get(case.pk, []), request.viewer, request.now) for case in page.rows]
    known = {
        "filter": asked,
        "rows": drawn,
        "heads": heads(tuple(COLUMNS)),
        "body": body(drawn, tuple(COLUMNS), request.now),
        "processes": processes_of(books),
        "stages": stages_of(books, asked.process),
        "departments": department_options(active_departments(request.viewer), asked.department),
        "first": f"?{asked.address() or 'all=1'}" if request.GET.get("after") else "",
        "next": next_page(asked, page.next),
        "count": count_words(page.rows),
    }
    return render(request, "case_list/show.html", known)


def read_filter(request: Request, books: Sequence[Book]) -> Filter:
    """The filter in the address, each part only when it is one of the values there are."""
    given = request.GET
    process = given.get("process", "")
    stage = given.get("stage", "")
    department = given.get("department", "")
    return Filter(
        q="".join(given.get("q", "").split("\0"))[:LONGEST_TEXT].strip(),
        process=process if process in dict(processes_of(books)) else "",
        stage=stage if stage in dict(stages_of(books, process)) else "",
        status=given.get("status", "") if given.get("status") in Case.Status.values else "",
        department=department if department.isascii() and department.isdigit() and len(department) < 18 else "",
        mine="1" if given.get("mine") == "1" else "",
    )


def remember(request: Request, asked: Filter) -> None:
    """Written only when it changed: looking at a list costs no write."""
    address = asked.address()
    if request.session.get(REMEMBERED, "") != address:
        request.session[REMEMBERED] = address


def active_departments(viewer: Viewer) -> tuple[tuple[int, str], ...]:
    """(id, name) of every department at work this viewer may know of, by name. One query."""
    if viewer.is_external:
        return tuple(departments_for(viewer).order_by("name").values_list("pk", "name"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM org_department WHERE is_active ORDER BY name")
        return tuple(cursor.fetchall())


@lru_cache(maxsize=64)
def department_options(departments: tuple[tuple[int, str], ...], chosen: str) -> SafeString:
    """The options of the filter: hundreds where there are hundreds of stores, so they are not drawn anew while they are the same."""
    rows = ((pk, " selected" if str(pk) == chosen else "", name) for pk, name in departments)
    return format_html_join("", '<option value="{}"{}>{}</option>', rows)


def processes_of(books: Sequence[Book]) -> list[Option]:
    return [(f"{book.name}.{process.id}", say(process.title)) for book in books for process in book.handbook.processes]


def stages_of(books: Sequence[Book], process: str) -> list[Option]:
    """The stages of the chosen process; nothing to choose before."""
    return [
        (stage.id, say(stage.title))
        for book in books
        for definition in book.handbook.processes
        if f"{book.name}.{definition.id}" == process
        for stage in definition.stages
    ]


def cursor_of(text: str) -> Cursor | None:
    """`2025-06-10T01:00:00.000001+00:00~42`; naive or unreadable ones are no cursor."""
    at, _, number = text.partition("~")
    try:
        moment = dt.datetime.fromisoformat(at)
        return Cursor(moment, int(number)) if moment.tzinfo and 0 < int(number) < 2**63 else None
    except ValueError:
        return None


def next_page(asked: Filter, cursor: Cursor | None) -> str:
    if cursor is None:
        return ""
    after = urlencode({"after": f"{cursor.at.isoformat()}~{cursor.id}"})
    return f"?{asked.address()}&{after}" if asked.address() else f"?{after}"


def count_words(rows: Sequence[Case]) -> str:
    return gettext("本页 %(n)d 张") % {"n": len(rows)}
