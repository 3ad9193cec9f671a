"""What happened to a conversation, written down: its row, the facts, the limits, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from zhike.conversations.access import audience_of
from zhike.conversations.limits import apply_limits
from zhike.conversations.models import Conversation
from zhike.handbook.book import Book
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.org.handbooks import book_of

OUTSIDE = ("customer:", "address:")
"""How the principals of the other side begin."""


def locked(conversation_id: int) -> Conversation:
    """The row, held until the transaction ends: writers of one conversation go one after the other."""
    return (
        Conversation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("owner", "customer", "address", "inbox")
        .get(pk=conversation_id)
    )


def book_for(conversation: Conversation) -> Book:
    return book_of(conversation.version_id)


def write(
    conversation: Conversation,
    events: Iterable[Event],
    *,
    happened: Sequence[str] = (),
    now: dt.datetime,
    by: str,
    clauses: Sequence[str] = (),
) -> None:
    """Keep the row as it now is, with its audience worked out anew; tell the journal; stop and start limits."""
    book = book_for(conversation)
    conversation.audience = audience_of(conversation, book)
    conversation.version += 1
    conversation.save(
        update_fields=[field.attname for field in Conversation._meta.concrete_fields if not field.primary_key]
    )
    record([_fact(conversation, event, now, by, clauses) for event in events])
    if happened:
        apply_limits(conversation, book, happened, now=now, by=by)


def _fact(conversation: Conversation, event: Event, now: dt.datetime, by: str, clauses: Sequence[str]) -> NewFact:
    """Of what is internal the other side is not even told that it happened."""
    told = conversation.audience
    if getattr(event, "internal", False):
        told = [principal for principal in told if not principal.startswith(OUTSIDE)]
    return NewFact(
        event, at=now, subject=("conversation", conversation.pk), actor=by, handbook=conversation.handbook, clauses=clauses,
        audience=told,
    )  # fmt: skip
