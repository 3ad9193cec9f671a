"""How a message is written: alone or with others, there is one way, and a single one is a batch of one.

Messages that come in at the same moment share a transaction: one lock of all their conversations in the order of their ids, one insert,
one update, one set of facts. Each keeps an outcome of its own: what is refused, or had come before, leaves the others as they are; and
where the batch cannot be written as a whole, each is tried alone.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from pydantic_core import to_json

from zhike.clocks.models import Clock
from zhike.conversations import refusals
from zhike.conversations.events import MessageWritten
from zhike.conversations.facts import of_actor
from zhike.conversations.judging import judged
from zhike.conversations.models import Conversation, Message
from zhike.conversations.outgoing import Draft, check_outgoing
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.written import Change, all_locked, book_for, write_all
from zhike.handbook.decide import Decision
from zhike.journal.events import Event
from zhike.journal.statements import array_of, rows
from zhike.lib.text import clean_line, clean_text
from zhike.org.principals import Viewer
from zhike.records.attachments import LIMITS, Limits, bind_attachments

LONGEST = 20_000
"""Characters of one message."""
PREVIEW = 120
MOST_OPEN = 200
"""Open questions kept of one conversation: a flood is no list of questions."""
QUESTION = "question"
"""Under which a clock keeps the message it was started by."""
IMMEDIATE = ("webchat", "wangwang", "visit", "phone", "letter")
"""Media in which a message is there as soon as it is stored; everything else still has to be sent by its adapter."""

KNOWN = """
WHERE (conversation_id, key) IN (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS asked(conversation bigint, key text))
"""
# What one sender sends is written one after the other. In the order of their ids, and before the conversations: as `actions.receive` does.
SEEN = """
WITH held AS (SELECT id FROM conversations_address WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE)
UPDATE conversations_address AS a SET last_seen_at = %s FROM held WHERE a.id = held.id
"""
# The sort makes the ids follow the order of the batch: nextval() is evaluated above it.
INSERT = """
INSERT INTO conversations_message
    (conversation_id, seq, side, author, internal, words, html, key, at, state, why, why_values, files, answers, corrects, extra)
SELECT conversation, seq, side, author, internal, words, html, key, at, state, '', '{}'::jsonb, files, answers, corrects, extra
FROM jsonb_to_recordset(%s::jsonb) AS new(
    n int, conversation bigint, seq int, side text, author text, internal boolean, words text, html text, key text, at timestamptz,
    state text, files int, answers int, corrects int, extra jsonb)
ORDER BY n RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A customer writes in a conversation of his that has not ended."""

    conversation: int
    address: int
    words: str
    key: str
    html: str = ""
    files: Sequence[str] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A colleague writes: to the customer, or an internal note. `answers`, `corrects`, `extra`: see `actions.say`."""

    conversation: int
    viewer: Viewer
    words: str
    key: str
    internal: bool = False
    html: str = ""
    files: Sequence[str] = ()
    answers: int | None = None
    corrects: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """As clauses name it."""
        return "conversation.noting" if self.internal else "conversation.answering"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of them: the message, new or `again`; or why there is none."""

    conversation: Conversation | None = None
    message: Message | None = None
    again: bool = False
    error: Exception | None = None


@dataclass(kw_only=True)
class Entry:
    """A message that is about to be stored, with what follows from it; its conversation already stands as it will."""

    conversation: Conversation
    message: Message
    tokens: Sequence[str] = ()
    before: Sequence[Event] = ()
    """Told before the message itself."""
    happened: Sequence[str] = ()
    decisions: Sequence[Decision] = ()
    answered: Sequence[int] | None = None
    """The questions it answers, where only their clocks are concerned."""
    kept: Mapping[str, Any] = field(default_factory=dict)

    def concerns(self, clock: Clock) -> bool:
        return self.answered is None or clock.facts.get(QUESTION) in (None, *self.answered)


def write_messages(wanted: Sequence[Asked | Said], *, now: dt.datetime) -> list[Outcome]:
    """Write them; an outcome for each, in their order. Nothing is raised for any of them. Two of one conversation are written one after
    the other, in the order given.

    What a clause refuses is not noted here: whoever asks for that one alone (`actions.say`) has it written down.
    """
    outcomes: dict[int, Outcome] = {}
    for places in _rounds(wanted):
        found = _written_or_each_alone([wanted[place] for place in places], now)
        outcomes.update(zip(places, found, strict=True))
    return [outcomes[place] for place in range(len(wanted))]


def _rounds(wanted: Sequence[Asked | Said]) -> list[list[int]]:
    """Places of `wanted` in batches in which no conversation comes twice."""
    rounds: list[list[int]] = []
    seen: Counter[int] = Counter()
    for place, one in enumerate(wanted):
        if seen[one.conversation] == len(rounds):
            rounds.append([])
        rounds[seen[one.conversation]].append(place)
        seen[one.conversation] += 1
    return rounds


def _written_or_each_alone(wanted: Sequence[Asked | Said], now: dt.datetime) -> list[Outcome]:
    try:
        with transaction.atomic():
            return write_together(wanted, now)
    except Exception as error:  # whatever it was: one of them must not keep the others
        if len(wanted) == 1:
            return [Outcome(error=error)]
    return [_written_or_each_alone([one], now)[0] for one in wanted]


def write_together(wanted: Sequence[Asked | Said], now: dt.datetime) -> list[Outcome]:
    """Write them, of each conversation one, in the caller's transaction; raises what keeps all of them from being written."""
    _note_seen([one.address for one in wanted if isinstance(one, Asked)], now)
    held = all_locked({one.conversation for one in wanted})
    known = _known(wanted)
    outcomes, entries = [], list[Entry]()
    for one in wanted:
        conversation = held[one.conversation]
        if (message := known.get((one.conversation, one.key[:80]))) is not None:
            outcomes.append(Outcome(conversation, message, again=True))
            continue
        try:
            entry = question(conversation, one, now) if isinstance(one, Asked) else answer(conversation, one, now)
        except ConversationRefused as refused:
            outcomes.append(Outcome(conversation, error=refused))
        else:
            entries.append(entry)
            outcomes.append(Outcome(conversation, entry.message))
    keep(entries, now)
    return outcomes


