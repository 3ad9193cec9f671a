"""What runs, is owed and is undecided on a case, as facts: those of `duties/standing.py`, and of a sanction `sanction.<CLAUSE>.open`,
`.confirmed` (and not taken back) and, while what it laid on somebody goes on, `.lasts`; and `held.<thing>` while that is frozen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from zhike.cases.consequences import any_lasts, lasting_on
from zhike.cases.drafts import drafts_of
from zhike.cases.frozen import frozen_for
from zhike.clocks.models import Clock
from zhike.duties.standing import LATE, Facts, standing_on
from zhike.handbook.book import Book
from zhike.handbook.named import asks_for

__all__ = ["LATE", "Facts", "standing_of"]


def standing_of(
    book: Book, ids: Collection[int], now: dt.datetime | None = None, clocks: Iterable[Clock] | None = None
) -> dict[int, Facts]:
    """The facts of each of these cases. `now`: what ran out before it counts as overdue, whoever has noticed.
    `clocks`: every clock of theirs, open and ended, where somebody has read them already.
    """
    found = standing_on(book, "case", ids, now, clocks)
    if book.clauses("sanction"):
        for number, (undecided, confirmed) in drafts_of(ids).items():
            found[number].update({f"sanction.{clause}.open": True for clause in undecided})
            found[number].update({f"sanction.{clause}.confirmed": True for clause in confirmed})
        if asks_for(book, "sanction.") and any_lasts(book):
            for number, clause in lasting_on(ids, now):
                found[number][f"sanction.{clause}.lasts"] = True
    for number, thing in frozen_for(book, ids):
        found[number][f"held.{thing}"] = True
    return found
