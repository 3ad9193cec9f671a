"""What an answer of the engine looks like: the value, the clause it comes from, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from zhike.handbook.clauses import ClauseBase
from zhike.handbook.common import Facts, Text


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer. `facts` are those it rested on; keep `clause_id` and the handbook version with whatever follows
    from it.
    """

    kind: str
    value: Any
    clause_id: str
    cites: str
    because: Text
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not happen: the decision, the words for the person, the fields of the form it concerns."""

    decision: Decision
    words: Text
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything the gates of one event say, all refusals at once.

    `decisions` holds one for each clause that was asked, allowing or refusing; its value is "allowed", "refused" or
    "flagged".
    """

    allowed: bool
    decisions: tuple[Decision, ...]
    refusals: tuple[Refusal, ...]


class Undecided(LookupError):
    """The handbook should answer and does not do so clearly. A checked handbook raises this only for facts the check
    cannot enumerate.
    """

    def __init__(self, text: Text, clauses: Iterable[str] = ()) -> None:
        self.text = text
        self.clauses = tuple(clauses)
        super().__init__(text.en)


class NoAnswer(Undecided):
    """Clauses speak of it, but none for these facts."""


class TwoAnswers(Undecided):
    """Two clauses match the same facts."""


def decision_of(clause: ClauseBase, kind: str, value: Any, facts: Facts, names: Iterable[str] = ()) -> Decision:
    """A decision by one clause, its reason being the clause's title and sentence, its facts those the clause tests
    and `names`.
    """
    used = {name: facts.get(name) for name in (*clause.when, *names)}
    return Decision(kind, value, clause.id, clause.cites, clause.because, used)
