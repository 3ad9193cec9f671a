"""The list of cases: filters, columns and an order from an allow-list, pages by keyset, the last question remembered."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.exporting import may_export
from zhike.cases.listing import FORM, column_titles
from zhike.cases.queries import Page, filtered, page_of
from zhike.cases.saved_views import Listed, default_for, views_for
from zhike.conversations.access import conversation_for
from zhike.conversations.refusals import NotFound
from zhike.web.case_list.asking import (
    Question,
    books_now,
    cursor_of,
    cursor_text,
    filter_bar,
    pairs_of,
    question_of,
    remember,
)
from zhike.web.case_list.rows import body
from zhike.web.case_page.page import say
from zhike.web.context import Request
from zhike.web.desk.mine import open_clocks, rows_of

REMEMBERED = "cases_filter"
CONVERSATION = re.compile(r"C-[0-9]{6}-[0-9]{6,12}")
JOINED = ("department", "owner", "customer")
"""Columns whose rows stand in other tables; read along only where they are shown."""


def show(request: Request) -> HttpResponseBase:
    """`/cases`: without a question the last one is asked again, or the view his role begins with; `?all=1` forgets it."""
    if talk := conversation_meant(request):
        return HttpResponseRedirect(reverse("workbench:one", args=[talk]))
    views = views_for(request.viewer)
    if not request.GET and (last := first_question(request, views)):
        return HttpResponseRedirect(f"{reverse('case_list:show')}?{last}")
    books = books_now(request)
    question = question_of(request.GET, views, books, request.viewer)
    asked = question.asked
    if request.GET:
        remember(request, REMEMBERED, question.address())
    page = page_of(
        filtered(request.viewer, asked.wanted()), cursor_of(request.GET.get("after", "")), order=asked.order,
        joined=tuple(name for name in JOINED if name in asked.shown), with_data=any(c.startswith(FORM) for c in asked.shown),
    )  # fmt: skip
    clocks = open_clocks([case.pk for case in page.rows])
    rows = rows_of(page.rows, clocks, request.viewer, request.now)
    columns = ("number", *asked.shown)
    titles = column_titles(asked, columns, books)
    known = {
        **frame(question, views),
        "here": reverse("case_list:show"),
        "filter_bar": filter_bar(question, books, request.viewer),
        "rows": rows,
        "heads": [say(titles[column]) for column in columns],
        "may_export": may_export(request.viewer),
        "body": body(rows, asked.shown, request.now),
        **pages(request, question, page),
    }
    return render(request, "case_list/show.html", known)


def conversation_meant(request: Request) -> str:
    """The number of the conversation somebody wrote into the search of the bar, where he may see it."""
    text = request.GET.get("q", "").strip().upper()
    if not CONVERSATION.fullmatch(text):
        return ""
    try:
        return conversation_for(request.viewer, text).number
    except NotFound:
        return ""


def first_question(request: Request, views: list[Listed]) -> str:
    """What somebody is shown who asks nothing: the last question, else the view his role begins with."""
    if REMEMBERED in request.session:
        last: str = request.session[REMEMBERED]
        return "" if last == "all=1" else last
    view = default_for(request.viewer, views)
    return f"view={view.id}" if view else ""


def frame(question: Question, views: list[Listed]) -> dict[str, Any]:
    """What stands around list and board alike: the views at hand, the one in use, the question itself."""
    return {
        "question": question,
        "view": question.view,
        "pinned": [view for view in views if view.pinned or view == question.view],
        "others": [view for view in views if not view.pinned and view != question.view],
        "address": question.address(),
        "pairs": pairs_of(question.asked),
    }


def pages(request: Request, question: Question, page: Page) -> dict[str, str]:
    return {
        "first": f"?{question.address()}" if request.GET.get("after") else "",
        "next": f"?{question.address(after=cursor_text(page.next))}" if page.next else "",
        "count": gettext("本页 %(n)d 张") % {"n": len(page.rows)},
    }
