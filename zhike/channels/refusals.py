"""Why something was not done, field by field, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from zhike.handbook.common import Text


class Refused(Exception):
    """It cannot be done as asked; `problems` names the fields. `clause` is the handbook's where one forbids it."""

    def __init__(self, problems: Mapping[str, Text], clause: str = "") -> None:
        super().__init__(" ".join(text.zh for text in problems.values()))
        self.problems = dict(problems)
        self.clause = clause

    @property
    def words(self) -> Text:
        return Text(
            zh="".join(text.zh for text in self.problems.values()),
            en=" ".join(text.say("en") for text in self.problems.values()),
        )


class NotFound(LookupError):
    """No such row for this viewer."""