def _note_seen(addresses: Sequence[int], now: dt.datetime) -> None:
    if addresses:
        with connection.cursor() as cursor:
            cursor.execute(SEEN, [array_of(addresses), now])


def _known(wanted: Sequence[Asked | Said]) -> dict[tuple[int, str], Message]:
    """Those that had come in before. One query."""
    asked = [{"conversation": one.conversation, "key": one.key[:80]} for one in wanted]
    return {(row.conversation_id, row.key): row for row in rows(Message, KNOWN, [to_json(asked).decode()])}


def question(conversation: Conversation, asked: Asked, now: dt.datetime) -> Entry:
    """A customer's message in a conversation that is held. Raises ConversationRefused."""
    if conversation.state == Conversation.State.CLOSED:
        raise ConversationRefused(refusals.CLOSED)
    message = new_message(
        conversation, side=Message.Side.CUSTOMER, author=f"address:{asked.address}", words=asked.words, html=asked.html, key=asked.key,
        files=asked.files, extra=asked.extra, now=now,
    )  # fmt: skip
    happened = [] if conversation.asked_at is not None else ["conversation.asked"]
    conversation.asked_at = conversation.asked_at or now
    conversation.open_questions = [*conversation.open_questions, message.seq][-MOST_OPEN:]
    happened.append("conversation.question")
    return Entry(
        conversation=conversation, message=message, tokens=asked.files, happened=happened, kept={QUESTION: message.seq}
    )


def answer(conversation: Conversation, said: Said, now: dt.datetime) -> Entry:
    """A colleague's message in a conversation that is held. Raises ConversationRefused with every clause that forbids it."""
    if conversation.state == Conversation.State.CLOSED and not said.internal:
        raise ConversationRefused(refusals.CLOSED)
    actor = of_actor(said.viewer, book_for(conversation)) | {"words": said.words}
    decisions = judged(conversation, said.what, now, actor, form={"words": said.words})
    if not said.internal:
        check_outgoing(conversation, Draft(said.words, said.files, said.extra), now)
    message = new_message(
        conversation, side=Message.Side.STAFF, author=said.viewer.principal, words=said.words, html=said.html, key=said.key,
        internal=said.internal, files=said.files, answers=said.answers, corrects=said.corrects, now=now,
        state=Message.State.STORED if said.internal else first_state(conversation), extra=said.extra,
    )  # fmt: skip
    answered, happened = ([], []) if said.internal else _answered(conversation, message, now)
    return Entry(
        conversation=conversation,
        message=message,
        tokens=said.files,
        happened=happened,
        decisions=decisions,
        answered=answered,
    )


