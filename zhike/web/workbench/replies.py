"""Canned replies: offered while somebody writes, kept on a page of their own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.conversations.canned import (
    FIELDS,
    NoSuchReply,
    fields_of,
    filled,
    may_share,
    remove_reply,
    replies_for,
    reply_for,
    save_reply,
)
from zhike.conversations.models import CannedReply
from zhike.conversations.refusals import ConversationRefused
from zhike.web.case_page.page import say
from zhike.web.context import Request
from zhike.web.workbench.finding import Talk, with_talk

MOST = 200


@with_talk
def offered(request: Request, talk: Talk) -> HttpResponseBase:
    """`{"replies": [{"title", "shortcut", "words", "shared"}]}` with the fields of this conversation filled in."""
    fields = fields_of(talk.conversation, request.viewer)
    found = [
        {
            "title": row.title,
            "shortcut": row.shortcut,
            "words": filled(row.words, fields),
            "shared": row.owner_id is None,
        }
        for row in replies_for(request.viewer, [talk.book.name])[:MOST]
    ]
    return JsonResponse({"replies": found})


def page(request: Request) -> HttpResponseBase:
    """Own and shared replies; POST writes a new one."""
    if request.method == "POST":
        return _save(request, None)
    return _shown(request)


def change(request: Request, number: int) -> HttpResponseBase:
    """GET: the form. POST: change it, or remove it (`deed=remove`)."""
    try:
        reply = reply_for(request.viewer, number)
    except NoSuchReply:
        raise Http404
    if request.method != "POST":
        return _shown(request, reply=reply, typed=_typed_of(reply))
    if request.POST.get("deed") == "remove":
        remove_reply(reply, request.viewer, now=request.now)
        messages.success(request, gettext("已删除“%(title)s”。") % {"title": reply.title})
        return HttpResponseRedirect(reverse("workbench:replies"))
    return _save(request, reply)


def _save(request: Request, reply: CannedReply | None) -> HttpResponse:
    typed: dict[str, Any] = {name: request.POST.get(name, "") for name in ("title", "shortcut", "words", "handbook")}
    typed["shared"] = request.POST.get("shared") == "1"
    names = _handbooks(request)
    try:
        kept = save_reply(
            request.viewer, handbook=typed["handbook"] if typed["handbook"] in dict(names) else next(iter(dict(names)), ""),
            title=typed["title"], shortcut=typed["shortcut"], words=typed["words"], shared=typed["shared"],
            now=request.now, reply=reply,
        )  # fmt: skip
    except ConversationRefused as error:
        return _shown(
            request, reply=reply, typed=typed, wrong=dict.fromkeys(error.fields, say(error.words)), status=422
        )
    messages.success(request, gettext("已保存“%(title)s”。") % {"title": kept.title})
    return HttpResponseRedirect(reverse("workbench:replies"))


def _shown(
    request: Request,
    *,
    reply: CannedReply | None = None,
    typed: dict[str, Any] | None = None,
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    names = _handbooks(request)
    found = list(replies_for(request.viewer, list(dict(names)))[:MOST])
    known = {
        "own": [row for row in found if row.owner_id is not None],
        "shared": [row for row in found if row.owner_id is None],
        "may_share": may_share(request.viewer),
        "fields": FIELDS,
        "handbooks": names,
        "reply": reply,
        "typed": typed or {},
        "wrong": wrong or {},
    }
    return render(request, "workbench/replies.html", known, status=status)


def _handbooks(request: Request) -> list[tuple[str, str]]:
    """(name, title) of the handbooks conversations are held under."""
    from zhike.web.workbench.views import books

    return [(book.name, say(book.handbook.title)) for book, held in books(request) if held]


def _typed_of(reply: CannedReply) -> dict[str, Any]:
    return {
        "title": reply.title, "shortcut": reply.shortcut, "words": reply.words, "handbook": reply.handbook,
        "shared": reply.owner_id is None,
    }  # fmt: skip
