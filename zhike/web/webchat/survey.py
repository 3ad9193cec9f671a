"""The question behind a link, for whoever was sent it by mail or short message: the same as in the widget, once."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext

from zhike.channels.webchat import surveys
from zhike.channels.webchat.settings import settings_of
from zhike.web.context import Request
from zhike.web.proxies import address_of
from zhike.web.webchat.doors import say
from zhike.web.webchat.limits import WRITE


def show(request: Request, token: str) -> HttpResponseBase:
    """GET: the question. POST: the answer."""
    if not WRITE.allows(address_of(request)):
        return render(request, "webchat/survey.html", {"gone": gettext("请稍等片刻再试。")}, status=429)
    found = surveys.by_token(token)
    if found is None or request.now - found.asked_at > surveys.OPEN_FOR:
        return render(request, "webchat/survey.html", {"gone": gettext("这个评价链接不存在或已过期。")}, status=404)
    question = say(settings_of(found.conversation.inbox).survey_question)
    known: dict[str, Any] = {"question": question, "scores": range(1, surveys.BEST + 1)}
    if found.answered_at is not None:
        return render(request, "webchat/survey.html", {"done": True})
    if request.method != "POST":
        return render(request, "webchat/survey.html", known)
    score, comment = request.POST.get("score", ""), request.POST.get("comment", "")
    if score not in {str(number) for number in known["scores"]}:
        wrong = gettext("请选择一到五颗星。")
        return _again(request, {**known, "wrong": wrong, "comment": comment})
    surveys.answer(found, int(score), comment, request.now)
    return render(request, "webchat/survey.html", {"done": True})


def _again(request: Request, known: dict[str, Any]) -> HttpResponse:
    return render(request, "webchat/survey.html", known, status=422)
