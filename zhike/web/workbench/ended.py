"""The list of conversations that have ended: searched, filtered, page by page."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext

from zhike.conversations.ended import PAGE, Asked, Place, ended
from zhike.conversations.models import Conversation, Medium
from zhike.lib.text import clean_line
from zhike.org.handbooks import book_of
from zhike.web.context import Request
from zhike.web.workbench.facts import outcome_word, topics
from zhike.web.workbench.words import medium_icon, medium_word, who_of

LONGEST = 60


def show(request: Request) -> HttpResponseBase:
    """`/conversations/ended?q=&medium=&mine=1&after=`: four queries at most, however many there are."""
    asked = read(request)
    after = place_of(request.GET.get("after", ""))
    rows = list(ended(request.viewer, asked, after)[: PAGE + 1])
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    known = {
        "asked": asked,
        "media": [(str(medium), medium_word(medium)) for medium in Medium],
        "rows": [_row(each) for each in rows[:PAGE]],
        "first": f"?{address(asked)}" if after else "",
        "next": f"?{address(asked, last)}" if last else "",
        "count": gettext("本页 %(n)d 个") % {"n": min(len(rows), PAGE)},
    }
    return render(request, "workbench/ended.html", known)


def read(request: Request) -> Asked:
    """What the address asks for; a medium nobody knows is left out."""
    medium = request.GET.get("medium", "")
    return Asked(
        q=clean_line(request.GET.get("q", "")[:LONGEST]),
        medium=medium if medium in Medium.values else "",
        mine=request.GET.get("mine") == "1",
    )


def address(asked: Asked, last: Conversation | None = None) -> str:
    parts = {"q": asked.q, "medium": asked.medium, "mine": "1" if asked.mine else ""}
    if last is not None and last.closed_at is not None:
        parts["after"] = f"{last.closed_at.isoformat()}/{last.pk}"
    return urlencode({name: value for name, value in parts.items() if value})


def place_of(text: str) -> Place | None:
    """Where an address says the page before ended; None for anything it cannot be."""
    at, _, number = text.partition("/")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return None
    try:
        moment = dt.datetime.fromisoformat(at)
    except ValueError:
        return None
    return Place(moment, int(number)) if moment.tzinfo is not None else None


def _row(it: Conversation) -> dict[str, object]:
    book = book_of(it.version_id)
    return {
        "it": it,
        "who": who_of(it),
        "icon": medium_icon(it.medium),
        "medium": medium_word(it.medium),
        "topic": dict(topics(book)).get(it.topic, it.topic),
        "outcome": outcome_word(it.outcome, book),
    }