def first_state(conversation: Conversation) -> str:
    return Message.State.STORED if conversation.medium in IMMEDIATE else Message.State.SENDING


def _answered(conversation: Conversation, message: Message, now: dt.datetime) -> tuple[list[int], list[str]]:
    """(questions it answers, what happened by it)."""
    happened = ["conversation.told", *(["conversation.corrected"] if message.corrects else [])]
    quoted = message.answers if message.answers in conversation.open_questions else None
    answered = [quoted] if quoted is not None else list(conversation.open_questions)
    if not answered:
        return [], happened
    close_questions(conversation, answered)
    happened.append("conversation.answered")
    if conversation.first_answered_at is None:
        conversation.first_answered_at = now
        happened.append("conversation.first_answered")
    return answered, happened


def close_questions(conversation: Conversation, settled: Sequence[int]) -> None:
    """What is still open is open since its own message."""
    conversation.open_questions = [seq for seq in conversation.open_questions if seq not in settled]
    left = Message.objects.filter(conversation=conversation, seq__in=conversation.open_questions[:1])
    conversation.asked_at = left.values_list("at", flat=True).first() if conversation.open_questions else None


def keep(entries: Sequence[Entry], now: dt.datetime) -> None:
    """Store the messages, and everything that follows from them, in the caller's transaction."""
    if not entries:
        return
    _insert([(entry.message, entry.tokens) for entry in entries])
    changes = [
        Change(
            entry.conversation, [*entry.before, written(entry.conversation, entry.message)], happened=entry.happened,
            by=entry.message.author, decisions=entry.decisions, concerns=entry.concerns, kept=entry.kept,
        )
        for entry in entries
    ]  # fmt: skip
    write_all(changes, now=now)


def written(conversation: Conversation, message: Message) -> MessageWritten:
    """What the journal is told of it: never its words."""
    return MessageWritten(conversation.number, message.pk, message.seq, message.side, message.internal)


def add_message(conversation: Conversation, *, files: Sequence[str] = (), **said: Any) -> Message:
    """Put a message at the end of a conversation that is held by the caller, who writes what follows from it; `said` as `new_message` takes
    it. Raises ConversationRefused when it is empty."""
    message = new_message(conversation, files=files, **said)
    _insert([(message, files)])
    return message


def new_message(
    conversation: Conversation,
    *,
    side: str,
    author: str,
    words: str,
    key: str,
    now: dt.datetime,
    html: str = "",
    internal: bool = False,
    files: Sequence[str] = (),
    answers: int | None = None,
    corrects: int | None = None,
    extra: Mapping[str, Any] | None = None,
    state: str = Message.State.STORED,
) -> Message:
    """The next message of a conversation, not stored yet. Raises ConversationRefused when it is empty."""
    cleaned = clean_text(words)[:LONGEST]
    if not cleaned.strip() and not html and not files:
        raise ConversationRefused(refusals.EMPTY, fields=("words",))
    conversation.last_seq += 1
    if not internal:
        conversation.last_message_at = now
        conversation.last_words = clean_line(cleaned)[:PREVIEW]
    return Message(
        conversation=conversation, seq=conversation.last_seq, side=side, author=author, internal=internal, words=cleaned,
        html=html, key=key[:80], at=now, state=state, files=len(files), answers=answers, corrects=corrects, extra=dict(extra or {}),
    )  # fmt: skip


def _insert(new: Sequence[tuple[Message, Sequence[str]]]) -> None:
    """One statement; files are then theirs."""
    values = [_row(n, message) for n, (message, _) in enumerate(new)]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [to_json(values).decode()])
        ids = sorted(number for (number,) in cursor.fetchall())
    for (message, tokens), number in zip(new, ids, strict=True):
        message.pk = number
        message._state.adding = False
        if tokens:
            by_customer = message.side == Message.Side.CUSTOMER
            limits = Limits(files=max(LIMITS.files, len(tokens) if by_customer else 0))
            subject = ("message", message.pk)
            bind_attachments(tokens, subject=subject, by=message.author, internal=message.internal, limits=limits)


def _row(n: int, message: Message) -> dict[str, Any]:
    return {
        "n": n, "conversation": message.conversation_id, "seq": message.seq, "side": message.side, "author": message.author,
        "internal": message.internal, "words": message.words, "html": message.html, "key": message.key, "at": message.at,
        "state": message.state, "files": message.files, "answers": message.answers, "corrects": message.corrects, "extra": message.extra,
    }  # fmt: skip
