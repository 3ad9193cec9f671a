"""When the router looks: after everything that changes what waits or who is free, and when a moment has come.

What happens to a conversation or to a presence asks, once a transaction, for a look after the commit, in the same process. A process that
dies in between leaves it to the worker, whose every turn looks after everything (`look_after`) and which sleeps until `next_moment`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from zhike.conversations.access import queue_of, roles_of
from zhike.conversations.events import (
    ConversationAccepted,
    ConversationClosed,
    ConversationOffered,
    ConversationQueued,
    OfferEnded,
    PresenceChanged,
)
from zhike.conversations.facts import facts_of
from zhike.conversations.handing import end_offer
from zhike.conversations.models import Conversation, Presence
from zhike.conversations.presence import admit_waiting, enter_state, look_after_presence
from zhike.conversations.releasing import GONE, release, release_left_behind
from zhike.conversations.routing import after, clause_for, route_waiting, waiting_queues
from zhike.conversations.shifts import end_shifts, note_shifts
from zhike.conversations.superiors import superiors_of
from zhike.conversations.waiting import alarm_where_all_have_left, look_at_waiting
from zhike.conversations.written import book_for
from zhike.handbook.book import Book
from zhike.handbook.clauses import Route
from zhike.handbook.common import Text
from zhike.handbook.happenings import STATES
from zhike.handbook.routing import weight_of
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.journal.wake import wake
from zhike.notices.actions import Tell, tell
from zhike.org.events import SessionsEnded, SignedOut, StaffDisabled, StaffLeft
from zhike.org.models import Staff
from zhike.org.principals import SYSTEM
from zhike.org.sessions import sessions_of

CHANNEL = "router"
"""Notified when the worker has to look sooner than it means to."""
AT_ONCE = 200
MISSED = Text(
    zh="{name} 连续 {count} 次没有接派来的会话，已转为“{state}”。",
    en="{name} let {count} offers in a row go by and is now “{state}”.",
)
NEXT = """
SELECT min(at) FROM (
    (SELECT look_at AS at FROM conversations_conversation WHERE state = 'waiting' ORDER BY look_at LIMIT 1)
    UNION ALL
    (SELECT offer_ends_at FROM conversations_conversation WHERE state = 'offered' ORDER BY offer_ends_at LIMIT 1)
    UNION ALL
    (SELECT shift_ends_at FROM conversations_presence WHERE state <> 'off' AND shift_ends_at IS NOT NULL ORDER BY shift_ends_at LIMIT 1)
    UNION ALL
    (SELECT until FROM conversations_presence WHERE state = 'wrap_up' AND until IS NOT NULL ORDER BY until LIMIT 1)
) AS moments
"""
BEFORE = "UPDATE conversations_conversation SET priority = %s WHERE id = %s AND priority <> %s"


# After the commit.


def look_after_commit(at: dt.datetime) -> None:
    """Have the router look once the transaction has committed; however often it is asked, once a moment."""
    call = _call_for(at)
    if call not in (waiting[1] for waiting in connection.run_on_commit):
        transaction.on_commit(call, robust=True)
    wake(CHANNEL)


@lru_cache(maxsize=64)
def _call_for(at: dt.datetime) -> Callable[[], None]:
    def look() -> None:
        admit_waiting(at)
        route_waiting(at)
        look_at_waiting(at)

    return look


@reacts_to(ConversationQueued)
def weigh_and_look(events: Sequence[Recorded[ConversationQueued]]) -> None:
    """What waits gets the priority its clause gives it."""
    for event in events:
        conversation = Conversation.objects.select_related("customer").get(pk=event.subject[1])
        book = book_for(conversation)
        clause = clause_for(conversation, book, event.at)
        if clause is not None and (weight := weight_of(clause, facts_of(conversation, book, event.at))[0]):
            with connection.cursor() as cursor:
                cursor.execute(BEFORE, [weight, conversation.pk, weight])
    look_after_commit(events[-1].at)


@reacts_to(ConversationOffered)
def note_the_offer(_events: Sequence[Recorded[ConversationOffered]]) -> None:
    wake(CHANNEL)


@reacts_to(ConversationAccepted)
def note_who_has_it(events: Sequence[Recorded[ConversationAccepted]]) -> None:
    people = {event.payload.staff for event in events}
    Presence.objects.filter(staff__in=people, missed__gt=0).update(missed=0)
    look_after_commit(events[-1].at)


@reacts_to(OfferEnded)
def look_again(events: Sequence[Recorded[OfferEnded]]) -> None:
    look_after_commit(events[-1].at)


@reacts_to(ConversationClosed)
def free_who_had_it(events: Sequence[Recorded[ConversationClosed]]) -> None:
    """Where the queue says so he is first in wrap-up."""
    rows = Conversation.objects.filter(pk__in=[event.subject[1] for event in events], owner__isnull=False)
    for conversation in rows.select_related("owner"):
        assert conversation.owner is not None
        _wrap_up(conversation, conversation.owner, events[-1].at)
    look_after_commit(events[-1].at)


def _wrap_up(conversation: Conversation, owner: Staff, now: dt.datetime) -> None:
    book = book_for(conversation)
    queue = queue_of(book, conversation.queue)
    if queue is None or queue.ready_after_close:
        return
    if Presence.objects.filter(staff=owner, state__in=(Presence.State.READY, Presence.State.BUSY)).exists():
        until = after(book, queue.wrap_up, now)
        enter_state(owner, Presence.State.WRAP_UP, now=now, by=SYSTEM, handbook=book.name, until=until)


@reacts_to(PresenceChanged)
def follow_presence(events: Sequence[Recorded[PresenceChanged]]) -> None:
    """Who is ready gets what waits; who goes gives back what he was offered."""
    at = events[-1].at
    for state in dict.fromkeys(event.payload.state for event in events if event.payload.state in GONE):
        people = [event.payload.staff for event in events if event.payload.state == state]
        transaction.on_commit(_gone(people, state, at), robust=True)
    if back := [event.payload.staff for event in events if event.payload.state == Presence.State.READY]:
        note_shifts(back, at)
    look_after_commit(at)


def _gone(people: Sequence[int], state: str, at: dt.datetime) -> Callable[[], None]:
    def let_go() -> None:
        release(people, f"presence.{state}.entered", at)
        alarm_where_all_have_left(waiting_queues(), at)

    return let_go


@reacts_to(SignedOut, SessionsEnded, StaffDisabled, StaffLeft)
def go_off_with_the_last_session(events: Sequence[Recorded[Any]]) -> None:
    """Whoever is signed in nowhere any more is off."""
    for event in events:
        held = Presence.objects.filter(staff=event.subject[1]).exclude(state="off").select_related("staff").first()
        if held is not None and not sessions_of(held.staff).exists():
            enter_state(held.staff, Presence.State.OFF, now=event.at, by=event.actor or SYSTEM, reason="signed_out")


# When a moment has come.


def look_after(now: dt.datetime, *, listening: bool = False) -> int:
    """Everything whose moment has come by `now`: wrap-ups, shifts, late offers, steps of waiting; then what waits is given out.

    `listening`: people's browsers send signs of life, so that who sends none is off; not where time is moved by hand. Answers how many
    were given. Every part is its own transaction; done twice, or by two workers at once, it is done once.
    """
    look_after_presence(now, listening=listening)
    end_shifts(now)
    release_left_behind(now)
    end_late_offers(now)
    admit_waiting(now)
    given = route_waiting(now)
    if look_at_waiting(now):
        given += route_waiting(now)
    return given


def next_moment() -> dt.datetime | None:
    """When the router has something to do again, nothing else happening. One query."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT)
        moment: dt.datetime | None = cursor.fetchone()[0]
    return moment


