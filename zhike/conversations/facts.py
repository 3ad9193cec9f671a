"""A conversation as flat facts for the engine."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from zhike.conversations.models import Conversation
from zhike.handbook.book import Book

Facts = dict[str, Any]


def facts_of(conversation: Conversation, book: Book, now: dt.datetime, more: Facts | None = None) -> Facts:
    """`channel`, `queue`, `state`, `answered`, `waiting_seconds`, `first_reply_seconds`, `outcome`, `topic`, `customer.*`, `today`,
    `hour`, whatever the pre-chat form or the mail said, parameters as `param.<id>`; `more` on top.
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
        "became_case": bool(conversation.case_number),
        "customer_known": conversation.customer_id is not None,
        "weekday": local.isoweekday(),
        "hour": local.hour,
        "today": local.date().isoformat(),
        "now": local.isoformat(),
    }
    if conversation.customer is not None:
        facts["customer.tier"] = conversation.customer.tier or None
    facts.update({f"param.{name}": value for name, value in book.parameters.items()})
    return facts | (more or {})


def _seconds(since: dt.datetime | None, until: dt.datetime | None) -> int | None:
    return int((until - since).total_seconds()) if since and until else None
