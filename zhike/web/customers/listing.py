"""The list: a search, three filters, pages by keyset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Prefetch
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext

from zhike.customers.access import may_review, visible_customers
from zhike.customers.card_cells import CardField
from zhike.customers.models import ContactPoint, Customer
from zhike.customers.own_filter import asked_fields, read_own
from zhike.customers.queries import Asked, Contact, contacts_of, filtered
from zhike.lib.text import clean_line
from zhike.web.context import Request
from zhike.web.customers.own_fields import OWN, wishes_of

PAGE = 50
FIELDS = ("q", "kind", "tier", "tag")


@dataclass(frozen=True, slots=True)
class Row:
    """A customer in the list, numbers masked."""

    customer: Customer
    contacts: list[Contact]


def show(request: Request) -> HttpResponseBase:
    """`/customers`: as many queries, however many there are."""
    fields = asked_fields(request.now)
    asked = read_filter(request, fields)
    found = filtered(visible_customers(request.viewer), asked, before=number_of(request.GET.get("after", "")))
    points = Prefetch("contact_points", ContactPoint.objects.order_by("pk"))
    rows = list(found.prefetch_related(points)[: PAGE + 1])
    more = len(rows) > PAGE
    shown = {
        "asked": asked,
        "asked_address": f"?{address(asked)}",
        "rows": [Row(customer, contacts_of(customer)) for customer in rows[:PAGE]],
        "first": f"?{address(asked)}" if request.GET.get("after") else "",
        "next": f"?{address(asked, after=rows[PAGE - 1].pk)}" if more else "",
        "count": gettext("本页 %(n)d 位") % {"n": min(len(rows), PAGE)},
        "own": wishes_of(asked, fields, request.viewer),
        "may_review": may_review(request.viewer),
    }
    return render(request, "customers/list.html", shown)


def read_filter(request: Request, fields: Mapping[str, CardField]) -> Asked:
    """What the address asks for, `own.<handbook>.<field>` of the handbooks' own among it; an unknown kind or field is left out."""
    own = {name.removeprefix(OWN): str(text) for name, text in request.GET.items() if name.startswith(OWN) and text}
    given = {name: clean_line(request.GET.get(name, "")[:100]) for name in FIELDS}
    kind = given["kind"] if given["kind"] in Customer.Kind.values else ""
    return Asked(q=given["q"], kind=kind, tier=given["tier"][:20], tag=given["tag"][:20], own=read_own(own, fields)[0])


def address(asked: Asked, after: int | None = None) -> str:
    parts = {name: getattr(asked, name) for name in FIELDS if getattr(asked, name)}
    parts |= {f"{OWN}{key}": value for key, value in asked.own}
    return urlencode({**parts, "after": after} if after else parts)


def number_of(text: str) -> int | None:
    """An id in an address, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
