"""What is wrong with a handbook: where, what, and what to do about it, in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from zhike.handbook.common import Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `code` is stable; docs/handbook-format.md lists them. `line` counts from 1, 0 where no line can be
    named.
    """

    code: str
    file: str
    line: int
    clause: str
    """The id of the clause, or of the record, role, process the problem is in; empty where it is in none."""
    message: Text
    remedy: Text
    severity: Literal["error", "warning"] = "error"

    def say(self, language: str = "zh") -> str:
        """One line for a person: `clauses.yaml:12 WARN-05: what is wrong. What to do.`"""
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f" {self.clause}" if self.clause else ""
        gap = " " if language.startswith("en") else ""
        return f"{place}{subject}: {self.message.say(language)}{gap}{self.remedy.say(language)}"

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "file": self.file,
            "line": self.line,
            "clause": self.clause,
            "message": self.message.model_dump(),
            "remedy": self.remedy.model_dump(),
        }


class HandbookRefused(ValueError):
    """The handbook cannot be used; `errors` has every problem found, in the order of file and line."""

    def __init__(self, errors: Iterable[Problem]) -> None:
        self.errors = sorted(errors, key=lambda problem: (problem.file, problem.line, problem.code))
        super().__init__("\n".join(problem.say("en") for problem in self.errors))


@dataclass
class Findings:
    """Collects problems while a handbook is read and checked."""

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        (self.errors if problem.severity == "error" else self.warnings).append(problem)


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, if one is near."""
    found = get_close_matches(str(name), sorted({str(one) for one in known}), n=1, cutoff=0.6)
    return found[0] if found else None


def suggest(name: str, known: Sequence[str] | Iterable[str], what: Text) -> Text:
    """The remedy for a name nobody knows: the nearest one, else the list of all, at most twelve."""
    names = sorted({str(one) for one in known})
    near = closest(name, names)
    if near:
        return Text(zh=f"是否应为“{near}”？", en=f"Did you mean {near}?")
    if not names:
        return Text(zh=f"手册还没有{what.zh}。", en=f"The handbook has no {what.en} yet.")
    shown = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
    return Text(zh=f"已有的{what.zh}：{shown}。", en=f"Known {what.en}: {shown}.")
