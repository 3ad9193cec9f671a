"""Conversations and answers as rows of facts, for measures and indicators. One query for each kind, read in batches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from zhike.conversations.models import Conversation, Message
from zhike.handbook.book import Book
from zhike.org.principals import staff_key

Row = dict[str, Any]
BATCH = 2000


def talked(book: Book, kind: str, between: Mapping[str, dt.datetime]) -> Iterator[Row]:
    """The rows of `conversations` or `answers`; `between` bounds when they began, or were sent."""
    return _conversations(book, between) if kind == "conversations" else _answers(book, between)


def _conversations(book: Book, between: Mapping[str, dt.datetime]) -> Iterator[Row]:
    rows = Conversation.objects.filter(handbook=book.name, **between).select_related("survey").order_by("id")
    for one in rows.iterator(chunk_size=BATCH):
        survey = getattr(one, "survey", None)
        score = survey.score if survey is not None else None
        yield {
            **one.facts,
            "channel": one.medium,
            "agent": staff_key(one.owner_id) if one.owner_id else None,
            "queue": one.queue or None,
            "state": one.state,
            "outcome": one.outcome or None,
            "topic": one.topic or one.facts.get("topic"),
            "answered": one.first_answered_at is not None,
            "accepted_seconds": _seconds(one.opened_at, one.accepted_at),
            "first_reply_seconds": _seconds(one.opened_at, one.first_answered_at),
            "closed": one.state == Conversation.State.CLOSED,
            "opened_at": one.opened_at,
            "closed_at": one.closed_at,
            "became_case": bool(one.case_number),
            "customer_known": one.customer_id is not None,
            "covered": one.covers_id is not None,
            "score": score,
            "satisfied": None if score is None else score >= 4,
            "_subject": ("conversation", one.pk),
            "_at": one.opened_at,
            "_person": staff_key(one.owner_id) if one.owner_id else "",
        }


def _answers(book: Book, between: Mapping[str, dt.datetime]) -> Iterator[Row]:
    """What colleagues told customers, corrections left out; `corrected`: a later message put it right."""
    told = Message.objects.filter(conversation__handbook=book.name, side=Message.Side.STAFF, internal=False)
    corrected = set(told.exclude(corrects=None).values_list("conversation_id", "corrects"))
    rows = told.filter(corrects=None, **between).select_related("conversation").order_by("id")
    for one in rows.iterator(chunk_size=BATCH):
        yield {
            "channel": one.conversation.medium,
            "agent": one.author,
            "queue": one.conversation.queue or None,
            "corrected": (one.conversation_id, one.seq) in corrected,
            "_subject": ("conversation", one.conversation_id),
            "_at": one.at,
            "_person": one.author,
        }


def _seconds(since: dt.datetime, until: dt.datetime | None) -> int | None:
    return int((until - since).total_seconds()) if until else None
