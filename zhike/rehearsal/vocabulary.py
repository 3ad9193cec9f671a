"""The step registry: how a Chinese sentence finds the function that carries it out.

A pattern is a regular expression over the normalised sentence, with placeholders:

    <N>  a name in 「」          <NS> one or several names joined by 、     <W> words in “”
    <M>  a moment               <D>  a day                              <S> a span of time      <I> a whole number
    <C>  an optional case in front: 「投诉预警」的 / 「投诉预警」
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zhike.rehearsal.wording import readable, unknown

if TYPE_CHECKING:
    from zhike.rehearsal.world import World

MOMENT = r"(?:(?:(?:\d{4}-)?\d{1,2}-\d{1,2} |今天|次日|昨天|\d+天后)?\d{1,2}:\d{2}(?::\d{2})?)"
DAY = r"(?:(?:\d{4}-)?\d{1,2}-\d{1,2}|今天|次日|昨天|\d+天后)"
SPAN = r"(?:(?=\d)(?:\d+天)?(?:\d+小时)?(?:\d+分钟?)?(?:\d+秒)?)"
NAME = r"「[^」]*」"
PLACEHOLDERS = {
    "<N>": r"「([^」]*)」",
    "<NS>": rf"({NAME}(?:、{NAME})*)",
    "<W>": r"“([^”]*)”",
    "<M>": rf"({MOMENT})",
    "<D>": rf"({DAY})",
    "<S>": rf"({SPAN})",
    "<I>": r"(\d+)",
    "<C>": r"(?:「([^」]*)」[的还]?)?",
}
PROTECTED = re.compile(r"「[^」]*」|“[^”]*”|\"[^\"]*\"")
SPACE = re.compile(r"(?<![0-9])\s+|\s+(?![0-9])")
WIDE = str.maketrans({"\uff0c": ",", "\uff1a": ":", "\uff08": "(", "\uff09": ")", "\uff1b": ";"})

Table = list[list[str]]
Body = Callable[..., None]


class StepFailed(AssertionError):
    """The step did not hold; `clause` is the clause it or the engine spoke of, `word` what in the step is wrong."""

    def __init__(self, because: str, clause: str = "", word: str = "") -> None:
        super().__init__(because)
        self.because = because
        self.clause = clause
        self.word = word


@dataclass(frozen=True, slots=True)
class Known:
    """An entry of the vocabulary."""

    pattern: re.Pattern[str]
    written: str
    body: Body
    is_deed: bool
    wants_table: bool


_known: list[Known] = []


def step(written: str, *, deed: bool = False, table: bool = False) -> Callable[[Body], Body]:
    """Register a step. `deed`: it does something that a clause may refuse. `table`: it is handed the step's table as the last argument."""

    def register(body: Body) -> Body:
        source = written
        for sign, expression in PLACEHOLDERS.items():
            source = source.replace(sign, expression)
        _known.append(Known(re.compile(f"^{source}$"), written, body, deed, table))
        return body

    return register


def normalise(sentence: str) -> str:
    """The sentence with half-width punctuation and without blanks, except between digits; names and words stay as written."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        text = match.group(0)
        kept.append(f"“{text[1:-1]}”" if text[0] in '“"' else text)
        return f"\x00{len(kept) - 1}\x00"

    text = PROTECTED.sub(keep, sentence.strip()).translate(WIDE)
    text = SPACE.sub("", text.replace("的 ", "的")).rstrip(":。.")
    return re.sub(r"\x00(\d+)\x00", lambda m: kept[int(m.group(1))], text)


FRONT = re.compile(rf"^({MOMENT}),(.+)$")


def leading_moment(sentence: str) -> tuple[str | None, str]:
    """(`09:30`, rest) for a step with a moment in front, (None, sentence) otherwise."""
    match = FRONT.match(sentence)
    return (match[1], match[2]) if match else (None, sentence)


def find(sentence: str) -> tuple[Known, tuple[Any, ...]]:
    """The entry that matches and what it caught. Raises StepFailed naming the nearest entries."""
    for known in _known:
        match = known.pattern.match(sentence)
        if match:
            return known, match.groups()
    raise StepFailed(unknown(sentence, [known.written for known in _known]))


def listed() -> list[str]:
    """Every step as it is written in a scenario, in the order of docs/scenario-steps.md as far as modules follow it."""
    return [readable(known.written) + (":" if known.wants_table else "") for known in _known]


def perform(world: World, sentence: str, table: Table | None) -> None:
    """Carry out one step: move the clock where a moment stands in front, then the step itself."""
    moment, rest = leading_moment(normalise(sentence))
    known, caught = find(rest)
    if table and not known.wants_table:
        raise StepFailed(f"“{readable(known.written)}”后面不带表格。请去掉表格，或改用带表格的步骤", word=table[0][0])
    if moment is not None:
        world.move_to(world.moment(moment))
    if known.is_deed:
        world.require_no_refusal()
    arguments = [*caught, table or []] if known.wants_table else list(caught)
    known.body(world, *arguments)
    if world.acted:
        world.look(world.now)
        world.acted = False


def names(listed: str) -> list[str]:
    """`「甲」、「乙」` -> ["甲", "乙"]."""
    return re.findall(r"「([^」]*)」", listed)
