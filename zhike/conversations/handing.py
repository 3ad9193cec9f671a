"""Who has a conversation: queued, offered, taken, given back, handed to a colleague, helped with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from zhike.clocks.actions import reassign_clock
from zhike.clocks.queries import undecided_clocks
from zhike.conversations import refusals
from zhike.conversations.events import (
    ConversationAccepted,
    ConversationOffered,
    ConversationQueued,
    Covered,
    Joined,
    OfferEnded,
)
from zhike.conversations.facts import Facts, facts_of, of_actor
from zhike.conversations.judging import judged
from zhike.conversations.models import Conversation, Presence
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.written import book_for, deed, locked, write
from zhike.duties.actions import hand_over_owed
from zhike.handbook.common import Text
from zhike.handbook.decide import Decision, decide
from zhike.org.models import Staff
from zhike.org.principals import SYSTEM, Viewer, staff_key

State = Conversation.State
ACCEPTING = "conversation.accepting"


def offer(
    conversation: Conversation,
    staff: Staff,
    *,
    now: dt.datetime,
    until: dt.datetime | None,
    by: str = SYSTEM,
    clause: str = "",
) -> Conversation:
    """Show it to one agent: of those who wait by the router, of one in hand by its owner, who answers for it until it is taken.

    Gates on `conversation.transferring` speak when a person hands it on; `transfer.to_covered` says that it goes back to the colleague
    it was answered for. Raises ConversationRefused when it is closed or offered to somebody else already.
    """
    with deed(conversation, "conversation.transferring", by=by, now=now):
        held = _live(conversation)
        if held.state == State.OFFERED and held.offered_to_id != staff.pk:
            raise ConversationRefused(refusals.TAKEN)
        back = held.covers_id is not None and held.covers_id == staff.pk
        transfer = {"actor.principal": by, "transfer.to": f"staff:{staff.pk}", "transfer.to_covered": back}
        decisions = judged(held, "conversation.transferring", now, transfer) if by != SYSTEM else ()
        offer_held(held, staff, now=now, until=until, by=by, clause=clause, decisions=decisions)
    return held


def offer_held(
    held: Conversation,
    staff: Staff,
    *,
    now: dt.datetime,
    until: dt.datetime | None,
    by: str = SYSTEM,
    clause: str = "",
    decisions: Sequence[Decision] = (),
) -> None:
    """The same with a row that the caller's transaction holds and has looked at."""
    held.state, held.offered_to, held.offered_at, held.offer_ends_at = State.OFFERED, staff, now, until
    fact = ConversationOffered(held.number, staff.pk)
    named = (clause,) if clause else ()
    write(held, [fact], happened=["conversation.offered"], now=now, by=by, clauses=named, decisions=decisions)


def accept(conversation: Conversation, viewer: Viewer, *, now: dt.datetime) -> Conversation:
    """Take it: what is offered to him, or what waits in a queue he answers. Two at once: one has it, the other is told.

    Gates on `conversation.accepting` may refuse it; `actor.state` is what he is doing at that moment.
    """
    if viewer.staff is None:
        raise ConversationRefused(refusals.NOT_YOURS)
    with deed(conversation, ACCEPTING, by=viewer.principal, now=now):
        held = _live(conversation)
        if held.state == State.OPEN and held.owner_id == viewer.staff.pk:
            return held
        if held.state == State.OPEN or (held.state == State.OFFERED and held.offered_to_id != viewer.staff.pk):
            raise ConversationRefused(refusals.TAKEN)
        before = held.owner_id
        decisions = _may_accept(held, viewer, now)
        returned = held.covers_id is not None and held.covers_id == viewer.staff.pk
        _take(held, viewer.staff, now)
        fact = ConversationAccepted(held.number, viewer.staff.pk, before)
        happened = ["conversation.accepted"] + (["conversation.transferred"] if before else [])
        happened += ["conversation.returned"] if returned else []
        write(held, [fact], happened=happened, now=now, by=viewer.principal, decisions=decisions)
    return held


def _may_accept(held: Conversation, viewer: Viewer, now: dt.datetime) -> list[Decision]:
    """The gates on accepting, asked only where there are any: what he is doing costs a query."""
    book = book_for(held)
    if viewer.staff is None or not book.speaking_of("gate", None, ACCEPTING):
        return []
    state = Presence.objects.filter(staff=viewer.staff).values_list("state", flat=True).first()
    return judged(held, ACCEPTING, now, of_actor(viewer, book) | {"actor.state": state or Presence.State.OFF})


def take_over(conversation: Conversation, viewer: Viewer, *, now: dt.datetime) -> Conversation:
    """A supervisor pulls it to himself, whoever has it. The caller has checked that he may."""
    assert viewer.staff is not None
    with transaction.atomic():
        held = _live(conversation)
        before = held.owner_id
        _take(held, viewer.staff, now)
        fact = ConversationAccepted(held.number, viewer.staff.pk, before)
        write(
            held, [fact], happened=["conversation.accepted", "conversation.transferred"], now=now, by=viewer.principal
        )
    return held


def cover(conversation: Conversation, viewer: Viewer, *, now: dt.datetime) -> Conversation:
    """Answer it for its owner, who is away: whoever covers answers for it until it is handed back and accepted.

    Gates on `conversation.covering` say when somebody counts as away. Raises ConversationRefused.
    """
    if viewer.staff is None:
        raise ConversationRefused(refusals.NOT_YOURS)
    with deed(conversation, "conversation.covering", by=viewer.principal, now=now):
        held = _live(conversation)
        if held.owner_id is None or held.owner_id == viewer.staff.pk:
            raise ConversationRefused(refusals.NOTHING_TO_COVER)
        actor = of_actor(viewer, book_for(held))
        decisions = [*judged(held, "conversation.covering", now, actor), *_may_cover(held, viewer, actor, now)]
        absent = held.covers_id or held.owner_id
        _take(held, viewer.staff, now)
        held.covers_id = None if absent == viewer.staff.pk else absent
        events = [Covered(held.number, viewer.staff.pk, absent)]
        write(
            held, events, happened=["conversation.covered"], now=now, by=viewer.principal, decisions=decisions
        )  # fmt: skip
    return held