def end_late_offers(now: dt.datetime) -> int:
    """Offers nobody took in time go back to their queue, and what the clause says of whoever let it go by follows."""
    late = Conversation.objects.filter(state="offered", offer_ends_at__lte=now).order_by("offer_ends_at", "pk")
    ended = 0
    for conversation in late.select_related("offered_to")[:AT_ONCE]:
        ended += _end_late(conversation, now)
    return ended


def _end_late(conversation: Conversation, now: dt.datetime) -> int:
    with transaction.atomic():
        row = Conversation.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=conversation.pk).first()
        if row is None or row.state != "offered" or row.offer_ends_at is None or row.offer_ends_at > now:
            return 0
        staff = conversation.offered_to if row.offered_to_id == conversation.offered_to_id else row.offered_to
        by_router = row.waiting_since is not None
        end_offer(row, now=now, declined=False)
        if staff is not None and by_router:
            _note_missed(row, staff, now)
    return 1


def _note_missed(conversation: Conversation, staff: Staff, now: dt.datetime) -> None:
    """`options.no_answer` of the clause, {after: 3, state: away, reason: ..., tell: true}: so many in a row take him off the line."""
    book = book_for(conversation)
    clause = clause_for(conversation, book, now)
    said = clause.options.no_answer if clause is not None else None
    held = Presence.objects.select_for_update(no_key=True).filter(staff=staff).first()
    if held is None or held.state == Presence.State.OFF:
        return
    held.missed += 1
    held.save(update_fields=["missed"])
    if clause is None or said is None or held.missed < said.after:
        return
    enter_state(staff, said.state, now=now, by=SYSTEM, handbook=book.name, reason=said.reason)
    if said.tell:
        _tell_missed(conversation, book, clause, staff, held.missed, said.state, now)


def _tell_missed(
    conversation: Conversation, book: Book, clause: Route, staff: Staff, count: int, state: str, now: dt.datetime
) -> None:
    queue = queue_of(book, conversation.queue)
    to = superiors_of(book, queue.answered_by if queue else roles_of(None, book))
    words = Text(
        zh=MISSED.zh.format(name=staff.name, count=count, state=STATES[state].zh),
        en=MISSED.say("en").format(name=staff.name, count=count, state=STATES[state].say("en")),
    )
    tell([Tell(now, to, "warned", clause.id, book.name, ("conversation", conversation.pk), words)])
