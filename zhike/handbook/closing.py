"""What is due when a period of a figure is over: a target that was missed opens a case, a ranking is reported to sanctions."""

from __future__ import annotations

from collections.abc import Iterator

from zhike.handbook.book import Book
from zhike.handbook.clauses import Measure, Sanction

RANKED = {
    "day": "rank.daily", "week": "rank.weekly", "month": "rank.monthly", "quarter": "rank.quarterly", "year": "rank.yearly",
}  # fmt: skip
"""A period of a ranking -> the event that reports it."""


def rank_event(every: str) -> str:
    """`month` -> `rank.monthly`; "" for a period that reports nothing."""
    return RANKED.get(every, "")


def sanctions_on(book: Book, every: str) -> list[Sanction]:
    """The sanction clauses that wait for a ranking over such a period."""
    event = rank_event(every)
    return [one for one in book.clauses("sanction") if isinstance(one, Sanction) and event and one.on == event]


def periods_of(clause: Measure) -> list[str]:
    """The periods of a figure that are closed; an hour is too short for anything to follow from it."""
    return [each for each in clause.periods if each != "hour"] or ["month"]


def closings(book: Book) -> Iterator[tuple[Measure, str]]:
    """(figure, period) of which something follows when such a period is over."""
    for clause in book.clauses("measure"):
        if isinstance(clause, Measure):
            for every in periods_of(clause):
                if clause.opens is not None or (clause.rank is not None and sanctions_on(book, every)):
                    yield clause, every