def _may_cover(held: Conversation, viewer: Viewer, actor: Facts, now: dt.datetime) -> list[Decision]:
    """The route clause that says who answers for an absent colleague. Raises ConversationRefused for anybody else."""
    book = book_for(held)
    decision = decide(book, "route", facts_of(held, book, now, actor), on="conversation.covering", yields="holder")
    if decision is None:
        return []
    if not any(viewer.in_role(book.name, role) for role in decision.value):
        raise ConversationRefused(refusals.NOT_HIS_TO_COVER, decision.clause_id)
    return [decision]


def end_offer(conversation: Conversation, *, now: dt.datetime, declined: bool, by: str = SYSTEM) -> Conversation:
    """Nobody took it in time, or it was declined: back to the queue where it waited, with its place; else to its owner."""
    with transaction.atomic():
        held = _live(conversation)
        if held.state != State.OFFERED:
            return held
        staff = held.offered_to_id or 0
        held.passed_over = [*(number for number in held.passed_over if number != staff), staff]
        waits = held.waiting_since is not None or not held.owner_id
        held.state = State.WAITING if waits else State.OPEN
        held.offered_to, held.offered_at, held.offer_ends_at = None, None, None
        fact = OfferEnded(held.number, staff, declined)
        write(held, [fact], happened=["conversation.offer_ended"], now=now, by=by)
    return held


def requeue(
    conversation: Conversation,
    queue: str,
    *,
    now: dt.datetime,
    by: str,
    priority: int | None = None,
    keeps_owner: bool = False,
) -> Conversation:
    """Put it into a queue: handed to another skill group, or back when its owner leaves.

    `keeps_owner`: its owner answers for it, and may write in it, until somebody of the other queue takes it.
    """
    with transaction.atomic():
        held = _live(conversation)
        if queue not in {each.id for each in book_for(held).handbook.queues}:
            raise ConversationRefused(Text(zh="没有这个队列。", en="There is no such queue."), fields=("queue",))
        before = held.owner_id or held.offered_to_id
        held.queue, held.state = queue, State.WAITING
        held.offered_to = held.covers = None
        held.owner = held.owner if keeps_owner else None
        held.offered_at = held.offer_ends_at = None
        held.waiting_since, held.passed_over = now, []
        held.look_at, held.waits_done = None, []
        held.priority = held.priority if priority is None else priority
        fact = ConversationQueued(held.number, queue, before)
        write(held, [fact], happened=["conversation.queued"], now=now, by=by)
    return held


def join(
    conversation: Conversation, viewer: Viewer, staff: Staff, *, now: dt.datetime, leaves: bool = False
) -> Conversation:
    """A colleague helps (or stops): he sees it and may write; its owner stays who he is."""
    with transaction.atomic():
        held = _live(conversation)
        others = [number for number in held.collaborators if number != staff.pk]
        held.collaborators = others if leaves else [*others, staff.pk]
        write(held, [Joined(held.number, staff.pk, leaves)], now=now, by=viewer.principal)
    return held


def pass_on(conversation: Conversation, to: Staff, *, now: dt.datetime, by: str) -> Conversation:
    """Its owner is gone and a colleague answers for it now, asked or not; one that waits in a queue or is offered to somebody
    else stays where it is, for him to answer for until it is taken."""
    with transaction.atomic():
        held = _live(conversation)
        before = held.owner_id
        if held.state == State.OPEN or held.offered_to_id == to.pk:
            _take(held, to, now)
        held.owner = to
        fact = ConversationAccepted(held.number, to.pk, before)
        write(held, [fact], happened=["conversation.transferred"], now=now, by=by)
        if before is not None and before != to.pk:
            _owed_by_the_next(held, staff_key(before), staff_key(to.pk), now, by)
    return held


def _owed_by_the_next(held: Conversation, before: str, after: str, now: dt.datetime, by: str) -> None:
    """The limits and duties he held in person are his successor's; those of a role stay with the role."""
    subject = ("conversation", held.pk)
    for clock in undecided_clocks(subject, before):
        others = [holder for holder in clock.holders if holder not in (before, after)]
        reassign_clock(clock.pk, [*others, after], at=now, by=by, audience=held.audience)
    hand_over_owed(subject, before, after)


def stop_covering(conversation: Conversation, absent: int) -> None:
    """He comes back no more: whoever answers it in his place answers it for himself. In the caller's transaction."""
    held = locked(conversation.pk)
    if held.covers_id == absent:
        held.covers_id = None
        held.save(update_fields=["covers"])


def _take(held: Conversation, staff: Staff, now: dt.datetime) -> None:
    held.state, held.owner = State.OPEN, staff
    held.accepted_at = held.accepted_at or now
    held.covers_id = None if held.covers_id == staff.pk else held.covers_id
    held.offered_to, held.offered_at, held.offer_ends_at, held.waiting_since = None, None, None, None
    held.passed_over = []


def _live(conversation: Conversation) -> Conversation:
    held = locked(conversation.pk)
    if held.state == State.CLOSED:
        raise ConversationRefused(refusals.CLOSED)
    return held
