"""What follows in a conversation when a limit runs out, a duty is missed or every try failed: the effects its handbook lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from zhike.conversations.events import CaseCalledFor, FindingInConversation
from zhike.conversations.facts import facts_of
from zhike.conversations.handing import requeue
from zhike.conversations.limits import holders_of
from zhike.conversations.models import Conversation
from zhike.conversations.written import OUTSIDE
from zhike.duties.actions import Owe, owe
from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline, Duty
from zhike.handbook.common import Effect, Effects, Text
from zhike.handbook.conditions import holds
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.notices.actions import Tell
from zhike.org.principals import SYSTEM, role_key, role_of


def listed_by(book: Book, clause: object) -> Effects:
    """What follows when the clause is not kept: its own list, else the handbook's."""
    defaults = book.handbook.defaults
    match clause:
        case Deadline():
            return defaults.breach if clause.breach is None else clause.breach
        case Duty():
            return (defaults.missed or defaults.breach) if clause.missed is None else clause.missed
        case _:
            return ()


def carry_out(
    listed: Iterable[Effect],
    conversation: Conversation,
    book: Book,
    *,
    at: dt.datetime,
    holders: Sequence[str],
    clause: str,
    words: Text,
    kind: str,
    person: str = "",
) -> list[Tell]:
    """Carry out every effect that holds; the notices are answered, so that a batch is written at once.

    Those who hold it are always told. `person`: whom a finding is about, where it is what he tried. What moves the conversation comes
    last; what ends it is in `endings.py`.
    """
    effects = list(listed)
    facts = facts_of(conversation, book, at) if any(effect.when for effect in effects) else {}
    effects = [effect for effect in effects if not effect.when or holds(effect.when, facts)]
    plainly = list(holders)
    told: list[Tell] = []
    for effect in effects:
        if effect.notify:
            to = _addressees(effect, conversation, book, holders, clause)
            if effect.say is None:
                plainly += to
            elif to:
                told.append(_tell(conversation, book, to, kind, clause, effect.say, at))
        if effect.owe:
            _owe(conversation, book, effect.owe, at)
        if effect.finding:
            _note(conversation, FindingInConversation(conversation.number, effect.finding, person=person), clause, at)
        if effect.opens:
            called = CaseCalledFor(conversation.number, effect.opens, found_by(effects), person=person)
            _note(conversation, called, clause, at)
    for effect in effects:
        _move(effect, conversation, at)
    plain = list(dict.fromkeys(plainly))
    return [*([_tell(conversation, book, plain, kind, clause, words, at)] if plain else []), *told]


def found_by(effects: Iterable[Effect]) -> str:
    """The kind of finding among the effects; "" where there is none."""
    return next((effect.finding for effect in effects if effect.finding), "")


def _note(conversation: Conversation, what: Event, clause: str, at: dt.datetime) -> None:
    told = [one for one in conversation.audience if not one.startswith(OUTSIDE)]
    subject = ("conversation", conversation.pk)
    record([NewFact(what, at, subject, SYSTEM, conversation.handbook, (clause,), told)])


def _move(effect: Effect, conversation: Conversation, at: dt.datetime) -> None:
    if conversation.state == Conversation.State.CLOSED:
        return
    if effect.requeue and conversation.queue:
        first = conversation.priority + 1 if effect.requeue == "head" else None
        requeue(conversation, conversation.queue, now=at, by=SYSTEM, priority=first)


def _owe(conversation: Conversation, book: Book, name: str, at: dt.datetime) -> None:
    clause = book.clause(name)
    if isinstance(clause, Duty):
        owe(
            [
                Owe(
                    book=book, version_id=conversation.version_id, clause=clause, subject=("conversation", conversation.pk),
                    holders=holders_of(conversation, book, clause.holder), at=at, audience=tuple(conversation.audience),
                )
            ]
        )  # fmt: skip


def _addressees(
    effect: Effect, conversation: Conversation, book: Book, holders: Sequence[str], clause: str
) -> list[str]:
    names = (effect.notify,) if isinstance(effect.notify, str) else tuple(effect.notify or ())
    found: list[str] = []
    for name in names:
        if name == "superior":
            found += _superiors(conversation, book, holders, clause)
        elif name == "holder":
            found += list(holders)
        elif name in ("owner", "customer"):
            found += holders_of(conversation, book, [name])
        else:
            found.append(role_key(book.name, name))
    return list(dict.fromkeys(found))


def _superiors(conversation: Conversation, book: Book, holders: Sequence[str], clause: str) -> list[str]:
    """Whoever the holders' roles report to; where the owner holds it, those above the roles that answer its queue."""
    held = [role_of(holder) for holder in holders] + list(getattr(book.clause(clause), "holder", ()))
    answering = next((queue.answered_by for queue in book.handbook.queues if queue.id == conversation.queue), ())
    roles = [role for role in (*held, *answering) if role and role not in ("owner", "customer", SYSTEM)]
    above = [book.role(role).reports_to for role in roles]
    return [role_key(book.name, boss) for boss in above if boss]


def _tell(
    conversation: Conversation, book: Book, to: list[str], kind: str, clause: str, words: Text, at: dt.datetime
) -> Tell:
    said = Text(
        zh=words.zh.replace("{number}", conversation.number),
        en=words.say("en").replace("{number}", conversation.number),
    )
    subject = ("conversation", conversation.pk)
    return Tell(at=at, to=to, kind=kind, clause=clause, handbook=book.name, subject=subject, words=said)
