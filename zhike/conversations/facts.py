"""A conversation as flat facts for the engine."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from zhike.conversations.knowledge import consulted
from zhike.conversations.models import Conversation, Message, Presence
from zhike.customers.facts import facts_of as facts_of_customer
from zhike.duties.standing import standing_on
from zhike.handbook.book import Book
from zhike.handbook.named import asks_for, with_named
from zhike.org.principals import Viewer, staff_key
from zhike.records.completeness import complete_facts
from zhike.records.facts import facts_of as typed_facts
from zhike.records.queries import latest_of_each

Facts = dict[str, Any]


def facts_of(conversation: Conversation, book: Book, now: dt.datetime, more: Facts | None = None) -> Facts:
    """`channel`, `queue`, `state`, `answered`, `waiting_seconds`, `first_reply_seconds`, `open_questions`, `unanswered_seconds`,
    `owner_state`, `covering`, `outcome`, `topic`, `became_case`, `conversation.*` (number, owner, opened_at, accepted_at,
    closed_at), `customer.*`, `today`, `hour`, `now`; whatever the pre-chat form or the mail said; `<record>.<field>` of forms
    filled in the conversation; `knowledge.*` (searched, used); what runs and is owed on it; parameters as `param.<id>`; `more` on top.
    """
    local = now.astimezone(ZoneInfo(book.handbook.zone))
    facts: Facts = {
        **conversation.facts,
        "channel": conversation.medium,
        "queue": conversation.queue or None,
        "state": conversation.state,
        "outcome": conversation.outcome or None,
        "topic": conversation.topic or conversation.facts.get("topic"),
        "answered": conversation.first_answered_at is not None,
        "waiting_seconds": _seconds(conversation.waiting_since, now),
        "first_reply_seconds": _seconds(conversation.opened_at, conversation.first_answered_at),
        "unanswered_seconds": _seconds(conversation.asked_at, now),
        "open_questions": len(conversation.open_questions),
        "covering": conversation.covers_id is not None,
        "conversation.number": conversation.number,
        "conversation.owner": staff_key(conversation.owner_id) if conversation.owner_id else None,
        "conversation.opened_at": _local(conversation.opened_at, book),
        "conversation.accepted_at": _local(conversation.accepted_at, book),
        "conversation.closed_at": _local(conversation.closed_at, book),
        "became_case": bool(conversation.case_number),
        "customer_known": conversation.customer_id is not None,
        "weekday": local.isoweekday(),
        "hour": local.hour,
        "today": local.date().isoformat(),
        "now": local.isoformat(),
    }
    if conversation.customer is not None:
        facts.update(facts_of_customer(conversation.customer, book))
    facts.update({f"param.{name}": value for name, value in book.parameters.items()})
    facts.update(_looked_up(conversation, book, now))
    return with_named(book, facts | (more or {}))


def of_actor(viewer: Viewer, book: Book) -> Facts:
    """Who acts: `actor.principal`, `actor.roles`, `actor.role` (the first he holds under the handbook)."""
    held = [role for handbook, role, _ in viewer.roles if handbook == book.name]
    return {"actor.principal": viewer.principal, "actor.roles": held, "actor.role": held[0] if held else None}


def _looked_up(conversation: Conversation, book: Book, now: dt.datetime) -> Facts:
    """Facts that cost a query each, only where the handbook asks for them."""
    facts: Facts = {}
    if not conversation.pk:
        return facts
    if asks_for(book, "owner_state"):
        facts["owner_state"] = _state_of(conversation.owner_id)
    if asks_for(book, "corrections"):
        corrected = Message.objects.filter(conversation=conversation, side=Message.Side.STAFF, corrects__isnull=False)
        facts["corrections"] = corrected.count()
    if asks_for(book, "knowledge."):
        facts |= consulted(conversation.pk)
    if any(record.in_conversation for record in book.handbook.records):
        found = latest_of_each(("conversation", conversation.pk))
        facts |= complete_facts(book, {name: filling.values for name, filling in found.items()})
        for name, filling in found.items():
            kept = typed_facts(book.record(name), filling.values)
            facts.update({f"{name}.{field}": value for field, value in kept.items()})
            facts[f"{name}.filled"] = True
    return facts | standing_on(book, "conversation", [conversation.pk], now)[conversation.pk]


def _state_of(staff: int | None) -> str | None:
    if staff is None:
        return None
    return Presence.objects.filter(staff_id=staff).values_list("state", flat=True).first()


def _local(at: dt.datetime | None, book: Book) -> str | None:
    return at.astimezone(ZoneInfo(book.handbook.zone)).isoformat() if at else None


def _seconds(since: dt.datetime | None, until: dt.datetime | None) -> int | None:
    return int((until - since).total_seconds()) if since and until else None
