"""What could be said now: the words a handbook's clauses and scripts give for a conversation, and replies like the question."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from zhike.conversations.canned import fields_of, filled, replies_for
from zhike.conversations.facts import facts_of
from zhike.conversations.models import Conversation, Message
from zhike.handbook.book import Book
from zhike.handbook.clauses import Wording
from zhike.handbook.common import Text
from zhike.handbook.conditions import holds
from zhike.handbook.terms import Script
from zhike.org.principals import Viewer

EVENTS = ("conversation.opened", "conversation.accepted", "conversation.asked", "conversation.answering")
"""When the words of a wording clause are meant for whoever answers."""
LATEST = 3
"""So many of the customer's last messages are looked at."""
MOST_REPLIES = 300
SHOWN = 3
_FACT = re.compile(r"\{([a-z][\w.]*)\}")


@dataclass(frozen=True, slots=True)
class Hint:
    """Words that may be put into the answer; `clause` says them, or nobody (a reply)."""

    title: Text
    words: Text
    clause: str = ""
    never: tuple[str, ...] = ()
    """What the same clause says is never said."""


def hints_of(conversation: Conversation, book: Book, viewer: Viewer, now: dt.datetime) -> list[Hint]:
    """The clauses' words first, then the scripts', then replies that share most with what was asked. Two queries where no clause speaks."""
    return [*_of_handbook(conversation, book, now), *_replies(conversation, book, viewer)]


def _of_handbook(conversation: Conversation, book: Book, now: dt.datetime) -> list[Hint]:
    found = {clause.id: clause for event in EVENTS for clause in book.speaking_of("wording", None, event)}
    clauses = [each for each in found.values() if isinstance(each, Wording) and (each.say or never_in(each))]
    if not clauses and not book.handbook.scripts:
        return []
    facts = facts_of(conversation, book, now)
    said = [
        Hint(clause.title, _with(clause.say, facts), clause.id, never_in(clause)) for clause in clauses if holds(clause.when, facts)
    ]  # fmt: skip
    scripts = [script for script in book.handbook.scripts if holds(script.when, facts)]
    return said + [hint for script in scripts for hint in _steps(script, facts)]


def never_in(clause: Wording) -> tuple[str, ...]:
    """What the clause says is never said, and what it holds back before it is sent: known before one writes it."""
    held = clause.look_for.contains_none if clause.look_for is not None and clause.look_for.before_sending else ()
    return tuple(dict.fromkeys((*clause.never, *held)))


def _steps(script: Script, facts: dict[str, object]) -> list[Hint]:
    """What a script says, in its order; only where the conversation has come so far."""
    steps = [step for step in script.steps if step.say is not None and holds(step.when, facts)]
    return [Hint(script.title, _with(step.say, facts)) for step in steps]


def _with(words: Text | None, facts: dict[str, object]) -> Text:
    """The words with the facts in braces put in; one that is not known stays, to be filled in by hand."""
    if words is None:
        return Text(zh="")

    def put(text: str) -> str:
        return _FACT.sub(lambda found: str(facts[found[1]]) if facts.get(found[1]) is not None else found[0], text)

    return Text(zh=put(words.zh), en=put(words.en))


def _replies(conversation: Conversation, book: Book, viewer: Viewer) -> list[Hint]:
    asked = Message.objects.filter(conversation=conversation, side=Message.Side.CUSTOMER, recalled_at=None)
    words = " ".join(asked.order_by("-seq").values_list("words", flat=True)[:LATEST])
    if not words.strip():
        return []
    replies = list(replies_for(viewer, [book.name])[:MOST_REPLIES])
    fields = fields_of(conversation, viewer)
    best = like(words, [f"{row.title} {row.shortcut} {row.words}" for row in replies])[:SHOWN]
    return [Hint(Text(zh=replies[n].title), Text(zh=filled(replies[n].words, fields))) for n in best]


def like(words: str, texts: Sequence[str]) -> list[int]:
    """The positions of the texts that share something telling with the words, the most first. What half of them hold tells nothing.

    >>> like("我想退货可以吗", ["退货请寄到门店", "我们九点开门", "发票随货寄出"])
    [0]
    """
    held = [pairs(text) for text in texts]
    common = Counter(pair for each in held for pair in each)
    wanted = {pair for pair in pairs(words) if common[pair] <= max(1, len(texts) // 2)}
    scores = {n: sum(1 / common[pair] for pair in each & wanted) for n, each in enumerate(held)}
    return sorted((n for n, score in scores.items() if score), key=lambda n: (-scores[n], n))


def pairs(text: str) -> set[str]:
    """Neighbouring characters of what is written without spaces, and whole words of what is not.

    >>> sorted(pairs("退货 order"))
    ['order', '退货']
    """
    found: set[str] = set()
    for part in re.findall(r"[a-z0-9]{3,}|[^\W_a-z0-9]{2,}", text.lower()):
        found |= {part} if part.isascii() else {part[n : n + 2] for n in range(len(part) - 1)}
    return found
