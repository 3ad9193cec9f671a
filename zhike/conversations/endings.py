"""Conversations that a clause ends: a deadline that ran out and whose effects say `close`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from zhike.clocks.events import ClockBreached
from zhike.conversations.actions import announce, close
from zhike.conversations.facts import facts_of
from zhike.conversations.models import Conversation
from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline
from zhike.handbook.common import Effect
from zhike.handbook.conditions import holds
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.org.handbooks import book_of
from zhike.org.principals import SYSTEM


@reacts_to(ClockBreached)
def end_what_ran_out(events: Sequence[Recorded[ClockBreached]]) -> None:
    """A customer who has long said nothing: the clause says what he is told, and under which outcome it ends."""
    ours = [event for event in events if event.subject[0] == "conversation"]
    rows = Conversation.objects.in_bulk([event.subject[1] for event in ours]) if ours else {}
    for event in ours:
        conversation = rows.get(event.subject[1])
        if conversation is not None:
            _end(conversation, book_of(conversation.version_id), event)


def _end(conversation: Conversation, book: Book, event: Recorded[Any]) -> None:
    clause = book.clause(event.clauses[0])
    if not isinstance(clause, Deadline):
        return
    for effect in clause.breach or ():
        if effect.close and holds(effect.when, facts_of(conversation, book, event.at)):
            _close(conversation, effect, f"{clause.id}/{event.payload.clock}", event.at)


def _close(conversation: Conversation, effect: Effect, key: str, at: dt.datetime) -> None:
    if conversation.state == Conversation.State.CLOSED:
        return
    if effect.say is not None:
        language = conversation.address.language if conversation.address is not None else ""
        announce(conversation, effect.say.say(language or "zh"), key=key, now=at)
    close(conversation, by=SYSTEM, now=at, outcome=str(effect.close))
