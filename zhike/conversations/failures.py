"""Why a message did not go out: kept as a code with its values, worded when somebody reads it, in his language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from zhike.handbook.common import Text

_known: dict[str, Text] = {}


@dataclass(frozen=True, slots=True)
class Why:
    """A reason: its code, and what stands in its words. A value may be a reason itself."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def of(self, **values: str | Why) -> Why:
        """This reason with these values."""
        kept = {name: value.kept() if isinstance(value, Why) else value for name, value in values.items()}
        return replace(self, values=kept)

    def kept(self) -> dict[str, Any]:
        return {"code": self.code, "values": dict(self.values)}


NONE = Why("")


def reason(code: str, *, zh: str, en: str) -> Why:
    """A reason with this code, in both languages; `{name}` stands for a value."""
    _known[code] = Text(zh=zh, en=en)
    return Why(code)


CLAUSE = reason("words", zh="{zh}", en="{en}")
"""Words that are somebody else's to choose, such as a clause's refusal: both languages as they were then."""
PROVIDER = reason("provider", zh="服务商说：{words}", en="The provider says: {words}")


class Failed(Protocol):
    """A row that keeps why it failed."""

    why: str
    why_values: dict[str, Any]


def in_words(row: Failed, language: str = "zh") -> str:
    """Why it did not go out."""
    return why_words(row.why, row.why_values, language)


def worded(text: Text) -> Why:
    """The words of a handbook's clause."""
    return CLAUSE.of(zh=text.zh, en=text.say("en"))


def why_words(code: str, values: Mapping[str, Any], language: str) -> str:
    """The reason in this language; a code nobody knows is shown as it is: older rows hold their words.

    >>> why_words("provider", {"words": "empty number"}, "en")
    'The provider says: empty number'
    >>> why_words("an older reason", {}, "en")
    'an older reason'
    """
    known = _known.get(code)
    if known is None:
        return code
    words = known.say(language)
    for name, value in values.items():
        said = why_words(value["code"], value["values"], language) if isinstance(value, dict) else str(value)
        words = words.replace(f"{{{name}}}", said)
    return words
