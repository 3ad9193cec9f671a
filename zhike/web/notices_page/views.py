"""Notices: the bell in the bar and the page behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.notices.actions import mark_all_read, mark_subject_read, unmark_read
from zhike.notices.models import Notice
from zhike.notices.queries import count_mentions, notices_of, readings_at, unread
from zhike.web.base import times
from zhike.web.context import Request
from zhike.web.notices_page.grouping import Matter, Named, Subject, matters_of, named

PAGE = 50
MOST_UNREAD = 200
KINDS = ("all", "mentioned")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Line:
    notice: Notice
    state: str
    """The colour of time it is told in."""
    word: str
    number: str
    """The case or conversation it is about, where the viewer may see it."""
    url: str
    """The page it is about."""
    read: bool


def show(request: Request) -> HttpResponse:
    """What is unread, a block for each matter; `?kind=all` everything, newest first, 50 a page, `?kind=mentioned` where somebody named
    the reader; `?before=` goes on from there. `?marked=` offers to take back what was marked at that moment.
    """
    kind = request.GET.get("kind", "")
    listed = kind in KINDS
    known = _list(request, kind) if listed else _unread(request)
    return render(
        request,
        "notices_page/show.html",
        {**known, "kind": kind if listed else "", "mentions": count_mentions(request.viewer), **_marked(request)},
    )


def _unread(request: Request) -> dict[str, object]:
    found = unread(request.viewer, limit=MOST_UNREAD + 1)
    matters = [_block(matter, request.now) for matter in matters_of(request.viewer, found[:MOST_UNREAD])]
    newest = found[0].pk if found else 0
    return {"matters": matters, "newest": newest, "older": len(found) > MOST_UNREAD}


def _block(matter: Matter, now: dt.datetime) -> dict[str, object]:
    """A matter as it is drawn: how long is left of its next limit, and its lines, each with the earlier ones that say the same."""
    lines = [(line_of(each.newest, None), [line_of(one, None) for one in each.earlier]) for each in matter.lines]
    if matter.due_at is None:
        return {"matter": matter, "lines": lines}
    state = "overdue" if now > matter.due_at else "running"
    return {"matter": matter, "lines": lines, "left": times.time_left(matter.due_at, now), "state": state}


def _list(request: Request, kind: str) -> dict[str, object]:
    asked = _whole(request.GET.get("before", ""))
    found = notices_of(request.viewer, limit=PAGE + 1, before=asked, kind="" if kind == "all" else kind)
    here = reverse("notices_page:show") + f"?kind={kind}"
    known = named(request.viewer, found[:PAGE])
    return {
        "lines": [line_of(notice, known) for notice in found[:PAGE]],
        "next": f"{here}&before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "first": here if asked else "",
    }


def _marked(request: Request) -> dict[str, object]:
    """What was marked a moment ago and can be taken back."""
    at, subject = _moment(request.GET), _subject(request.GET)
    count = readings_at(request.viewer, at, subject).count() if at else 0
    return {"marked": count, "marked_at": request.GET.get("marked"), "subject": request.GET.get("subject", "")}


def line_of(notice: Notice, known: Named | None) -> Line:
    """`known` is None where the matter's name stands above the line."""
    about = (notice.subject_kind, notice.subject_id)
    number = known.numbers.get(about, "") if known else ""
    url = known.url(about) if known and number else _page(notice)
    return Line(notice, *_kind(notice.kind), number, url, bool(getattr(notice, "read", False)))


def _page(notice: Notice) -> str:
    """Where a change of a handbook is read or decided, where an export waits for consent, a template for approval."""
    if notice.subject_kind == "export":
        return reverse("case_list:exports")
    if notice.subject_kind == "asked_deed":
        return reverse("approvals:show")
    if notice.subject_kind == "exemption":
        return reverse("approvals:exemptions")
    routes = {
        "reading": "handbook_page:changes",
        "proposal": "handbook_admin:proposal",
        "sms_template": "messaging:template",
        "mailbox": "mailboxes:box",
    }
    route = routes.get(notice.subject_kind)
    return reverse(route, args=[notice.subject_id]) if route else ""


def _kind(kind: str) -> tuple[str, str]:
    return {
        "warned": ("warned", gettext("即将到期")),
        "breached": ("overdue", gettext("超时")),
        "missed": ("overdue", gettext("未办")),
        "arrived": ("running", gettext("新到")),
        "mentioned": ("running", gettext("提到您")),
        "followed": ("stopped", gettext("关注的工单")),
    }.get(kind, ("stopped", gettext("告知")))


def bell(request: Request) -> HttpResponse:
    return render(request, "base/bell.html")


def read(request: Request) -> HttpResponseBase:
    """Everything up to the newest on the page is read, of one matter alone where one is named; what came since stays unread."""
    upto, subject = _whole(request.POST.get("upto", "")), _subject(request.POST)
    if upto is None or (request.POST.get("subject") and subject is None):
        return HttpResponseRedirect(reverse("notices_page:show"))
    if subject:
        mark_subject_read(request.viewer, subject, upto, request.now)
    else:
        mark_all_read(request.viewer, upto, request.now)
    marked = {"marked": (request.now - EPOCH) // dt.timedelta(microseconds=1)}
    about = {"subject": request.POST["subject"]} if subject else {}
    return HttpResponseRedirect(f"{reverse('notices_page:show')}?{urlencode({**marked, **about})}")


def again(request: Request) -> HttpResponseBase:
    """What was marked at one moment is unread again."""
    at, subject = _moment(request.POST), _subject(request.POST)
    if at is not None:
        unmark_read(request.viewer, at, subject)
    return HttpResponseRedirect(reverse("notices_page:show"))


def _whole(text: str, digits: int = 17) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def _moment(given: Mapping[str, str]) -> dt.datetime | None:
    """`marked`: microseconds since 1970, which no address changes on its way."""
    count = _whole(given.get("marked", ""), 16)
    return EPOCH + dt.timedelta(microseconds=count) if count is not None else None


def _subject(given: Mapping[str, str]) -> Subject | None:
    kind, _, number = given.get("subject", "").partition(":")
    found = _whole(number)
    return (kind, found) if kind in ("case", "conversation") and found is not None else None
