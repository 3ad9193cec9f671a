"""Merging two customers: a look at both first, and a way back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.access import visible_cases
from zhike.customers.identifiers import shown
from zhike.customers.merging import merge_customers, undo_merge
from zhike.customers.models import Customer
from zhike.customers.profile import CustomerRefused
from zhike.customers.queries import contacts_of
from zhike.web.context import Request
from zhike.web.customers.deeds import chosen
from zhike.web.customers.listing import number_of
from zhike.web.customers.page import find, refused, standing


def merge(request: Request, number: int) -> HttpResponseBase:
    """GET with `other`: both side by side. POST with `confirm`: do it; without it: look at both first."""
    kept = standing(request, number)
    wanted = number_of(request.GET.get("other", ""))
    try:
        other = find(request, wanted) if wanted is not None else chosen(request, kept)
        if request.method == "POST" and request.POST.get("confirm"):
            merge_customers(kept, other, by=request.viewer.principal, now=request.now)
            messages.success(request, gettext("已合并；发现弄错了可以在本页撤销。"))
            return HttpResponseRedirect(reverse("customers:page", args=[kept.pk]))
    except CustomerRefused as error:
        return refused(request, kept, error)
    sides = [_side(request, kept), _side(request, other)]
    return render(request, "customers/merge.html", {"customer": kept, "other": other, "sides": sides})


def undo(request: Request, number: int) -> HttpResponseBase:
    """Take the last merge back."""
    kept = standing(request, number)
    try:
        fact = number_of(request.POST.get("merge", "")) or 0
        dropped = undo_merge(kept, fact, by=request.viewer.principal, now=request.now)
    except CustomerRefused as error:
        return refused(request, kept, error)
    messages.success(request, gettext("已撤销合并。"))
    return HttpResponseRedirect(reverse("customers:page", args=[dropped.pk]))


def _side(request: Request, customer: Customer) -> dict[str, object]:
    return {
        "customer": customer,
        "contacts": contacts_of(customer),
        "identifiers": [shown(row) for row in customer.identifiers.order_by("pk")],
        "cases": visible_cases(request.viewer).filter(customer=customer).count(),
    }
