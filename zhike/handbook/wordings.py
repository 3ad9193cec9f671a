"""What is said: placeholders filled from facts, words looked for, the path through a script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from zhike.handbook.clauses import Wording
from zhike.handbook.common import Facts, Text
from zhike.handbook.conditions import holds
from zhike.handbook.terms import Script, Step

NOT_GIVEN = Text(zh="未给出", en="not given")
_PLACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something a wording clause found in a text. `at` is the position of the word, or None where something is
    missing.
    """

    verdict: Literal["hint", "warn", "fail"]
    what: Literal["forbidden", "missing", "out_of_range"]
    words: str
    at: int | None = None


def fill(words: Text, facts: Facts, language: str = "zh") -> str:
    """The words with facts in the places in braces; a fact without a value is said to be not given."""

    def put(match: re.Match[str]) -> str:
        value = facts.get(match[1])
        return NOT_GIVEN.say(language) if value is None or value == "" else str(value)

    return _PLACE.sub(put, words.say(language))


def look(clause: Wording, text: str, *, seconds: Sequence[tuple[float, str]] = ()) -> list[Hit]:
    """What the clause finds in a text that is about to be sent, or in a transcript.

    `seconds` gives a transcript as (second, words); needed where only the first seconds count.
    """
    verdict = clause.look_for.verdict if clause.look_for else "warn"
    hits = [
        Hit(verdict, "forbidden", word, place) for word, place in _found((*clause.never, *_forbidden(clause)), text)
    ]
    check = clause.look_for
    if check is None:
        return hits
    early = _early(clause, text, seconds)
    if check.contains_any and not any(word in early for word in check.contains_any):
        hits.append(Hit(verdict, "missing", " / ".join(check.contains_any)))
    hits += [
        Hit(verdict, "missing", " / ".join(any_of))
        for any_of in check.contains_all
        if not any(word in early for word in any_of)
    ]
    return hits


def _forbidden(clause: Wording) -> Iterable[str]:
    return clause.look_for.contains_none if clause.look_for else ()


def _found(words: Iterable[str], text: str) -> Iterable[tuple[str, int]]:
    return ((word, match.start()) for word in words for match in re.finditer(re.escape(word), text))


def _early(clause: Wording, text: str, seconds: Sequence[tuple[float, str]]) -> str:
    limit = clause.look_for.first if clause.look_for else None
    if limit is None or not seconds:
        return text
    return " ".join(words for at, words in seconds if at < limit.amount * (60 if limit.unit.value == "minute" else 1))


def in_range(clause: Wording, value: float) -> Hit | None:
    """Whether a measured property of speech keeps the clause; beyond `between` a hint, beyond `warn_beyond` a warning.

    The outer edge itself still belongs to the warning band: 170 with `[130, 170]` warns.
    """
    if clause.between is None or clause.between[0] <= value <= clause.between[1]:
        return None
    outer = clause.warn_beyond or clause.between
    beyond = value <= outer[0] or value >= outer[1]
    return Hit("warn" if beyond else "hint", "out_of_range", f"{value:g}")


def steps_ahead(script: Script, answers: Mapping[str, Any], facts: Facts) -> list[Step]:
    """The path through a script for the answers given so far, the step now due last. A step whose `when` fails is
    passed over.

    Raises KeyError for a step that does not exist; a script that runs in a circle ends where it would begin again.
    """
    by_id = {step.id: step for step in script.steps}
    order = [step.id for step in script.steps]
    path: list[Step] = []
    current: str | None = order[0] if order else None
    while current is not None and by_id[current] not in path:
        step = by_id[current]
        if holds(step.when, facts):
            path.append(step)
            if step.ask is not None and step.ask not in answers:
                break
        current = _next(step, answers, order)
    return path


def _next(step: Step, answers: Mapping[str, Any], order: Sequence[str]) -> str | None:
    if step.ask is not None and step.answers and step.ask in answers:
        given = answers[step.ask]
        key = ("true" if given else "false") if isinstance(given, bool) else str(given)
        return step.answers.get(key, step.answers.get("*"))
    if step.next is not None:
        return step.next
    following = order.index(step.id) + 1
    return order[following] if following < len(order) and not step.answers else None
