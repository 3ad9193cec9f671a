"""The parameters a clause rests on, with what came of them: value, default, the changes that took effect and why."""

from __future__ import annotations

import datetime as dt

from zhike.handbook.book import Book
from zhike.handbook.compare.touched import clauses_of_parameter
from zhike.web.handbook_admin.parameters import HistoryRow, ParameterView, coming, history_of, view_of


def parameters_of_clause(book: Book, clause: str, now: dt.datetime) -> list[tuple[ParameterView, list[HistoryRow]]]:
    """Each with its approved changes, the newest first; nothing is asked where the clause has none."""
    mine = [one for one in book.handbook.parameters if clause in {c.id for c in clauses_of_parameter(book, one.id)}]
    later = coming(book.name, now) if mine else None
    return [(view_of(book, one, later), history_of(book, one.id, approved=True)) for one in mine]
