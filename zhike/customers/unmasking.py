"""Looking behind a mask: for a purpose, written down, and looked over by somebody else."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from zhike.customers.actions import tell_of
from zhike.customers.events import CustomerUnmasked, UnmaskingReviewed
from zhike.customers.identifiers import value_of
from zhike.customers.models import Customer, Identifier, Unmasking
from zhike.customers.profile import CustomerRefused
from zhike.handbook.common import Text
from zhike.lib import phone
from zhike.lib.text import clean_line
from zhike.org.principals import Viewer

PURPOSES: dict[str, Text] = {
    "contact": Text(zh="联系客户", en="To contact the customer"),
    "verify": Text(zh="核对身份", en="To check who it is"),
    "handle": Text(zh="办理业务", en="To carry out a request"),
    "authority": Text(zh="配合有权机关", en="For an authority"),
}
CONTACTS = ("phone", "email")


def unmask(customer: Customer, what: str, *, purpose: str, words: str, by: Viewer, now: dt.datetime) -> list[str]:
    """The numbers themselves; `what` is "phone", "email" or a kind of identifier. Written down first.

    Raises CustomerRefused without a purpose and a reason in words.
    """
    words = clean_line(words[:400])[:200]
    problems = {}
    if purpose not in PURPOSES:
        problems["purpose"] = Text(zh="请选择查看的用途。", en="Choose what you need it for.")
    if len(words) < 2:
        problems["words"] = Text(zh="请写明缘由，例如工单号。", en="Write the reason, for instance the case number.")
    if what not in (*CONTACTS, *Identifier.Kind.values):
        problems["what"] = Text(zh="没有这一项。", en="There is no such item.")
    if problems or by.staff is None:
        raise CustomerRefused(problems)
    with transaction.atomic():
        row = Unmasking.objects.create(customer=customer, at=now, by=by.staff, what=what, purpose=purpose, words=words)
        fact = CustomerUnmasked(what=what, purpose=purpose, words=words, unmasking=row.pk)
        tell_of(customer, [fact], now, by.principal)
    return _values(customer, what)


def _values(customer: Customer, what: str) -> list[str]:
    if what in CONTACTS:
        found = customer.contact_points.filter(kind=what).order_by("pk").values_list("value", flat=True)
        return [phone.display(value) if what == "phone" else value for value in found]
    return [value_of(row) for row in customer.identifiers.filter(kind=what).order_by("pk")]


def review_unmasking(unmasking_id: int, *, is_justified: bool, by: Viewer, now: dt.datetime) -> bool:
    """Somebody else's verdict, once; True when it counts. Nobody looks over what he did himself."""
    if by.staff is None:
        return False
    with transaction.atomic():
        open_ones = Unmasking.objects.filter(pk=unmasking_id, reviewed_at=None).exclude(by=by.staff)
        if not open_ones.update(reviewed_at=now, reviewed_by=by.staff, is_justified=is_justified):
            return False
        row = Unmasking.objects.select_related("customer").get(pk=unmasking_id)
        fact = UnmaskingReviewed(unmasking=row.pk, is_justified=is_justified)
        tell_of(row.customer, [fact], now, by.principal)
    return True
