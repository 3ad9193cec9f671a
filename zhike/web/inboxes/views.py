"""The list of inboxes, one with the line a site includes, and its form."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.channels.webchat import inboxes
from zhike.channels.webchat.settings import WebchatSettings, origin_of, settings_of
from zhike.channels.webchat.trail import days_kept
from zhike.conversations.models import Inbox, Medium
from zhike.org.handbooks import book_of, in_force
from zhike.web.context import Request
from zhike.web.inboxes import forms


def show_list(request: Request) -> HttpResponse:
    """Every web chat: where it stands, for which handbook, whether it is on."""
    titles = dict(_handbooks(request))
    found = Inbox.objects.filter(medium=Medium.WEBCHAT).order_by("name", "id")
    rows = [(row, settings_of(row), titles.get(row.handbook, row.handbook)) for row in found]
    return render(request, "inboxes/list.html", {"rows": rows})


def _handbooks(request: Request) -> list[tuple[str, str]]:
    language = get_language() or "zh"
    return [(version.name, book_of(version.pk).handbook.title.say(language)) for version in in_force(request.now)]


def new(request: Request) -> HttpResponseBase:
    """GET: the form with what most begin with. POST: make it."""
    if request.method != "POST":
        fresh = {
            **_words_of(WebchatSettings()),
            "files": True,
            "survey": True,
            "ask_name": "optional",
            "side": "right",
            "address": own_address(request),
        }
        return _form(request, fresh)
    wish = forms.wish_of(request.POST, request.now)
    if wish.problems:
        return _form(request, request.POST.dict(), wish.problems)
    made = inboxes.add_inbox(wish.name, wish.handbook, wish.told, by=request.viewer.principal, now=request.now)
    messages.success(request, gettext("已新建。把下面这一行放进网站的页面。"))
    return HttpResponseRedirect(reverse("inboxes:show", args=[made.pk]))


def own_address(request: Request) -> str:
    """What an administrator reaches us by, as a first guess of what customers do."""
    return origin_of(f"{request.scheme}://{request.get_host()}")


def _words_of(told: WebchatSettings) -> dict[str, Any]:
    return {
        "title_zh": told.title.zh, "title_en": told.title.en, "welcome_zh": told.welcome.zh, "welcome_en": told.welcome.en,
        "question_zh": told.survey_question.zh, "question_en": told.survey_question.en, "colour": told.colour,
        "trail_days": told.trail_days, "remind_after": told.remind_after,
    }  # fmt: skip


def edit(request: Request, number: int) -> HttpResponseBase:
    row = _inbox(request, number)
    if request.method != "POST":
        return _form(request, forms.typed_of(row), row=row)
    wish = forms.wish_of(request.POST, request.now)
    if wish.problems:
        return _form(request, request.POST.dict(), wish.problems, row)
    inboxes.change_inbox(row.pk, wish.name, wish.handbook, wish.told, by=request.viewer.principal, now=request.now)
    messages.success(request, gettext("已保存，访客刷新页面后生效。"))
    return HttpResponseRedirect(reverse("inboxes:show", args=[row.pk]))


def _form(
    request: Request, typed: dict[str, Any], wrong: dict[str, str] | None = None, row: Inbox | None = None
) -> HttpResponse:
    known = {
        "typed": typed, "wrong": wrong or {}, "row": row, "handbooks": _handbooks(request), "ways": forms.ways(request.now),
        "asked": forms.asked_fields(typed), "templates": forms.templates(),
    }  # fmt: skip
    return render(request, "inboxes/form.html", known, status=422 if wrong else 200)


def show(request: Request, number: int) -> HttpResponse:
    return _page(request, number)


def _page(request: Request, number: int, **more: Any) -> HttpResponse:
    row = _inbox(request, number)
    script = request.build_absolute_uri(reverse("webchat:widget"))
    known = {
        "row": row, "told": settings_of(row), "line": f'<script src="{script}" data-inbox="{row.key}" async></script>',
        "site": f"{request.scheme}://{request.get_host()}", "days": days_kept(row, request.now), "signed": bool(row.settings.get("sealed")),
        "title": dict(_handbooks(request)).get(row.handbook, row.handbook), **more,
    }  # fmt: skip
    response = render(request, "inboxes/show.html", known, status=201 if more else 200)
    response.headers["Cache-Control"] = "no-store"
    return response


def switch(request: Request, number: int) -> HttpResponseBase:
    """On or off; undone by the same button."""
    row = _inbox(request, number)
    inboxes.switch_inbox(row.pk, not row.is_active, by=request.viewer.principal, now=request.now)
    messages.success(
        request, gettext("已停用，网站上不再显示。") if row.is_active else gettext("已启用，网站上重新显示。")
    )
    return HttpResponseRedirect(reverse("inboxes:show", args=[row.pk]))


def secret(request: Request, number: int) -> HttpResponse:
    """The answer shows the new secret, this once."""
    row = _inbox(request, number)
    return _page(request, row.pk, secret=inboxes.renew_secret(row.pk, by=request.viewer.principal, now=request.now))


def _inbox(request: Request, number: int) -> Inbox:
    try:
        return inboxes.inbox_for(request.viewer, number)
    except inboxes.NoSuchInbox as error:
        raise Http404 from error
