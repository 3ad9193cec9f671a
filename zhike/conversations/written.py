"""What happened to a conversation, written down: its row, the facts, the limits, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from zhike.clocks.models import Clock
from zhike.conversations.access import audience_of
from zhike.conversations.events import DeedRefused
from zhike.conversations.hands import hands_changed, keep_hands
from zhike.conversations.limits import hand_on, happening
from zhike.conversations.models import Conversation
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.saving import remember, save_changed
from zhike.duties.following import follow_all
from zhike.handbook.book import Book
from zhike.handbook.decision import Decision, Refusal
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.journal.ledger import Use, write_uses
from zhike.journal.statements import array_of, row, rows
from zhike.org.handbooks import book_of

OUTSIDE = ("customer:", "address:")
"""How the principals of the other side begin."""
JOINED = ("owner", "customer", "address", "inbox")
"""What is read along with a row that is about to be changed."""
ONE_HELD = "WHERE conversations_conversation.id = %s FOR NO KEY UPDATE OF conversations_conversation"
HELD = """
WHERE conversations_conversation.id = ANY(%s) ORDER BY conversations_conversation.id
FOR NO KEY UPDATE OF conversations_conversation
"""


def locked(conversation_id: int) -> Conversation:
    """The row, held until the transaction ends: writers of one conversation go one after the other."""
    found = row(Conversation, ONE_HELD, [conversation_id], joined=JOINED)
    if found is None:
        raise Conversation.DoesNotExist(conversation_id)
    remember(found)
    return found


def all_locked(ids: Iterable[int]) -> dict[int, Conversation]:
    """Several rows, held in the order of their ids: who holds many waits for nobody who waits for him. One query at most."""
    wanted = list(ids)
    if not wanted:
        return {}
    found = rows(Conversation, HELD, [array_of(wanted)], joined=JOINED)
    for one in found:
        remember(one)
    return {one.pk: one for one in found}


def book_for(conversation: Conversation) -> Book:
    return book_of(conversation.version_id)


@dataclass(frozen=True)
class Change:
    """What happened to one conversation, whose row already stands as it will; the rest as `write` takes it."""

    conversation: Conversation
    events: Sequence[Event]
    by: str
    happened: Sequence[str] = ()
    clauses: Sequence[str] = ()
    decisions: Sequence[Decision] = ()
    concerns: Callable[[Clock], bool] | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> tuple[str, ...]:
        """The clauses its facts name."""
        return tuple(dict.fromkeys([*self.clauses, *(decision.clause_id for decision in self.decisions)]))


@contextmanager
def deed(conversation: Conversation, what: str, *, by: str, now: dt.datetime, key: str = "") -> Iterator[None]:
    """One transaction. What a clause refuses in it is rolled back and then written down by itself: the ledger counts refusals too.

    `key`: of the press of the button.
    """
    try:
        with transaction.atomic():
            yield
    except ConversationRefused as refused:
        if refused.reasons and conversation.pk:
            with transaction.atomic():
                _write_refusal(conversation, what, refused, by, now, key)
        raise


def write(
    conversation: Conversation,
    events: Iterable[Event],
    *,
    happened: Sequence[str] = (),
    now: dt.datetime,
    by: str,
    clauses: Sequence[str] = (),
    decisions: Sequence[Decision] = (),
    concerns: Callable[[Clock], bool] | None = None,
    kept: Mapping[str, Any] | None = None,
) -> None:
    """Keep the row as it now is, with its audience worked out anew; tell the journal; stop and start limits.

    `clauses` are named by the facts and count as applied, `decisions` likewise with what they rested on. `concerns` and `kept`:
    see `duties.following.Happening`.
    """
    change = Change(
        conversation,
        list(events),
        happened=happened,
        by=by,
        clauses=clauses,
        decisions=decisions,
        concerns=concerns,
        kept=kept or {},
    )
    write_all([change], now=now)


def write_all(changes: Sequence[Change], *, now: dt.datetime) -> None:
    """What happened to several conversations, one change each: one update, one set of facts; then each one's limits."""
    for change in changes:
        change.conversation.audience = audience_of(change.conversation, book_for(change.conversation))
        change.conversation.version += 1
    changed = [change.conversation for change in changes]
    people = hands_changed(changed)
    save_changed(changed)
    keep_hands(people, now)
    uses = [use for change in changes for use in _uses_of(change, now)]
    facts = [
        _fact(change.conversation, event, now, change.by, change.named) for change in changes for event in change.events
    ]
    record(facts, uses) if facts else write_uses(uses)
    heard = [happening(
        change.conversation, book_for(change.conversation), change.happened, now=now, by=change.by, concerns=change.concerns,
        kept=change.kept,
    ) for change in changes]  # fmt: skip
    follow_all([what for what in heard if what is not None])
    for change in changes:
        hand_on(change.conversation, book_for(change.conversation), change.happened, now, change.by)


