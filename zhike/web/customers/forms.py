"""The form for a new customer, with hints while it is filled in, and the one for editing."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.customers.duplicates import duplicates
from zhike.customers.identifiers import SORTS
from zhike.customers.models import Customer
from zhike.customers.profile import CustomerRefused, Draft, StaleCustomer, add_customer, edit_customer
from zhike.web.context import Request
from zhike.web.customers.listing import number_of
from zhike.web.customers.page import standing

FIELDS = ("name", "kind", "tier", "tags", "remark", "phone", "email", *SORTS)
LONGEST = 4000


def new(request: Request) -> HttpResponseBase:
    """GET: the form. POST: the customer, or the form again with everything that is wrong."""
    typed = typed_of(request)
    if request.method != "POST":
        return _form(request, typed)
    try:
        customer = add_customer(draft_of(typed), by=request.viewer.principal, now=request.now)
    except CustomerRefused as error:
        return _form(request, typed, error, 422)
    messages.success(request, gettext("已建立档案。"))
    return HttpResponseRedirect(reverse("customers:page", args=[customer.pk]))


def edit(request: Request, number: int) -> HttpResponseBase:
    """Name, kind, tier, tags and remark of one customer."""
    customer = standing(request, number)
    if request.method != "POST":
        return _form(request, _of(customer), customer=customer)
    typed = typed_of(request)
    version = number_of(request.POST.get("version", ""))
    try:
        edit_customer(customer, draft_of(typed), by=request.viewer.principal, now=request.now, version=version)
    except StaleCustomer as error:
        stale = CustomerRefused({"deed": error.words})
        customer.refresh_from_db()
        return _form(request, typed, stale, 409, customer)
    messages.success(request, gettext("已保存。"))
    return HttpResponseRedirect(reverse("customers:page", args=[customer.pk]))


def hints(request: Request) -> HttpResponse:
    """Who might be the one being typed. Posted, so that no number stands in an address or a log."""
    found = duplicates(draft_of(typed_of(request)), besides=number_of(request.POST.get("besides", "")) or 0)
    return render(request, "customers/_hints.html", {"hints": found})


def typed_of(request: Request) -> dict[str, str]:
    typed = {name: request.POST.get(name, "")[:LONGEST] for name in FIELDS}
    return {**typed, "kind": typed["kind"] or "person"}


def draft_of(typed: dict[str, str]) -> Draft:
    return Draft(
        name=typed["name"],
        kind=typed["kind"],
        tier=typed["tier"],
        remark=typed["remark"],
        tags=tuple(re.split(r"[,，;；、\n]", typed["tags"])),
        phones=(typed["phone"],),
        emails=(typed["email"],),
        identifiers={kind: typed[kind] for kind, sort in SORTS.items() if sort.owner == typed["kind"]},
    )


def _of(customer: Customer) -> dict[str, str]:
    kept = {name: getattr(customer, name) for name in ("name", "kind", "tier", "remark")}
    return {**dict.fromkeys(FIELDS, ""), **kept, "tags": "，".join(customer.tags)}


def _form(
    request: Request,
    typed: dict[str, str],
    error: CustomerRefused | None = None,
    status: int = 200,
    customer: Customer | None = None,
) -> HttpResponse:
    language = get_language() or "zh"
    problems = error.problems if error else {}
    shown: dict[str, Any] = {
        "typed": typed,
        "wrong": {name: words.say(language) for name, words in problems.items()},
        "owner": error.owner if error else None,
        "customer": customer,
        "sorts": [(k, s.title, s.owner, typed[k], problems.get(k, "")) for k, s in SORTS.items()],
    }
    return render(request, "customers/form.html", shown, status=status)
