"""What every view and template may rely on: `request.viewer`, `request.now`, and the frame around a page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, gettext

from zhike.journal.stream import last_position
from zhike.notices.queries import count_unread
from zhike.org.handbooks import CONVERSATIONS
from zhike.org.principals import Viewer
from zhike.web.permissions import may_open

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails


class Request(HttpRequest):
    """A request as the middleware hands it to views."""

    viewer: Viewer
    now: dt.datetime
    """The time of this request; a view reads no other clock."""
    htmx: HtmxDetails


@dataclass(frozen=True, slots=True)
class Tab:
    """An entry of the main navigation."""

    route: str
    url: str
    title: str
    current: bool


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the viewer, the navigation, the bell. Nothing is queried before a template asks for it."""
    viewer = getattr(request, "viewer", None)
    return {
        "viewer": viewer,
        "now": getattr(request, "now", None),
        "stamp": SimpleLazyObject(lambda: request.now.isoformat(timespec="seconds")),  # type: ignore[attr-defined]
        "sandbox": settings.SANDBOX,
        "language": "en" if (get_language() or "zh").startswith("en") else "zh",
        "theme": request.COOKIES.get("theme", "") if request.COOKIES.get("theme") in ("light", "dark") else "",
        "tabs": SimpleLazyObject(lambda: tabs(request, viewer) if viewer else []),
        "unread": SimpleLazyObject(lambda: unread(request, viewer) if viewer else 0),
        "feed_address": SimpleLazyObject(lambda: feed_address(request)),
    }


def tabs(request: HttpRequest, viewer: Viewer) -> list[Tab]:
    """The main navigation: only what this viewer may open, only what is installed."""
    here = request.resolver_match.view_name.partition(":")[0] if request.resolver_match else ""
    found = []
    for route, title in (
        ("desk:show", gettext("工作台")),
        ("workbench:show", gettext("会话")),
        ("case_list:show", gettext("工单")),
        ("customers:show", gettext("客户")),
        ("board:show", gettext("预警台")),
        ("floor:show", gettext("现场")),
        ("lookup:show", gettext("查询")),
        ("handbook_page:list", gettext("制度")),
        ("administration:index", gettext("管理")),
    ):
        url = _url(route)
        if url and may_open(viewer, route) and (route != "floor:show" or CONVERSATIONS in viewer.screens):
            found.append(Tab(route, url, title, route.partition(":")[0] == here))
    return found


@cache
def _url(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def unread(request: HttpRequest, viewer: Viewer) -> int:
    """What the bell says: counted with the position of the feed where a whole page is made."""
    counted: int | None = getattr(request, "unread", None)
    return count_unread(viewer) if counted is None else counted


def feed_address(request: HttpRequest) -> str:
    """The live feed from where the stream stood when the request came in: nothing falls between the page and its stream."""
    position = getattr(request, "feed_from", None)
    return f"/live?after={last_position() if position is None else position}"
