"""What the buttons do: each says what happened and goes back to the page it stands on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext

from zhike.lib import clock
from zhike.web.context import Request
from zhike.web.webhooks.views import wrong_of
from zhike.webhooks import actions
from zhike.webhooks.access import NotFound
from zhike.webhooks.actions import SubscriptionRefused

Deed = Callable[..., str]
LONGEST_NUMBER = 18


def deed(act: Deed) -> Callable[..., HttpResponseBase]:
    """`act` answers what is said above the page; a refusal is said there too."""

    @wraps(act)
    def answer(request: Request, number: int, **more: Any) -> HttpResponseBase:
        try:
            if words := act(request, number, **more):
                messages.success(request, words)
        except NotFound:
            raise Http404
        except SubscriptionRefused as refused:
            messages.error(request, " ".join(wrong_of(refused).values()))
        return HttpResponseRedirect(reverse("webhooks:show", args=[number]))

    return answer


@deed
def ping(request: Request, number: int) -> str:
    actions.send_ping(number, by=request.viewer, now=request.now, wall=clock.wall())
    return gettext("测试已排队，几秒后在下面看结果。")


@deed
def pause(request: Request, number: int) -> str:
    actions.pause_subscription(number, by=request.viewer, now=request.now)
    return gettext("已暂停。暂停期间的事件会在继续后补发。")


@deed
def resume(request: Request, number: int) -> str:
    actions.resume_subscription(number, by=request.viewer, now=request.now, wall=clock.wall())
    return gettext("已继续，从停下的地方补发。")


@deed
def replay(request: Request, number: int) -> str:
    first, last = _number(request.POST.get("first", "")), _number(request.POST.get("last", ""))
    count = actions.replay_deliveries(number, first, last, by=request.viewer, now=request.now, wall=clock.wall())
    return gettext("已安排重发 %(count)d 条。") % {"count": count}


@deed
def skip(request: Request, number: int, delivery: int) -> str:
    if actions.skip_delivery(number, delivery, by=request.viewer, now=request.now, wall=clock.wall()):
        return gettext("已放弃这一条，后面的继续推送。")
    return gettext("这一条已不在等待。")


def remove(request: Request, number: int) -> HttpResponseBase:
    """For good; back to the list."""
    try:
        row = actions.remove_subscription(number, by=request.viewer, now=request.now, wall=clock.wall())
    except NotFound:
        raise Http404
    messages.success(request, gettext("已删除“%(name)s”。") % {"name": row.name})
    return HttpResponseRedirect(reverse("webhooks:list"))


def _number(text: str) -> int:
    """0 for what is no number: no delivery has it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST_NUMBER else 0
