"""What a conversation does when it hears of its clocks: keep the next due time, tell the holder and whoever the clause names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from zhike.clocks.events import (
    ClockBreached,
    ClockCancelled,
    ClockExtended,
    ClockPaused,
    ClockRestored,
    ClockResumed,
    ClockStarted,
    ClockStopped,
    ClockWarned,
)
from zhike.clocks.subjects import locks
from zhike.conversations.models import Conversation
from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline
from zhike.handbook.common import Text
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of
from zhike.org.principals import role_key, role_of

KEEP_NEXT_DUE = """
UPDATE conversations_conversation SET next_due_at = (
    SELECT min(due_at) FROM clocks_clock
    WHERE subject_kind = 'conversation' AND subject_id = conversations_conversation.id AND state IN ('running', 'paused', 'overdue'))
WHERE id = ANY(%s)
"""
WARNED = Text(zh="会话 {number}：“{clause}”即将到期。", en="Conversation {number}: “{clause}” is about to run out.")
BREACHED = Text(zh="会话 {number}：“{clause}”已超时。", en="Conversation {number}: “{clause}” has run out.")


@locks("conversation")
def lock_conversations(ids: Sequence[int]) -> set[int]:
    """Hold those whose clocks fire, but wait for none."""
    rows = Conversation.objects.select_for_update(skip_locked=True, no_key=True).filter(pk__in=ids)
    return set(rows.values_list("pk", flat=True))


@reacts_to(
    ClockStarted, ClockStopped, ClockCancelled, ClockExtended, ClockPaused, ClockResumed, ClockRestored, ClockBreached
)
def keep_next_due(events: Sequence[Recorded[Any]]) -> None:
    ids = sorted({event.subject[1] for event in events if event.subject[0] == "conversation"})
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(KEEP_NEXT_DUE, [ids])


@reacts_to(ClockWarned)
def warn_the_holder(events: Sequence[Recorded[ClockWarned]]) -> None:
    _tell(events, WARNED, "warned")


@reacts_to(ClockBreached)
def tell_of_the_breach(events: Sequence[Recorded[ClockBreached]]) -> None:
    _tell(events, BREACHED, "breached")


def _tell(events: Sequence[Recorded[Any]], words: Text, kind: str) -> None:
    ours = [event for event in events if event.subject[0] == "conversation"]
    rows = Conversation.objects.in_bulk([event.subject[1] for event in ours]) if ours else {}
    told = [_notice(event, rows[event.subject[1]], words, kind) for event in ours if event.subject[1] in rows]
    if told:
        tell(told)


def _notice(event: Recorded[Any], conversation: Conversation, words: Text, kind: str) -> Tell:
    book = book_of(conversation.version_id)
    clause = book.clause(event.clauses[0])
    to = list(event.payload.holders)
    if kind == "breached" and isinstance(clause, Deadline):
        to += _named(book, clause, to)
    said = {"number": conversation.number}
    return Tell(
        at=event.at, to=list(dict.fromkeys(to)), kind=kind, clause=clause.id, handbook=book.name,
        subject=("conversation", conversation.pk),
        words=Text(zh=words.zh.format(**said, clause=clause.title.zh), en=words.say("en").format(**said, clause=clause.title.say("en"))),
    )  # fmt: skip


def _named(book: Book, clause: Deadline, holders: Sequence[str]) -> list[str]:
    """Whom the effects of a breach notify; `superior` is whoever the holders' roles report to."""
    effects = clause.breach if clause.breach is not None else book.handbook.defaults.breach
    found: list[str] = []
    for effect in effects or ():
        for name in (effect.notify,) if isinstance(effect.notify, str) else tuple(effect.notify or ()):
            if name == "superior":
                held = [role_of(holder) for holder in holders] + list(clause.holder)
                roles = [
                    book.role(role).reports_to for role in held if role and role not in ("owner", "customer", "system")
                ]
                found += [role_key(book.name, role) for role in roles if role]
            elif name != "holder":
                found.append(role_key(book.name, name))
    return found
