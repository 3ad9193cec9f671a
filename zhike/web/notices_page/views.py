"""Notices: the bell in the bar and the page behind it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.access import visible_cases
from zhike.notices.actions import mark_all_read
from zhike.notices.models import Notice
from zhike.notices.queries import count_mentions, notices_of
from zhike.web.context import Request

PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    notice: Notice
    state: str
    """The colour of time it is told in."""
    word: str
    number: str
    """The case it is about, where the viewer may see it."""
    url: str
    """The page it is about, where that is no case."""
    read: bool


def show(request: Request) -> HttpResponse:
    """The newest 50; `?before=` goes on from there, `?kind=mentioned` shows where somebody named the reader."""
    kind = "mentioned" if request.GET.get("kind") == "mentioned" else ""
    before = request.GET.get("before", "")
    asked = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    found = notices_of(request.viewer, limit=PAGE + 1, before=asked, kind=kind)
    lines = lines_of(request, found[:PAGE])
    here = reverse("notices_page:show") + (f"?kind={kind}" if kind else "")
    more = f"{here}{'&' if kind else '?'}before={found[PAGE - 1].pk}" if len(found) > PAGE else ""
    known = {
        "lines": lines,
        "next": more,
        "first": here if asked else "",
        "kind": kind,
        "mentions": count_mentions(request.viewer),
        "newest": found[0].pk if found else 0,
        "some_unread": any(not line.read for line in lines),
    }
    return render(request, "notices_page/show.html", known)


def lines_of(request: Request, notices: list[Notice]) -> list[Line]:
    ids = {notice.subject_id for notice in notices if notice.subject_kind == "case"}
    numbers = dict(visible_cases(request.viewer).filter(pk__in=ids).values_list("pk", "number")) if ids else {}
    return [
        Line(
            n,
            *_kind(n.kind),
            numbers.get(n.subject_id, "") if n.subject_kind == "case" else "",
            _page(n),
            bool(getattr(n, "read", False)),
        )
        for n in notices
    ]


def _page(notice: Notice) -> str:
    """Where a change of a handbook is read or decided, where an export waits for consent, a template for approval."""
    if notice.subject_kind == "export":
        return reverse("case_list:exports")
    if notice.subject_kind == "asked_deed":
        return reverse("approvals:show")
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
    """Everything up to the newest on the page is read; what came since stays unread."""
    upto = request.POST.get("upto", "")
    if upto.isascii() and upto.isdigit() and len(upto) < 18:
        mark_all_read(request.viewer, int(upto), request.now)
    return HttpResponseRedirect(reverse("notices_page:show"))
