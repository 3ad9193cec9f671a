"""What somebody may do in a conversation he sees: its owner answers, whoever helps writes too, those above the queue step in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from zhike.conversations.access import queue_of, roles_of
from zhike.conversations.forms import forms_for
from zhike.conversations.models import Conversation
from zhike.handbook.book import Book
from zhike.handbook.common import Duration, Unit, parse_duration
from zhike.org.principals import Viewer, staff_key

State = Conversation.State
STEPS_IN = frozenset({"board", "floor"})
"""Screens of those who answer for others' work."""


@dataclass(frozen=True, slots=True)
class Rights:
    """Each says whether this viewer may do it now."""

    write: bool = False
    """To the customer."""
    note: bool = False
    """For colleagues only; also after the end."""
    take: bool = False
    """What is offered to him, or waits in a queue he answers."""
    decline: bool = False
    hand_on: bool = False
    """To a colleague or a queue; bring in a colleague."""
    identify: bool = False
    close: bool = False
    convert: bool = False
    """Open a case from it."""
    cover: bool = False
    """Answer it for its owner, where clauses say that he is away."""
    forms: bool = False
    """Fill in the handbook's forms."""
    supervise: bool = False
    """Whisper, take over, assign: never in one's own."""


NONE = Rights()
CHANGE = "message_change_within"
"""The parameter of a handbook that says how long a sent message may be corrected or recalled: a duration such as `5m`."""
FRESH = dt.timedelta(minutes=2)
"""Where the handbook does not say."""
SECONDS = {Unit.second: 1, Unit.minute: 60, Unit.hour: 3600, Unit.day: 86400}


def change_limit(book: Book) -> tuple[dt.timedelta, str]:
    """How long a message may be corrected or recalled, and the clause that says so ("" where none does)."""
    known = next((parameter for parameter in book.handbook.parameters if parameter.id == CHANGE), None)
    if known is None:
        return FRESH, ""
    limit = Duration.model_validate(parse_duration(book.parameter(CHANGE)))
    return dt.timedelta(seconds=limit.amount * SECONDS[limit.unit]), known.clause or ""


def rights_in(conversation: Conversation, viewer: Viewer, book: Book) -> Rights:
    """The rights of a viewer to whom the gate has given the conversation."""
    if viewer.staff is None:
        return NONE
    live = conversation.state != State.CLOSED
    owner = staff_key(conversation.owner_id) if conversation.owner_id else ""
    own = bool(owner) and (owner == viewer.principal or owner in viewer.stood_for)
    helps = viewer.staff.pk in conversation.collaborators
    offered = conversation.state == State.OFFERED and conversation.offered_to_id == viewer.staff.pk
    steps_in = live and not own and supervises(viewer, book, conversation.queue)
    waiting = conversation.state == State.WAITING and answers(viewer, book, conversation.queue) and not own
    return Rights(
        write=live and (own or helps),
        note=own or helps or offered or steps_in or answers(viewer, book, conversation.queue),
        take=offered or waiting,
        decline=offered,
        hand_on=live and own and conversation.state == State.OPEN,
        identify=own or helps or steps_in,
        close=own and conversation.state == State.OPEN,
        convert=(own or helps) and not conversation.case_number,
        cover=live and bool(owner) and not own and answers(viewer, book, conversation.queue),
        forms=(own or helps) and bool(forms_for(viewer, book)),
        supervise=steps_in,
    )


def answers(viewer: Viewer, book: Book, queue: str) -> bool:
    """Whether he holds a role that answers this queue, or one above it."""
    return any(viewer.in_role(book.name, role) for role in roles_of(queue_of(book, queue), book))


def supervises(viewer: Viewer, book: Book, queue: str) -> bool:
    """Whether he answers for those who answer this queue: a role of it, and the supervisors' screen."""
    return not STEPS_IN.isdisjoint(viewer.screens) and answers(viewer, book, queue)
