"""A visit, a letter or a call written down by hand: it becomes a conversation like any other."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.conversations.by_hand import MEDIA, Contact, write_down
from zhike.conversations.refusals import ConversationRefused
from zhike.customers.queries import normalise_phone
from zhike.org.principals import ANONYMOUS
from zhike.records.attachments import AttachmentRefused, store_attachment
from zhike.web.base import times
from zhike.web.case_page.page import key_of, new_key, say
from zhike.web.context import Request
from zhike.web.workbench.views import books
from zhike.web.workbench.words import medium_icon, medium_word

ASKED = ("handbook", "medium", "name", "phone", "happened", "subject", "said", "answered")


def new(request: Request) -> HttpResponseBase:
    """GET: the form. POST: the conversation, in the hands of whoever wrote it down."""
    names = [(book.name, say(book.handbook.title)) for book, held in books(request) if held]
    typed = {name: request.POST.get(name, "") for name in ASKED}
    typed["medium"] = typed["medium"] or MEDIA[0]
    if request.method != "POST" or not names:
        return _form(request, names, typed, {})
    happened_at, wrong = _when(typed["happened"], request.now), _wrong(typed, dict(names))
    if typed["happened"] and happened_at is None:
        wrong["happened"] = gettext("请填写已经过去的日期和时间，刚才的不用填。")
    files = [] if wrong else _files(request, wrong)
    if wrong:
        return _form(request, names, typed, wrong, 422)
    contact = Contact(
        handbook=typed["handbook"], medium=typed["medium"], key=key_of(request) or new_key(), said=typed["said"],
        answered=typed["answered"], name=typed["name"], phone=normalise_phone(typed["phone"]), subject=typed["subject"],
        files=files, happened_at=happened_at,
    )  # fmt: skip
    try:
        conversation = write_down(contact, request.viewer, now=request.now)
    except AttachmentRefused as refused:
        return _form(request, names, typed, {"files": say(refused.words)}, 422)
    except ConversationRefused as error:
        return _form(request, names, typed, {"said": say(error.words)}, 422)
    messages.success(request, gettext("已登记 %(number)s") % {"number": conversation.number})
    return HttpResponseRedirect(reverse("workbench:one", args=[conversation.number]))


def _wrong(typed: dict[str, str], names: dict[str, str]) -> dict[str, str]:
    found = {}
    if typed["handbook"] not in names:
        found["handbook"] = gettext("请选择按哪本制度办理。")
    if typed["medium"] not in MEDIA:
        found["medium"] = gettext("请选择是来访、来信还是来电。")
    if typed["phone"].strip() and not normalise_phone(typed["phone"]):
        found["phone"] = gettext("这不是电话号码，请核对。")
    if not typed["said"].strip():
        found["said"] = gettext("请写顾客说了什么。")
    return found


def _when(text: str, now: dt.datetime) -> dt.datetime | None:
    """When it was, by the clock on the wall; None for nothing, for what is no time, and for what is still to come."""
    try:
        at = dt.datetime.fromisoformat(text).replace(tzinfo=times.ZONE)
    except ValueError:
        return None
    return at if at <= now else None


def _files(request: Request, wrong: dict[str, str]) -> list[str]:
    """Tokens of what came along. A file that is not taken stands in `wrong`; those before it are forgotten by the nightly job."""
    tokens = []
    for given in request.FILES.getlist("files"):
        try:
            stored = store_attachment(given.open(), given.name or "", by=ANONYMOUS, now=request.now)
        except AttachmentRefused as refused:
            wrong["files"] = say(refused.words)
            break
        tokens.append(stored.token)
    return tokens


def _latest(request: Request) -> str:
    return request.now.astimezone(times.ZONE).strftime("%Y-%m-%dT%H:%M")


def _form(
    request: Request, names: list[tuple[str, str]], typed: dict[str, Any], wrong: dict[str, str], status: int = 200
) -> HttpResponse:
    media = [(str(medium), medium_word(medium), medium_icon(medium)) for medium in MEDIA]
    known = {
        "handbooks": names,
        "media": media,
        "typed": typed,
        "wrong": wrong,
        "key": new_key(),
        "latest": _latest(request),
    }
    return render(request, "workbench/new.html", known, status=status)
