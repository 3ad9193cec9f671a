"""Whether customers of a mailbox, a gateway or a WeChat account are asked how it was, and with which words."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.channels import asking
from zhike.channels.email.models import Mailbox
from zhike.channels.sms.models import SmsGateway
from zhike.channels.webchat.settings import origin_of, settings_of
from zhike.channels.wechat.models import WechatAccount
from zhike.conversations.models import Inbox
from zhike.handbook.common import Text
from zhike.web.context import Request
from zhike.web.inboxes.views import own_address

LONGEST = 120
PLACES: tuple[tuple[type[Mailbox] | type[SmsGateway] | type[WechatAccount], str], ...] = (
    (Mailbox, "mailboxes:box"), (SmsGateway, "messaging:gateway"), (WechatAccount, "messaging:account"),
)  # fmt: skip


def page(request: Request, number: int) -> HttpResponseBase:
    """GET: the form. POST: keep it."""
    try:
        inbox = asking.inbox_for(request.viewer, number)
    except asking.NoSuchInbox as error:
        raise Http404 from error
    if request.method == "POST":
        return _save(request, inbox)
    told = settings_of(inbox)
    typed = {
        "asked": asking.asks_by_link(inbox), "question_zh": told.survey_question.zh, "question_en": told.survey_question.en,
        "address": told.address or own_address(request),
    }  # fmt: skip
    return _form(request, inbox, typed)


def _save(request: Request, inbox: Inbox) -> HttpResponseBase:
    typed = {name: request.POST.get(name, "").strip() for name in ("question_zh", "question_en", "address")}
    asked, address, wrong = bool(request.POST.get("asked")), origin_of(typed["address"]), {}
    if not address and (typed["address"] or asked):
        wrong["address"] = gettext("本系统的地址写成 https://desk.example 的样子，不带路径。")
    if asked and not typed["question_zh"]:
        wrong["question_zh"] = gettext("请填写问题。")
    if wrong:
        return _form(request, inbox, {**typed, "asked": asked}, wrong)
    zh, en = typed["question_zh"][:LONGEST], typed["question_en"][:LONGEST]
    asking.set_question(
        inbox.pk, asked=asked, question=Text(zh=zh, en=en) if zh else None, address=address,
        by=request.viewer.principal, now=request.now,
    )  # fmt: skip
    messages.success(request, gettext("已保存，从下一个结束的会话起生效。"))
    return HttpResponseRedirect(_home(inbox))


def _form(
    request: Request, inbox: Inbox, typed: dict[str, Any], wrong: dict[str, str] | None = None
) -> HttpResponseBase:
    known = {"row": inbox, "typed": typed, "wrong": wrong or {}, "home": _home(inbox)}
    return render(request, "inboxes/question.html", known, status=422 if wrong else 200)


def _home(inbox: Inbox) -> str:
    """The page of what the inbox belongs to."""
    for model, route in PLACES:
        found = model._default_manager.filter(inbox=inbox).first()
        if found is not None:
            return reverse(route, args=[found.pk])
    return reverse("inboxes:list")
