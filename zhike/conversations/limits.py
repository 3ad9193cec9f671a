"""Which limits something in a conversation stops and starts: first answer, every next one, how long somebody may wait.

Clauses name what happens: `conversation.opened`, `.asked` (the customer wrote and nothing of his was open), `.told` (a colleague wrote to
him), `.answered` (and thereby what he had asked), `.queued`, `.offered`, `.accepted`, `.offer_ended`, `.transferred`, `.closed`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from zhike.clocks.actions import Start, start_clocks, stop_clocks
from zhike.clocks.queries import open_clocks
from zhike.conversations.access import queue_of
from zhike.conversations.facts import Facts, facts_of
from zhike.conversations.models import Conversation
from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline
from zhike.handbook.conditions import holds
from zhike.handbook.limits import stops
from zhike.org.principals import SYSTEM, role_key, staff_key

Happened = Sequence[str]


def apply_limits(conversation: Conversation, book: Book, happened: Happened, *, now: dt.datetime, by: str) -> None:
    """Stop what `happened` stops, then start what it starts, in the caller's transaction."""
    facts = facts_of(conversation, book, now)
    _stop(conversation, book, happened, facts, now, by)
    _start(conversation, book, happened, facts, now)


def _stop(conversation: Conversation, book: Book, happened: Happened, facts: Facts, now: dt.datetime, by: str) -> None:
    subject = ("conversation", conversation.pk)
    named = {clause.id: clause for event in happened for clause in book.stopped_by(None, event)}
    ending = "conversation.closed" in happened
    if not named and not ending:
        return
    running = [clock for clock in open_clocks(subject) if not clock.watches]
    stopped = {
        clock.clause
        for clock in running
        if clock.clause in named
        and any(
            stops(named[clock.clause], event, facts, happened=happened, now=now, not_before=None) for event in happened
        )
    }
    if stopped:
        stop_clocks(subject, sorted(stopped), at=now, by=by)
    left = sorted({clock.clause for clock in running if not clock.survives_close} - stopped) if ending else []
    if left:
        stop_clocks(subject, left, at=now, by=by, cancel=True)


def _start(conversation: Conversation, book: Book, happened: Happened, facts: Facts, now: dt.datetime) -> None:
    found: dict[str, Start] = {}
    for event in happened:
        for clause in book.speaking_of("deadline", None, event):
            if isinstance(clause, Deadline) and holds(clause.when, facts):
                found.setdefault(clause.id, _start_of(conversation, book, clause, event, facts, now))
    if found:
        start_clocks(list(found.values()))


def _start_of(
    conversation: Conversation, book: Book, clause: Deadline, event: str, facts: Facts, now: dt.datetime
) -> Start:
    return Start(
        book=book,
        version_id=conversation.version_id,
        clause=clause,
        subject=("conversation", conversation.pk),
        holders=holders_of(conversation, book, clause.holder),
        held_as=",".join(clause.holder),
        key=f"conversation:{conversation.pk}/{clause.id}/{event}/{conversation.last_seq}/{conversation.version}",
        at=now,
        calendar=_calendar(conversation, book, clause),
        audience=tuple(conversation.audience),
        facts={name: facts.get(name) for name in clause.when},
    )


def _calendar(conversation: Conversation, book: Book, clause: Deadline) -> str | None:
    if clause.calendar is not None or clause.time == "wall":
        return clause.calendar
    queue = queue_of(book, conversation.queue)
    return queue.calendar if queue else None


def holders_of(conversation: Conversation, book: Book, roles: Sequence[str]) -> list[str]:
    """`owner` is whoever has it; while nobody has, those who answer its queue."""
    found: list[str] = []
    for role in roles:
        if role == SYSTEM:
            found.append(SYSTEM)
        elif conversation.owner_id and role in ("owner", *_answering(conversation, book)):
            found.append(staff_key(conversation.owner_id))
        elif role == "owner":
            found += [role_key(book.name, name) for name in _answering(conversation, book)]
        elif role == "customer":
            found += [
                principal for principal in conversation.audience if principal.startswith(("customer:", "address:"))
            ]
        else:
            found.append(role_key(book.name, role))
    return list(dict.fromkeys(found))


def _answering(conversation: Conversation, book: Book) -> tuple[str, ...]:
    queue = queue_of(book, conversation.queue)
    return queue.answered_by if queue else ()
