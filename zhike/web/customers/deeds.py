"""What is done on a customer's page: contacts, numbers, relations, consents, looking behind a mask."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext

from zhike.customers import profile
from zhike.customers.access import NoSuchCustomer, customer_for
from zhike.customers.consents import give_consent, withdraw_consent
from zhike.customers.identifiers import by_identifier
from zhike.customers.merging import SAME
from zhike.customers.models import Customer
from zhike.customers.profile import CustomerRefused
from zhike.customers.queries import by_contact
from zhike.customers.unmasking import unmask
from zhike.web.context import Request
from zhike.web.customers.listing import number_of
from zhike.web.customers.page import page, refused, standing


def contact(request: Request, number: int) -> HttpResponseBase:
    """Add a phone number or e-mail address, or remove one."""
    customer, by = standing(request, number), request.viewer.principal
    gone = number_of(request.POST.get("remove", ""))
    try:
        if gone is not None:
            _found(profile.remove_contact(customer, gone, by=by, now=request.now))
        else:
            profile.add_contact(customer, request.POST.get("contact", ""), by=by, now=request.now)
    except CustomerRefused as error:
        return refused(request, customer, error)
    return _back(request, customer)


def identifier(request: Request, number: int) -> HttpResponseBase:
    """Keep an identity number, or destroy one."""
    customer, by = standing(request, number), request.viewer.principal
    gone = number_of(request.POST.get("remove", ""))
    try:
        if gone is not None:
            _found(profile.remove_identifier(customer, gone, by=by, now=request.now))
        else:
            kind, raw = request.POST.get("kind", ""), request.POST.get("identifier", "")
            profile.add_identifier(customer, kind, raw, by=by, now=request.now)
    except CustomerRefused as error:
        return refused(request, customer, error)
    return _back(request, customer)


def relation(request: Request, number: int) -> HttpResponseBase:
    """Relate another customer, or end a relation."""
    customer, by = standing(request, number), request.viewer.principal
    ended = number_of(request.POST.get("end", ""))
    try:
        if ended is not None:
            _found(profile.end_relation(customer, ended, by=by, now=request.now))
        else:
            other = chosen(request, customer)
            profile.relate(customer, other, request.POST.get("kind", ""), by=by, now=request.now)
    except CustomerRefused as error:
        return refused(request, customer, error)
    return _back(request, customer)


def consent(request: Request, number: int) -> HttpResponseBase:
    """Note a consent, or take one back at once."""
    customer, given = standing(request, number), request.POST
    purpose, channel, by = given.get("purpose", ""), given.get("channel", ""), request.viewer.principal
    try:
        if given.get("deed") == "withdraw":
            withdraw_consent(customer, purpose, channel=channel, by=by, now=request.now)
        else:
            version = given.get("version", "")
            give_consent(customer, purpose, version=version, channel=channel, by=by, now=request.now)
    except CustomerRefused as error:
        return refused(request, customer, error)
    return _back(request, customer)


def show_in_full(request: Request, number: int) -> HttpResponseBase:
    """The numbers behind the mask, on this answer only; written down with the purpose."""
    customer, given = standing(request, number), request.POST
    what = given.get("what", "")
    try:
        revealed = unmask(
            customer, what, purpose=given.get("purpose", ""), words=given.get("words", ""), by=request.viewer,
            now=request.now,
        )  # fmt: skip
    except CustomerRefused as error:
        return refused(request, customer, error)
    answer = page(request, customer, revealed=revealed, revealed_what=what)
    answer["Cache-Control"] = "no-store"
    return answer


def chosen(request: Request, customer: Customer) -> Customer:
    """The other customer, typed as his number, a phone number, an address or an identity number. Raises CustomerRefused."""
    text = request.POST.get("other", "").strip().lstrip("#")[:100]
    number = number_of(text)
    try:
        found = customer_for(request.viewer, number) if number and number < 10**10 else None
    except NoSuchCustomer:
        found = None
    found = found or by_contact(text) or by_identifier(text)
    if found is None or found.pk == customer.pk or found.merged_into_id is not None:
        raise CustomerRefused({"other": SAME})
    return found


def _found(was_there: bool) -> None:
    if not was_there:
        raise Http404


def _back(request: Request, customer: Customer) -> HttpResponseBase:
    messages.success(request, gettext("已保存。"))
    return HttpResponseRedirect(reverse("customers:page", args=[customer.pk]))
