"""A case's title in the reader's language.

The title is kept once, in Chinese, because it is searched: fields of the main form joined by a sign. Words that come from a list of
choices have an English of their own in the handbook, so a reader of English is shown those; what people typed stays as it was typed.
"""

from __future__ import annotations

from functools import lru_cache

from zhike.cases.models import Case
from zhike.org.handbooks import book_of

SIGN, AND = " · ", "、"
"""Between the fields of a title, and between several choices of one field."""


def title_in(case: Case, language: str) -> str:
    """The title of `case` for a reader of `language`: "zh", "en" or longer codes of them. No query."""
    if not language.startswith("en"):
        return case.title
    english = _english(case.handbook_version_id, case.process)
    return SIGN.join(_said(part, english) for part in case.title.split(SIGN))


def _said(part: str, english: dict[str, str]) -> str:
    if part in english:
        return english[part]
    several = part.split(AND)
    return ", ".join(english[one] for one in several) if all(one in english for one in several) else part


@lru_cache(maxsize=256)
def _english(version_id: int, process_id: str) -> dict[str, str]:
    """Chinese -> English of every choice that may stand in a title of this process, and of the process itself."""
    book = book_of(version_id)
    process = book.process(process_id)
    names = {name.rpartition(".")[2] for name in process.summary}
    fields = [field for field in book.record(process.record).fields if field.id in names]
    choices = [choice for field in fields if field.type in ("enum", "multi") for choice in book.choices(field)]
    return {text.zh: text.say("en") for text in (process.title, *(choice.title for choice in choices))}
