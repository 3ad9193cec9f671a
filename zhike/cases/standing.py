"""What runs, is owed and is undecided on a case, as facts: those of `duties/standing.py`, and `sanction.<CLAUSE>.open`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from zhike.cases.drafts import open_drafts
from zhike.clocks.models import Clock
from zhike.duties.standing import LATE, Facts, standing_on
from zhike.handbook.book import Book

__all__ = ["LATE", "Facts", "standing_of"]


def standing_of(
    book: Book, ids: Collection[int], now: dt.datetime | None = None, clocks: Iterable[Clock] | None = None
) -> dict[int, Facts]:
    """The facts of each of these cases. `now`: what ran out before it counts as overdue, whoever has noticed.
    `clocks`: every clock of theirs, open and ended, where somebody has read them already.
    """
    found = standing_on(book, "case", ids, now, clocks)
    if book.clauses("sanction"):
        for number, drafts in open_drafts(ids).items():
            found[number].update({f"sanction.{clause}.open": True for clause in drafts})
    return found
