"""What a conversation does when it hears of its clocks and duties, and of who is present: keep the next due time, carry out the effects
a clause names, let other clauses hear of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
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
    ClockTargetPassed,
    ClockWarned,
)
from zhike.clocks.subjects import locks
from zhike.conversations.effects import carry_out, listed_by
from zhike.conversations.events import PresenceChanged
from zhike.conversations.limits import apply_limits
from zhike.conversations.models import Conversation, Presence
from zhike.conversations.presence import HERE
from zhike.conversations.written import all_locked
from zhike.duties.events import DutyExhausted, DutyMissed, DutyStreak
from zhike.handbook.clauses import Deadline, Duty
from zhike.handbook.common import Effects, Text
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of
from zhike.org.principals import SYSTEM

KEEP_NEXT_DUE = """
UPDATE conversations_conversation SET next_due_at = (
    SELECT min(due_at) FROM clocks_clock
    WHERE subject_kind = 'conversation' AND subject_id = conversations_conversation.id AND state IN ('running', 'paused', 'overdue'))
WHERE id = ANY(%s)
"""
WARNED = Text(zh="会话 {number}：“{clause}”即将到期。", en="Conversation {number}: “{clause}” is about to run out.")
PASSED = Text(
    zh="会话 {number}：“{clause}”的目标时间到了，还没有办完。",
    en="Conversation {number}: the target of “{clause}” has passed and it is not done.",
)
BREACHED = Text(zh="会话 {number}：“{clause}”已超时。", en="Conversation {number}: “{clause}” has run out.")
MISSED = Text(zh="会话 {number}：“{clause}”没有完成。", en="Conversation {number}: “{clause}” was not done.")
EXHAUSTED = Text(
    zh="会话 {number}：“{clause}”多次未能联系上。",
    en="Conversation {number}: “{clause}” was tried as often as it may be, in vain.",
)
IN_A_ROW = Text(
    zh="会话 {number}：“{clause}”连续多次是同样的结果。",
    en="Conversation {number}: “{clause}” came out the same several times in a row.",
)
GONE = (Presence.State.AWAY, Presence.State.OFF)


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
    _follow(events, WARNED, "warned")


@reacts_to(ClockTargetPassed)
def tell_of_targets(events: Sequence[Recorded[ClockTargetPassed]]) -> None:
    _follow(events, PASSED, "warned")


@reacts_to(ClockBreached)
def follow_breaches(events: Sequence[Recorded[ClockBreached]]) -> None:
    """A clock that watches a duty is heard by the duties room, whose DutyMissed brings the effects."""
    own = [event for event in events if event.payload.watches != "duty"]
    _follow(own, BREACHED, "breached")
    _let_clauses_hear(own, "clock.{clause}.breached", lambda event: f"{event.payload.clock}")


@reacts_to(DutyMissed)
def follow_missed_duties(events: Sequence[Recorded[DutyMissed]]) -> None:
    _follow(events, MISSED, "missed")
    _let_clauses_hear(events, "duty.{clause}.missed", lambda event: f"{event.payload.obligation}")
    owed = [event for event in events if _is_deadline(event)]
    _let_clauses_hear(owed, "clock.{clause}.breached", lambda event: f"owed/{event.payload.obligation}")


def _is_deadline(event: Recorded[DutyMissed]) -> bool:
    """A deadline that ends with an event is owed, not timed; clauses hear of it as of any other that ran out."""
    return isinstance(book_of(event.payload.version_id).clause(event.clauses[0]), Deadline)


@reacts_to(DutyExhausted)
def follow_vain_tries(events: Sequence[Recorded[DutyExhausted]]) -> None:
    _follow(events, EXHAUSTED, "told")
    _let_clauses_hear(events, "duty.{clause}.exhausted", lambda event: f"{event.payload.obligation}")


@reacts_to(DutyStreak)
def follow_streaks(events: Sequence[Recorded[DutyStreak]]) -> None:
    _follow(events, IN_A_ROW, "told")
    _let_clauses_hear(events, "duty.{clause}.streak", lambda event: f"streak/{event.payload.obligation}")


@reacts_to(PresenceChanged)
def tell_whose_colleague_is_back(events: Sequence[Recorded[PresenceChanged]]) -> None:
    """A colleague came back whose conversations others have answered meanwhile."""
    back = {
        event.payload.staff: event for event in events if event.payload.before in GONE and event.payload.state in HERE
    }
    if not back:
        return
    covered = Conversation.objects.filter(covers__in=back, state__in=Conversation.LIVE).values_list("pk", flat=True)
    # All of them at once in the order of their ids, as everybody who holds several: two who come back together wait for each other nowhere.
    for conversation in all_locked(covered).values():
        event = back.get(conversation.covers_id or 0)
        if event is not None and conversation.state in Conversation.LIVE:
            _happen(conversation, "conversation.colleague_back", event.at, f"{event.id}")


def _let_clauses_hear(events: Sequence[Recorded[Any]], name: str, mark: Any) -> None:
    """What a limit or duty did may start and stop others."""
    rows = _conversations(events)
    for event in events:
        conversation = rows.get(event.subject[1]) if event.subject[0] == "conversation" else None
        if conversation is not None:
            _happen(conversation, name.format(clause=event.clauses[0]), event.at, mark(event))


def _happen(conversation: Conversation, event: str, at: dt.datetime, mark: str) -> None:
    apply_limits(conversation, book_of(conversation.version_id), [event], now=at, by=SYSTEM, mark=mark)


def _follow(events: Sequence[Recorded[Any]], words: Text, kind: str) -> None:
    rows = _conversations(events)
    ours = [event for event in events if event.subject[0] == "conversation" and event.subject[1] in rows]
    told = [one for event in ours for one in _effects(event, rows[event.subject[1]], words, kind)]
    if told:
        tell(told)


def _effects(event: Recorded[Any], conversation: Conversation, words: Text, kind: str) -> list[Tell]:
    book = book_of(conversation.version_id)
    clause = book.clause(event.clauses[0])
    listed: Effects = ()
    if kind in ("breached", "missed"):
        listed = listed_by(book, clause)
    elif isinstance(event.payload, DutyExhausted) and isinstance(clause, Duty) and clause.attempts is not None:
        listed = clause.attempts.then
    elif isinstance(event.payload, DutyStreak) and isinstance(clause, Duty) and clause.streak is not None:
        listed = clause.streak.then
    return carry_out(
        listed, conversation, book, at=event.at, holders=event.payload.holders, clause=clause.id, kind=kind,
        words=Text(
            zh=words.zh.format(number=conversation.number, clause=clause.title.zh),
            en=words.say("en").format(number=conversation.number, clause=clause.title.say("en")),
        ),
    )  # fmt: skip


def _conversations(events: Iterable[Recorded[Any]]) -> dict[int, Conversation]:
    ids = {event.subject[1] for event in events if event.subject[0] == "conversation"}
    found = Conversation.objects.select_related("owner", "customer", "address", "inbox").filter(pk__in=ids)
    return {conversation.pk: conversation for conversation in found} if ids else {}
