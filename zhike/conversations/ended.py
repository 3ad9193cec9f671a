"""Conversations that have ended, found again: by number, customer, subject or the last that was said; newest first, by pages.

Words are found through an index of all pairs of neighbouring characters, as titles of cases are. Only what is rare is looked up there;
what is common is found soonest by reading on from the newest.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, QuerySet

from zhike.conversations.access import visible_conversations
from zhike.conversations.models import Address, Conversation
from zhike.customers.access import find_customers
from zhike.org.principals import Viewer

PAGE = 50
RARE = 1000
PEOPLE = 200
NUMBER = re.compile(r"[A-Za-z]+-\d[\d-]*")
SAID = """
SELECT id FROM conversations_conversation WHERE state = 'closed' AND conversations_pairs(subject || ' ' || last_words)
    @> conversations_pairs(%s) AND (subject ILIKE %s OR last_words ILIKE %s) LIMIT 1001
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is asked for; empty: not asked."""

    q: str = ""
    medium: str = ""
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the row that was last."""

    closed_at: dt.datetime
    pk: int


def ended(viewer: Viewer, asked: Asked, after: Place | None = None) -> QuerySet[Conversation]:
    """Of those he may see, the one that ended last first; the page behind `after`. Slice it. Three short queries at most before."""
    found = visible_conversations(viewer).filter(state=Conversation.State.CLOSED)
    if asked.q:
        found = found.filter(_found_by(viewer, asked.q))
    if asked.medium:
        found = found.filter(medium=asked.medium)
    if asked.mine:
        found = found.filter(owner=viewer.staff)
    if after is not None:
        found = found.filter(
            Q(closed_at__lt=after.closed_at) | Q(closed_at=after.closed_at, pk__lt=after.pk), closed_at__lte=after.closed_at
        )  # fmt: skip
    return found.select_related("customer", "address", "owner").order_by("-closed_at", "-pk")


def _found_by(viewer: Viewer, text: str) -> Q:
    """A number of ours, or the customer's name or contact as the archive and he himself gave it, or words."""
    if NUMBER.fullmatch(text):
        return Q(number__startswith=text.upper())
    people = Q(customer__in=[customer.pk for customer in find_customers(viewer, text, limit=PEOPLE)])
    named = Address.objects.filter(name__startswith=text).order_by("name").values_list("pk", flat=True)[:PEOPLE]
    people |= Q(address__in=list(named))
    said = _said(text)
    if said is None:
        return people | Q(subject__icontains=text) | Q(last_words__icontains=text)
    return people | Q(pk__in=said)


def _said(text: str) -> list[int] | None:
    """The ids of those in whose subject or last words it stands; None where that is no rare thing."""
    if len(text) < 2:
        return None
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"
    with connection.cursor() as cursor:
        cursor.execute(SAID, [text, pattern, pattern])
        found = [number for (number,) in cursor.fetchall()]
    return found if len(found) <= RARE else None
