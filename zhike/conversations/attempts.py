"""What an attempt leaves behind that a gate refused in a conversation: a finding about whoever tried, what else follows, another queue.

The deed is taken back; this is written with its refusal. Asking whether something may be done is no attempt and leaves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from zhike.conversations.effects import carry_out
from zhike.conversations.events import DeedRefused
from zhike.conversations.facts import facts_of, of_actor
from zhike.conversations.handing import requeue
from zhike.conversations.models import Conversation
from zhike.conversations.superiors import superiors_of
from zhike.conversations.written import book_for, locked
from zhike.handbook.book import Book
from zhike.handbook.clauses import Gate
from zhike.handbook.common import Effect, Text
from zhike.handbook.conditions import holds
from zhike.handbook.gates import after_refusal
from zhike.journal.events import Recorded
from zhike.journal.models import Fact
from zhike.journal.reactions import reacts_to
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import viewer
from zhike.org.models import Staff
from zhike.org.principals import SYSTEM, Viewer, role_key, staff_key, staff_number

TRIED = Text(
    zh="会话 {number}：{name}想做的事按“{title}”没有做成：{said}",
    en="Conversation {number}: “{title}” did not allow what {name} tried: {said}",
)


@reacts_to(DeedRefused)
def follow_refusals(events: Sequence[Recorded[DeedRefused]]) -> None:
    """Once for each clause and press of the button; where it had no key each attempt counts."""
    for event in events:
        number = staff_number(event.actor)
        person = Staff.objects.filter(pk=number).first() if number is not None and event.clauses else None
        if person is not None:
            _follow(event, viewer(person, event.at))


def _follow(event: Recorded[DeedRefused], by: Viewer) -> None:
    book = book_for(Conversation.objects.get(pk=event.subject[1]))
    gates = list(_gates(book, event.clauses))
    if not gates:
        return
    held = locked(event.subject[1])
    for gate in gates:
        if not _was_tried(event, gate):
            _carry_out(event, held, book, gate, by)


def _gates(book: Book, clauses: Iterable[str]) -> Iterator[Gate]:
    for clause in book.clauses("gate"):
        if isinstance(clause, Gate) and clause.id in clauses and (after_refusal(clause) or clause.send_to):
            yield clause


def _was_tried(event: Recorded[DeedRefused], gate: Gate) -> bool:
    """Whether the same press came before; the conversation is held."""
    kind, number = event.subject
    before = Fact.objects.filter(type=DeedRefused.event_type, subject_kind=kind, subject_id=number, id__lt=event.id)
    key = event.payload.key
    return bool(key) and before.filter(actor=event.actor, clauses__contains=[gate.id], payload__key=key).exists()


def _carry_out(event: Recorded[DeedRefused], held: Conversation, book: Book, gate: Gate, by: Viewer) -> None:
    facts = facts_of(held, book, event.at, of_actor(by, book))
    listed = [effect for effect in after_refusal(gate) if holds(effect.when, facts)]
    told = [_tell(event, held, book, gate, by, effect) for effect in listed if effect.notify]
    others = [effect.model_copy(update={"when": {}}) for effect in listed if not effect.notify]
    told += carry_out(
        others, held, book, at=event.at, holders=(), clause=gate.id, words=gate.refuse, kind="told", person=by.principal
    )
    if told := [one for one in told if one.to]:
        tell(told)
    if gate.send_to and held.state != Conversation.State.CLOSED and held.queue != gate.send_to[0]:
        requeue(held, gate.send_to[0], now=event.at, by=SYSTEM)


def _tell(event: Recorded[DeedRefused], held: Conversation, book: Book, gate: Gate, by: Viewer, effect: Effect) -> Tell:
    """`holder` is whoever tried, `superior` whom his roles report to."""
    names = (effect.notify,) if isinstance(effect.notify, str) else tuple(effect.notify or ())
    roles = sorted({role for handbook, role, _ in by.roles if handbook == book.name})
    to: list[str] = []
    for name in names:
        if name == "superior":
            to += superiors_of(book, roles)
        elif name == "holder":
            to.append(by.principal)
        elif name == "owner":
            to += [staff_key(held.owner_id)] if held.owner_id else []
        elif name != "customer":
            to.append(role_key(book.name, name))
    words = effect.say or _words(event, held, gate, by)
    return Tell(event.at, list(dict.fromkeys(to)), "told", gate.id, book.name, event.subject, words)


def _words(event: Recorded[DeedRefused], held: Conversation, gate: Gate, by: Viewer) -> Text:
    name = by.staff.name if by.staff is not None else ""
    return Text(
        zh=TRIED.zh.format(number=held.number, name=name, title=gate.title.zh, said=event.payload.zh),
        en=TRIED.say("en").format(number=held.number, name=name, title=gate.title.say("en"), said=event.payload.en),
    )
