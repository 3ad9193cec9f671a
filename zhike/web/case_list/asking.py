"""The question in the address: read through the allow-list, written back, remembered for the next visit, offered as options."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from urllib.parse import urlencode

from django.db import connection
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from zhike.cases.listing import (
    COLUMNS,
    FORM,
    ORDERS,
    Asked,
    column_titles,
    form_fields,
    hidden_fields,
    process_of,
    read_asked,
)
from zhike.cases.queries import Cursor
from zhike.cases.saved_views import Listed
from zhike.handbook.book import Book
from zhike.org.access import departments_for
from zhike.org.handbooks import book_of, in_force
from zhike.org.principals import Viewer
from zhike.web.case_page.page import say
from zhike.web.context import Request

Option = tuple[str, str]
PARTS = frozenset(field.name for field in fields(Asked)) - {"columns"} | {"col"}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the saved view it began with."""

    asked: Asked
    view: Listed | None = None
    changed: bool = False
    """True: it is no longer what the view says."""

    def address(self, **more: str) -> str:
        """The query of an address that asks the same; `all=1` where nothing is asked."""
        parts = [("view", str(self.view.id))] if self.view else []
        if self.view is None or self.changed:
            parts += pairs_of(self.asked)
        if self.view is not None and self.changed and self.asked.is_empty:
            parts.append(("all", "1"))
        return urlencode([*(parts or [("all", "1")]), *more.items()])


def pairs_of(asked: Asked) -> list[tuple[str, str]]:
    kept = asked.kept()
    columns = kept.pop("columns", [])
    return [*kept.items(), *(("col", column) for column in columns)]


def books_now(request: Request) -> list[Book]:
    return [book_of(version.pk) for version in in_force(request.now)]


def question_of(given: QueryDict, views: Sequence[Listed], books: Sequence[Book], viewer: Viewer) -> Question:
    """What the address asks. A view alone asks what it says; anything said beside it counts instead."""
    number = given.get("view", "")
    view = next((one for one in views if str(one.id) == number), None)
    if view is not None and not (PARTS | {"all"}) & set(given):
        return Question(asked_of_view(view, books, viewer), view)
    asked = seen_columns(
        read_asked({name: given.get(name, "") for name in PARTS}, given.getlist("col"), books), books, viewer
    )
    return Question(asked, view, changed=view is not None and asked != asked_of_view(view, books, viewer))


def asked_of_view(view: Listed, books: Sequence[Book], viewer: Viewer) -> Asked:
    columns = view.asked.get("columns")
    return seen_columns(read_asked(view.asked, columns if isinstance(columns, list) else (), books), books, viewer)


def seen_columns(asked: Asked, books: Sequence[Book], viewer: Viewer) -> Asked:
    """Without columns that are kept from this viewer."""
    found = process_of(books, asked.process)
    if found is None or not asked.columns:
        return asked
    hidden = hidden_fields(found[0], found[1].record, viewer)
    shown = [c for c in asked.columns if not (c.startswith(FORM) and hidden(c.removeprefix(FORM)))]
    return read_asked(asked.kept(), shown, books)


def remember(request: Request, key: str, address: str) -> None:
    """Written only when it changed: looking at a list costs no write."""
    if request.session.get(key, "") != address:
        request.session[key] = address


@dataclass(frozen=True, slots=True)
class Bar:
    """Everything the bar of filters shows."""

    filter: Asked
    view: int
    """Id of the saved view; 0 for none."""
    board: bool
    processes: tuple[Option, ...]
    stages: tuple[Option, ...]
    departments: SafeString
    columns: tuple[tuple[str, str, bool], ...]


def filter_bar(question: Question, books: Sequence[Book], viewer: Viewer, *, board: bool = False) -> SafeString:
    """What the filters offer, what is chosen in them."""
    asked = question.asked
    bar = Bar(
        filter=asked,
        view=question.view.id if question.view else 0,
        board=board,
        processes=tuple(processes_of(books)),
        stages=tuple(stages_of(books, asked.process)),
        departments=department_options(active_departments(viewer), asked.department),
        columns=tuple(column_choices(asked, books, viewer)),
    )
    return drawn(bar, get_language() or "")


@lru_cache(maxsize=128)
def drawn(bar: Bar, language: str) -> SafeString:  # noqa: ARG001 - the words depend on the language in force
    """The bar stays the same while one pages on: a tenth of the time of a page went into drawing it anew."""
    here = reverse("case_list:board" if bar.board else "case_list:show")
    return render_to_string("case_list/filter.html", {"bar": bar, "here": here, "orders": ORDERS.items()})


def column_choices(asked: Asked, books: Sequence[Book], viewer: Viewer) -> list[tuple[str, str, bool]]:
    """(column, title, chosen), the form's own fields last."""
    names = [name for name in COLUMNS if name != "number"]
    found = process_of(books, asked.process)
    if found:
        hidden = hidden_fields(found[0], found[1].record, viewer)
        names += [FORM + field.id for field in form_fields(*found) if not hidden(field.id)]
    titles = column_titles(asked, names, books)
    return [(name, say(titles[name]), name in asked.shown) for name in names]


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
    found = process_of(books, process)
    return [(stage.id, say(stage.title)) for stage in found[1].stages] if found else []


def cursor_of(text: str) -> Cursor | None:
    """`2025-06-10T01:00:00.000001+00:00~42`; naive or unreadable ones are no cursor."""
    at, _, number = text.partition("~")
    try:
        moment = dt.datetime.fromisoformat(at)
        return Cursor(moment, int(number)) if moment.tzinfo and 0 < abs(int(number)) < 2**63 else None
    except ValueError:
        return None


def cursor_text(cursor: Cursor) -> str:
    return f"{cursor.at.isoformat()}~{cursor.id}"


def words_of(asked: Asked, books: Sequence[Book], departments: Mapping[str, str]) -> list[tuple[str, str]]:
    """The question in words: (what, value), for headings and watermarks."""
    stages, processes = dict(stages_of(books, asked.process)), dict(processes_of(books))
    said = [
        (gettext("查找"), asked.q),
        (gettext("流程"), processes.get(asked.process, "")),
        (gettext("环节"), stages.get(asked.stage, "")),
        (gettext("状态"), {"open": gettext("在办"), "closed": gettext("已办结")}.get(asked.status, "")),
        (gettext("责任部门"), departments.get(asked.department, asked.department)),
        (gettext("持有人"), gettext("轮到我") if asked.mine else ""),
        (gettext("次序"), say(ORDERS[asked.order]) if asked.order else ""),
    ]
    return [(what, value) for what, value in said if value]
