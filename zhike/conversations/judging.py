"""May this be done in a conversation? The gates, wordings and duties of the handbook that speak of it, all at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from zhike.conversations.facts import facts_of
from zhike.conversations.models import Conversation
from zhike.conversations.refusals import ConversationRefused
from zhike.handbook.decide import Decision, judge
from zhike.org.handbooks import book_of

STANDING = ("duty", "sanction")
"""Kinds that only ever refuse; that one did not is no use of it."""


def judged(
    conversation: Conversation,
    event: str,
    now: dt.datetime,
    more: Mapping[str, Any],
    *,
    form: Mapping[str, Any] | None = None,
    form_fields: Collection[str] | None = None,
) -> list[Decision]:
    """The clauses that allowed it, for the ledger. Raises ConversationRefused with every clause that forbids it.

    `more` are facts of the moment: who acts, what he writes. `form`: the values whose fields clauses ask for.
    """
    book = book_of(conversation.version_id)
    facts = facts_of(conversation, book, now, dict(more))
    judgement = judge(book, facts, on=event, form=form, form_fields=form_fields)
    if not judgement.allowed:
        raise ConversationRefused.by_clauses(judgement.refusals)
    return [decision for decision in judgement.decisions if decision.kind not in STANDING]
