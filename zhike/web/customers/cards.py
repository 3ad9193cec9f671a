"""The form of a handbook's own fields of a customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.customers.cards import Card, cards_of, keep_card, locks_on
from zhike.customers.models import Customer
from zhike.customers.profile import StaleCustomer
from zhike.records.forms import FormRefused
from zhike.records.posting import parse_post
from zhike.web.base.fields import Told, field_views
from zhike.web.case_page.forms import Choices
from zhike.web.case_page.page import say
from zhike.web.context import Request
from zhike.web.customers.listing import number_of
from zhike.web.customers.page import standing


def edit(request: Request, number: int, handbook: str) -> HttpResponseBase:
    """GET: the form with what is kept. POST: keep it, or the form again with everything that is wrong."""
    customer = standing(request, number)
    card = next((card for card in cards_of(customer, request.now) if card.book.name == handbook), None)
    if card is None:
        raise Http404
    if request.method != "POST":
        return _form(request, customer, card, card.values)
    values = parse_post(card.record, request.POST)
    version, by = number_of(request.POST.get("version", "")), request.viewer.principal
    try:
        keep_card(customer, card, values, by=by, now=request.now, version=version)
    except FormRefused as refused:
        wrong = {name: [Told(say(text))] for name, text in refused.errors.items()}
        return _form(request, customer, card, values, wrong=wrong, status=422)
    except StaleCustomer as stale:
        return _form(request, customer, card, values, told=say(stale.words), status=409)
    messages.success(request, gettext("已保存。"))
    return HttpResponseRedirect(reverse("customers:page", args=[customer.pk]))


def _form(
    request: Request,
    customer: Customer,
    card: Card,
    values: Mapping[str, Any],
    *,
    wrong: Mapping[str, list[Told]] | None = None,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    found = wrong or {}
    shown = {
        "customer": customer, "card": card, "told": told, "is_again": status != 200,
        "fields": field_views(
            card.book, card.record.id, values, errors=found, options=Choices(card.book, request.viewer),
            locks=locks_on(card.book, card.record, card.values, request.viewer.principal),
        ),
        "others": [each.words for name, errors in found.items() if not name for each in errors],
    }  # fmt: skip
    return render(request, "customers/card.html", shown, status=status)
