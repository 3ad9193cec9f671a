"""What could be said now: the words a handbook's clauses and scripts give for a conversation, and what is like the question: entries
of the knowledge a handbook keeps, and replies.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from zhike.conversations.canned import fields_of, filled, replies_for
from zhike.conversations.facts import facts_of
from zhike.conversations.models import Conversation
from zhike.handbook.book import Book
from zhike.handbook.clauses import Wording
from zhike.handbook.common import Text
from zhike.handbook.conditions import holds
from zhike.handbook.terms import Script
from zhike.lib.likeness import like
from zhike.org.principals import Viewer

EVENTS = ("conversation.opened", "conversation.accepted", "conversation.asked", "conversation.answering")
"""When the words of a wording clause are meant for whoever answers."""
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


def hints_of(conversation: Conversation, book: Book, viewer: Viewer, question: str, now: dt.datetime) -> list[Hint]:
    """The clauses' words first, then the scripts', then replies that share most with what was asked. One query where no clause speaks."""
    return [*_of_handbook(conversation, book, now), *_replies(conversation, book, viewer, question)]


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


def _replies(conversation: Conversation, book: Book, viewer: Viewer, words: str) -> list[Hint]:
    if not words.strip():
        return []
    replies = list(replies_for(viewer, [book.name])[:MOST_REPLIES])
    fields = fields_of(conversation, viewer)
    best = like(words, [f"{row.title} {row.shortcut} {row.words}" for row in replies])[:SHOWN]
    return [Hint(Text(zh=replies[n].title), Text(zh=filled(replies[n].words, fields))) for n in best]
