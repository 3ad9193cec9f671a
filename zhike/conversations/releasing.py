"""What somebody leaves behind who goes: offers go back to their queue at once, what he has in hand goes where a clause says.

A route clause on `presence.<state>.entered` or `shift.ended` that yields a queue puts his open conversations there (`same`: the queue
each came from); one that yields an agent offers them to the person its fact names. Where no clause speaks they stay with him.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from zhike.conversations.access import queue_of
from zhike.conversations.facts import facts_of
from zhike.conversations.handing import end_offer, offer, requeue
from zhike.conversations.models import Conversation, Presence
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.routing import offered_until
from zhike.conversations.written import book_for
from zhike.handbook.book import Book
from zhike.handbook.clauses import Route
from zhike.handbook.decide import decide, target_of
from zhike.handbook.decision import Undecided
from zhike.org.models import Staff
from zhike.org.principals import SYSTEM

State = Conversation.State
GONE = (Presence.State.OFF, Presence.State.AWAY, Presence.State.NOT_READY)
"""States in which nobody waits for him to take what is offered."""
SAME = "same"
SHIFT_ENDED = "shift.ended"


def release(staff_ids: Collection[int], event: str, now: dt.datetime) -> None:
    """These people went: give back what is offered to them, hand on what they have. One transaction a conversation.

    At the end of a shift (`shift.ended`) only a clause takes anything away: he may still be there.
    """
    offered = Conversation.objects.none() if event == SHIFT_ENDED else Conversation.objects.all()
    for conversation in offered.filter(offered_to__in=staff_ids, state=State.OFFERED).order_by("pk"):
        end_offer(conversation, now=now, declined=False)
    in_hand = Conversation.objects.filter(owner__in=staff_ids, state=State.OPEN).select_related("customer")
    for conversation in in_hand.order_by("pk"):
        hand_on(conversation, event, now)


def release_left_behind(now: dt.datetime) -> None:
    """The same for those who went while nobody did it: a process died between the two."""
    left = Conversation.objects.filter(state=State.OFFERED, offered_to__presence__state__in=GONE)
    for conversation in left.order_by("pk")[:200]:
        end_offer(conversation, now=now, declined=False)


def hand_on(conversation: Conversation, event: str, now: dt.datetime) -> bool:
    """Where a clause on the event says it goes; False where none speaks and it stays."""
    book = book_for(conversation)
    clause = _clause(book, conversation, event, now)
    if clause is None:
        return False
    if clause.yields == "queue":
        wanted = str(target_of(clause, facts_of(conversation, book, now)) or SAME)
        queue = conversation.queue if wanted == SAME else wanted
        requeue(conversation, queue, now=now, by=SYSTEM, priority=clause.options.weight)
        return True
    return _offer_to_the_named(conversation, book, clause, now)


def _clause(book: Book, conversation: Conversation, event: str, now: dt.datetime) -> Route | None:
    facts = facts_of(conversation, book, now)
    for yields in ("queue", "agent"):
        try:
            decision = decide(book, "route", facts, on=event, yields=yields)
        except Undecided:
            continue
        clause = book.clause(decision.clause_id) if decision is not None else None
        if isinstance(clause, Route):
            return clause
    return None


def _offer_to_the_named(conversation: Conversation, book: Book, clause: Route, now: dt.datetime) -> bool:
    meant = facts_of(conversation, book, now).get(clause.to_fact or "named_person")
    staff = (
        Staff.objects.filter(is_active=True, pk=str(meant).removeprefix("staff:")).first() if _number(meant) else None
    )
    queue = queue_of(book, conversation.queue)
    if staff is None or queue is None:
        return False
    offer(conversation, staff, now=now, until=offered_until(book, queue, clause, now), clause=clause.id)
    return True


def _number(meant: object) -> bool:
    return str(meant).removeprefix("staff:").isdigit()


def hand_over_all(staff: Staff, to: Staff, *, now: dt.datetime, by: str) -> int:
    """Somebody who goes names the colleague: everything he has in hand is offered to him. Answers how many."""
    given = 0
    for conversation in Conversation.objects.filter(owner=staff, state=State.OPEN).order_by("pk"):
        try:
            offer(conversation, to, now=now, until=None, by=by)
        except ConversationRefused:
            continue
        given += 1
    return given
