"""A conversation becomes a case: what the form is offered with, and the number that stays at the conversation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from zhike.conversations.events import BecameCase
from zhike.conversations.models import Conversation, Message
from zhike.conversations.written import locked, write
from zhike.customers.models import ContactPoint
from zhike.handbook.structure import FieldDef, Process
from zhike.lib.text import clean_text

LONGEST = 4000
"""Characters of what was said that a form is offered."""
TEXTS = ("text", "richtext")


def offered_values(conversation: Conversation, process: Process, fields: Iterable[FieldDef]) -> dict[str, Any]:
    """First values of the form: who it is, what he asked, what the pre-chat form said; empty where nothing is known. Two queries."""
    known = _known(conversation)
    facts = {**conversation.facts, **known}
    who = {name: part for part, name in process.customer.items()}
    asked = _said(conversation)
    found: dict[str, Any] = {}
    for field in fields:
        value = facts.get(field.prefill) if field.prefill else None
        if value is None and field.id in who:
            value = known.get(f"customer.{who[field.id]}")
        if value is None and field.id in conversation.facts:
            value = conversation.facts[field.id]
        if value is None and asked and field.type in TEXTS and field.required:
            value, asked = asked[: field.longest or LONGEST], ""
        if value is None and field.type == "customer" and conversation.customer_id:
            value = conversation.customer_id
        if value is not None and field.automatic is None:
            found[field.id] = value
    return found


def _known(conversation: Conversation) -> Mapping[str, Any]:
    """`customer.name`, `.phone`, `.email` as the archive has them, else as the sender named himself."""
    found: dict[str, Any] = {}
    if conversation.address is not None and conversation.address.name:
        found["customer.name"] = conversation.address.name
    if conversation.address is not None and conversation.medium == "email":
        found["customer.email"] = conversation.address.value
    if conversation.address is not None and conversation.medium in ("sms", "phone"):
        found["customer.phone"] = conversation.address.value
    if conversation.customer is not None:
        found["customer.name"] = conversation.customer.name
        for point in ContactPoint.objects.filter(customer=conversation.customer).order_by("-id"):
            found[f"customer.{point.kind}"] = point.value
    return found


def _said(conversation: Conversation) -> str:
    """What the customer wrote, in its order."""
    rows = conversation.messages.filter(side=Message.Side.CUSTOMER, internal=False, recalled_at=None).order_by("seq")
    return clean_text("\n".join(row.words for row in rows[:50] if row.words))[:LONGEST]


def became_case(conversation: Conversation, number: str, *, by: str, now: dt.datetime) -> Conversation:
    """Keep the number of the case that was opened from it; the first one stays."""
    with transaction.atomic():
        held = locked(conversation.pk)
        if held.case_number:
            return held
        held.case_number = number
        write(held, [BecameCase(held.number, number)], happened=["conversation.became_case"], now=now, by=by)
    return held
