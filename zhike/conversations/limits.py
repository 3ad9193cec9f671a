"""Which limits and duties something in a conversation stops, starts, settles: first answer, every next one, how long somebody may wait.

Clauses name what happens: `conversation.opened`, `.asked` (the customer wrote and nothing of his was open), `.question` (each message of
his), `.answered`, `.first_answered`, `.told` (a colleague wrote to him), `.corrected`, `.queued`, `.offered`, `.accepted`, `.offer_ended`,
`.covered`, `.colleague_back`, `.transferred`, `.closed`, `.survey_asked`, `.rated`, `record.<id>.completed`; and what its
limits and duties do:
`clock.<CLAUSE>.breached`, `duty.<CLAUSE>.missed`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zhike.clocks.actions import reassign_clock
from zhike.clocks.models import Clock
from zhike.clocks.queries import open_clocks
from zhike.clocks.rosters import counts_by_holder
from zhike.conversations.access import queue_of
from zhike.conversations.facts import facts_of
from zhike.conversations.models import Conversation
from zhike.duties import populations
from zhike.duties.following import Happening, follow, is_heard
from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline
from zhike.org.principals import SYSTEM, role_key, staff_key, staff_number

Happened = Sequence[str]
HANDED = frozenset({"conversation.accepted", "conversation.queued", "conversation.covered"})
"""After these somebody else has it."""


def apply_limits(
    conversation: Conversation,
    book: Book,
    happened: Happened,
    *,
    now: dt.datetime,
    by: str,
    concerns: Callable[[Clock], bool] | None = None,
    kept: Mapping[str, Any] | None = None,
    mark: str = "",
) -> None:
    """Carry out what `happened` means for limits and duties, in the caller's transaction."""
    what = happening(conversation, book, happened, now=now, by=by, concerns=concerns, kept=kept, mark=mark)
    if what is not None:
        follow(what)
    hand_on(conversation, book, happened, now, by)


def happening(
    conversation: Conversation,
    book: Book,
    happened: Happened,
    *,
    now: dt.datetime,
    by: str,
    concerns: Callable[[Clock], bool] | None = None,
    kept: Mapping[str, Any] | None = None,
    mark: str = "",
) -> Happening | None:
    """What happened, as limits and duties hear of it; None where none of them listens."""
    closes = "conversation.closed" in happened
    if not closes and not any(is_heard(book, None, event) for event in happened):
        return None
    return Happening(
        book=book,
        version_id=conversation.version_id,
        subject=("conversation", conversation.pk),
        happened=happened,
        now=now,
        by=by,
        mark=f"{conversation.last_seq}/{conversation.version}" + (f"/{mark}" if mark else ""),
        facts=lambda _: facts_of(conversation, book, now),
        holders=lambda roles: holders_of(conversation, book, roles),
        calendar=lambda clause: _calendar(conversation, book, clause),
        audience=tuple(conversation.audience),
        is_new="conversation.opened" in happened,
        closes=closes,
        concerns=concerns or (lambda _: True),
        kept=kept or {},
    )


def hand_on(conversation: Conversation, book: Book, happened: Happened, now: dt.datetime, by: str) -> None:
    """Where somebody else has it now, he holds what still runs; what was owed for the customer or for a colleague is settled."""
    concerned = [("customer", conversation.customer_id), ("staff", staff_number(by) or conversation.owner_id)]
    populations.hear(book, None, concerned, happened, now=now, by=by, facts=lambda: facts_of(conversation, book, now))
    if not HANDED.isdisjoint(happened):
        _hand_on(conversation, book, now, by)


def _hand_on(conversation: Conversation, book: Book, now: dt.datetime, by: str) -> None:
    """What still runs is held by whoever has the conversation now."""
    for clock in open_clocks(("conversation", conversation.pk)):
        roles = [role for role in clock.held_as.split(",") if role]
        if not clock.watches and roles:
            holders = holders_of(conversation, book, roles)
            reassign_clock(clock.pk, holders, at=now, by=by, audience=conversation.audience)


def _calendar(conversation: Conversation, book: Book, clause: Deadline) -> str | None:
    """The clause's; else, where it does not count on the wall, the one by which the queue is answered."""
    if counts_by_holder(clause):
        return None
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
