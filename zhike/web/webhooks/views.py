"""The list, one subscription with its deliveries, one delivery, and the form. A secret is shown on the answer that made it."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.channels.addresses import BadAddress, parse
from zhike.lib import clock
from zhike.web.context import Request
from zhike.web.webhooks import forms
from zhike.web.webhooks.words import delivery_words, kind_words, outcome_words, state_words
from zhike.webhooks import actions, queries
from zhike.webhooks.access import NotFound, delivery_for, subscription_for
from zhike.webhooks.actions import SubscriptionRefused
from zhike.webhooks.models import Delivery, Subscription

LONGEST_NUMBER = 18


def show_list(request: Request) -> HttpResponse:
    """Every subscription: where to, for whom, how it stands."""
    waiting, arrived = queries.waiting_by_subscription(), queries.last_delivered()
    rows = [
        (row, shown(row), state_words(row), waiting.get(row.pk, 0), arrived.get(row.pk))
        for row in queries.subscriptions()
    ]
    return render(request, "webhooks/list.html", {"rows": rows})


def shown(row: Subscription) -> str:
    """The address without the values of its query."""
    try:
        return parse(row.address).shown
    except BadAddress:
        return row.address.partition("?")[0]


def new(request: Request) -> HttpResponseBase:
    """GET: the form. POST: make it; the answer shows its secret."""
    if request.method != "POST":
        return _form(request, {"kinds": ["case.opened", "case.closed", "clock.breached"]})
    wish = forms.wish_of(request.POST, request.viewer)
    try:
        made, secret = actions.create_subscription(
            wish, forms.known_processes(request.now), by=request.viewer, now=request.now
        )
    except SubscriptionRefused as refused:
        return _form(request, forms.typed_in(request.POST), refused)
    return _page(request, made.pk, {"secret": secret}, status=201)


def edit(request: Request, number: int) -> HttpResponseBase:
    row = _subscription(request, number)
    if request.method != "POST":
        return _form(request, forms.typed_of(row), row=row)
    wish = forms.wish_of(request.POST, request.viewer)
    try:
        actions.edit_subscription(number, wish, forms.known_processes(request.now), by=request.viewer, now=request.now)
    except SubscriptionRefused as refused:
        return _form(request, forms.typed_in(request.POST), refused, row)
    messages.success(request, gettext("已保存。"))
    return HttpResponseRedirect(reverse("webhooks:show", args=[number]))


def change_secret(request: Request, number: int) -> HttpResponseBase:
    """The answer shows the new secret; the former one signs too for the hours chosen."""
    hours = request.POST.get("overlap", "")
    try:
        _, secret = actions.change_secret(
            number, overlap_hours=int(hours) if hours.isdecimal() and len(hours) < 5 else -1, by=request.viewer,
            now=request.now, wall=clock.wall(),
        )  # fmt: skip
    except NotFound:
        raise Http404
    except SubscriptionRefused as refused:
        return _page(request, number, {"wrong": wrong_of(refused)}, status=422)
    return _page(request, number, {"secret": secret}, status=201)


def show(request: Request, number: int) -> HttpResponse:
    return _page(request, number, {})


def _page(request: Request, number: int, more: dict[str, Any], status: int = 200) -> HttpResponse:
    row = _subscription(request, number)
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    before = request.GET.get("before", "")
    begins = int(before) if before.isascii() and before.isdigit() and len(before) < LONGEST_NUMBER else None
    state = state if state in Delivery.State.values else ""
    found = queries.deliveries(row, state=state, kind=kind[:64], before=begins)
    rows, further = found[: queries.PAGE], len(found) > queries.PAGE
    known = {
        "row": row, "address": shown(row), "state_words": state_words(row), "kinds": [kind_words(k) for k in row.kinds],
        "overlapping": bool(row.former_until and row.former_until > clock.wall()),
        "counts": _counts(row), "deliveries": [(each, kind_words(each.kind), delivery_words(each)) for each in rows],
        "states": [(value, delivery_words(Delivery(state=value))) for value in Delivery.State.values],
        "state": state, "kind": kind, "begins": begins,
        "moving": any(each.state == Delivery.State.WAITING for each in rows) and begins is None,
        "next": rows[-1].pk if further else None, "plain": row.address.startswith("http:"), **more,
    }  # fmt: skip
    response = render(request, "webhooks/show.html", known, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _counts(row: Subscription) -> list[tuple[str, str, int, int, int]]:
    """[(kind, its words, delivered, waiting, not delivered)]."""
    return [
        (kind, kind_words(kind), n.get("delivered", 0), n.get("waiting", 0), sum(n.values()) - n.get("delivered", 0) - n.get("waiting", 0))
        for kind, n in queries.counts(row)
    ]  # fmt: skip


def delivery(request: Request, number: int, delivery: int) -> HttpResponse:
    """One delivery: what goes out, every attempt, and what came back."""
    try:
        found = delivery_for(request.viewer, number, delivery)
    except NotFound:
        raise Http404
    tries = [(each, outcome_words(each)) for each in found.tries.order_by("-pk")[: queries.PAGE]]
    known = {
        "row": found.subscription, "address": shown(found.subscription), "delivery": found, "tries": tries,
        "kind": kind_words(found.kind), "state": delivery_words(found), "position": found.position,
        "body": json.dumps(json.loads(found.body), ensure_ascii=False, indent=2),
    }  # fmt: skip
    return render(request, "webhooks/delivery.html", known)


def _form(
    request: Request, typed: dict[str, Any], refused: SubscriptionRefused | None = None, row: Subscription | None = None
) -> HttpResponse:
    known = {"typed": typed, "row": row, "wrong": wrong_of(refused), **forms.choices(request.now)}
    return render(request, "webhooks/form.html", known, status=422 if refused else 200)


def wrong_of(refused: SubscriptionRefused | None) -> dict[str, str]:
    language = get_language() or "zh"
    return {name: text.say(language) for name, text in refused.problems.items()} if refused else {}


def _subscription(request: Request, number: int) -> Subscription:
    try:
        return subscription_for(request.viewer, number)
    except NotFound:
        raise Http404
