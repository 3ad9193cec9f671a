"""Mailboxes: the list, one with how it stands, the form, the connection test."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.channels.email import actions
from zhike.channels.email.access import NotFound, mailbox_for
from zhike.channels.email.actions import MailboxRefused
from zhike.channels.email.models import Mail, Mailbox, Outgoing
from zhike.lib import clock
from zhike.web.context import Request
from zhike.web.mailboxes import forms, trying
from zhike.web.mailboxes.mails import states


def show_list(request: Request) -> HttpResponse:
    """Every mailbox and how it stands."""
    rows = Mailbox.objects.select_related("inbox").order_by("inbox__key")
    titles = dict(forms.handbooks(request.now))
    shown = [(row, standing(row), titles.get(row.inbox.handbook, row.inbox.handbook)) for row in rows]
    return render(request, "mailboxes/boxes.html", {"rows": shown})


def standing(row: Mailbox) -> tuple[str, bool]:
    """(how it stands in a word, whether somebody should look)."""
    if not row.inbox.is_active:
        return gettext("已停用"), False
    if row.gave_up_at:
        return gettext("已停止尝试"), True
    if row.read_fault:
        return gettext("收不到信"), True
    if row.send_fault:
        return gettext("发不出信"), True
    return (gettext("正常"), False) if row.read_at else (gettext("正在连接"), False)


def new(request: Request) -> HttpResponseBase:
    """GET: the form. POST: make it."""
    if request.method != "POST":
        return _form(request, forms.EMPTY)
    try:
        row = actions.add_mailbox(
            forms.wish_of(request.POST), dict(forms.handbooks(request.now)), by=request.viewer, now=request.now
        )
    except MailboxRefused as refused:
        return _form(request, forms.typed_in(request.POST), refused)
    messages.success(request, gettext("已新增，请测试一下连接。"))
    return HttpResponseRedirect(reverse("mailboxes:box", args=[row.pk]))


def edit(request: Request, number: int) -> HttpResponseBase:
    row = _box(request, number)
    if request.method != "POST":
        return _form(request, forms.typed_of(row), row=row)
    try:
        actions.edit_mailbox(
            number, forms.wish_of(request.POST), dict(forms.handbooks(request.now)), by=request.viewer, now=request.now
        )
    except MailboxRefused as refused:
        return _form(request, forms.typed_in(request.POST), refused, row)
    messages.success(request, gettext("已保存。"))
    return HttpResponseRedirect(reverse("mailboxes:box", args=[number]))


def show(request: Request, number: int) -> HttpResponse:
    return _page(request, _box(request, number), {})


def try_connection(request: Request, number: int) -> HttpResponse:
    """Sign in at both servers now; the answer says what happened."""
    row = _box(request, number)
    return _page(request, row, {"trials": trying.trials(row)})


def begin_again(request: Request, number: int) -> HttpResponseBase:
    """It is read again, as if it had never failed."""
    try:
        actions.try_mailbox_again(number, by=request.viewer, now=request.now)
    except NotFound:
        raise Http404
    messages.success(request, gettext("已重新开始尝试，稍后刷新查看结果。"))
    return HttpResponseRedirect(reverse("mailboxes:box", args=[number]))


def tries(row: Mailbox, wall: dt.datetime) -> str:
    """How a mailbox that cannot be read is tried, in words; "" for one that can."""
    if row.gave_up_at is not None:
        return gettext("连续 %(hours)s 小时收不到信，已停止尝试。请检查后重新开始。") % {"hours": row.patience}
    if not row.read_fault:
        return ""
    left = max(0, math.ceil((row.next_try_at - wall).total_seconds() / 60)) if row.next_try_at else 0
    words = gettext("已失败 %(failures)s 次，约 %(minutes)s 分钟后再试。") % {"failures": row.failures, "minutes": left}
    if row.patience:
        words += gettext("连续 %(hours)s 小时收不到信就停止尝试。") % {"hours": row.patience}
    return words


def switch(request: Request, number: int) -> HttpResponseBase:
    try:
        row = actions.switch_mailbox(number, request.POST.get("on") == "1", by=request.viewer, now=request.now)
    except NotFound:
        raise Http404
    messages.success(
        request, gettext("已启用。") if row.inbox.is_active else gettext("已停用：不再收信，待发的信留到启用后再发。")
    )
    return HttpResponseRedirect(reverse("mailboxes:box", args=[number]))


def _page(request: Request, row: Mailbox, more: dict[str, Any]) -> HttpResponse:
    came = dict(Mail.objects.filter(mailbox=row).order_by().values_list("state").annotate(Count("pk")))
    went = dict(Outgoing.objects.filter(mailbox=row).order_by().values_list("state").annotate(Count("pk")))
    sent = {
        "waiting": gettext("等待发出"),
        "sent": gettext("已发出"),
        "failed": gettext("没有发出"),
        "unknown": gettext("不知是否发出"),
    }
    handbook, titles = row.inbox.handbook, dict(forms.handbooks(request.now))
    known = {
        "row": row, "standing": standing(row)[0], "tries": tries(row, clock.wall()), "title": titles.get(handbook, handbook),
        "received": [(words, came.get(state, 0), state) for state, words in states().items()],
        "sent": [(words, went.get(state, 0), state) for state, words in sent.items()],
    }  # fmt: skip
    return render(request, "mailboxes/box.html", {**known, **more})


def _form(
    request: Request, typed: dict[str, Any], refused: MailboxRefused | None = None, row: Mailbox | None = None
) -> HttpResponse:
    language = get_language() or "zh"
    wrong = {name: text.say(language) for name, text in refused.problems.items()} if refused else {}
    known = {
        "typed": typed,
        "row": row,
        "wrong": wrong,
        "handbooks": forms.handbooks(request.now),
        "securities": forms.securities(),
    }
    return render(request, "mailboxes/form.html", known, status=422 if refused else 200)


def _box(request: Request, number: int) -> Mailbox:
    try:
        return mailbox_for(request.viewer, number)
    except NotFound:
        raise Http404
