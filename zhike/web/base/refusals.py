"""A refused deed, as the page tells it: every reason at once with its clause, and again at the fields it is about."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language

from zhike.cases.refusals import CaseError
from zhike.handbook.book import Book
from zhike.web.base.fields import Told


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason: the words, the clause behind them, the fields they are about as (id, title)."""

    words: str
    handbook: str = ""
    clause: str = ""
    fields: tuple[tuple[str, str], ...] = ()


def refusals_of(error: CaseError, book: Book, record: str | None) -> list[Refusal]:
    """Every reason of `error` in the language in force; `record` is the form the fields belong to."""
    language = get_language() or "zh"
    titles = {f.id: f.title.say(language) for f in book.record(record).fields} if record else {}
    return [
        Refusal(r.words.say(language), book.name, r.clause, tuple((name, titles.get(name, name)) for name in r.fields))
        for r in error.reasons
    ]


def field_errors(error: CaseError, book: Book) -> dict[str, list[Told]]:
    """The same reasons by field, for `field_views(errors=...)`."""
    language = get_language() or "zh"
    found: dict[str, list[Told]] = {}
    for reason in error.reasons:
        for name in reason.fields:
            found.setdefault(name, []).append(Told(reason.words.say(language), book.name, reason.clause))
    return found