def _uses_of(change: Change, now: dt.datetime) -> list[Use]:
    conversation, by = change.conversation, change.by
    decided = {decision.clause_id for decision in change.decisions}
    return [
        *(_use(conversation, decision, "applied", by, now) for decision in change.decisions),
        *(_applied(conversation, clause, by, now) for clause in change.clauses if clause not in decided),
    ]


def _write_refusal(
    conversation: Conversation, what: str, refused: ConversationRefused, by: str, now: dt.datetime, key: str
) -> None:
    """The conversation itself is untouched; a fact and a line of the ledger for each clause are kept."""
    event = DeedRefused(
        conversation.number, what, refused.words.zh, refused.words.say("en"), list(refused.fields), key[:80]
    )
    uses = refusal_uses(conversation, what, refused, by, now)
    record([_fact(conversation, event, now, by, refused.clauses, internal=True)], uses)


def refusal_uses(
    conversation: Conversation, what: str, refused: ConversationRefused, by: str, now: dt.datetime
) -> list[Use]:
    """A line of the ledger for each clause that refused; of one that was never opened the version is the subject."""
    return [_refused(conversation, reason, what, by, now) for reason in refused.reasons]


def _refused(conversation: Conversation, reason: Refusal, what: str, by: str, now: dt.datetime) -> Use:
    use = _use(conversation, reason.decision, "refused", by, now)
    return Use(
        use.at, use.handbook, use.version_id, use.clause, use.outcome,
        use.subject if conversation.pk else ("version", conversation.version_id), use.holder,
        detail={"action": what, "words": reason.words.zh, "fields": list(reason.fields)},
    )  # fmt: skip


def _use(conversation: Conversation, decision: Decision, outcome: str, by: str, now: dt.datetime) -> Use:
    return Use(
        at=now, handbook=conversation.handbook, version_id=conversation.version_id, clause=decision.clause_id, outcome=outcome,
        subject=("conversation", conversation.pk), holder=by,
        detail={"because": decision.because.zh, "facts": decision.facts},
    )  # fmt: skip


def _applied(conversation: Conversation, clause: str, by: str, now: dt.datetime) -> Use:
    return Use(
        at=now, handbook=conversation.handbook, version_id=conversation.version_id, clause=clause, outcome="applied",
        subject=("conversation", conversation.pk), holder=by,
    )  # fmt: skip


def _fact(
    conversation: Conversation,
    event: Event,
    now: dt.datetime,
    by: str,
    clauses: Sequence[str],
    internal: bool = False,
) -> NewFact:
    """Of what is internal the other side is not even told that it happened."""
    told = conversation.audience
    if internal or getattr(event, "internal", False):
        told = [principal for principal in told if not principal.startswith(OUTSIDE)]
    return NewFact(
        event, at=now, subject=("conversation", conversation.pk), actor=by, handbook=conversation.handbook, clauses=clauses,
        audience=told,
    )  # fmt: skip
