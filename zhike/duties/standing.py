"""What runs and is owed on a subject, as facts.

`clock.<CLAUSE>.state` of the clock that started last and, while it is open, `.due_at`, `case.late.<CLAUSE>`, `duty.<CLAUSE>.open` and
`.state` of what was owed last, `duty.<CLAUSE>.tries`. Each kind costs a query, so it is looked up only where the
handbook names such a fact.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from zhike.clocks.models import Clock
from zhike.duties.models import Obligation
from zhike.handbook.book import Book
from zhike.handbook.clauses import Duty
from zhike.handbook.named import asks_for

Facts = dict[str, Any]
LATE = (Clock.State.OVERDUE, Clock.State.LATE, Clock.State.MISSED)


def standing_on(
    book: Book,
    kind: str,
    ids: Collection[int],
    now: dt.datetime | None = None,
    clocks: Iterable[Clock] | None = None,
) -> dict[int, Facts]:
    """The facts of each of these subjects. `now`: what ran out before it counts as overdue, whoever has noticed.
    `clocks`: every clock of theirs, open and ended, where somebody has read them already.
    """
    found: dict[int, Facts] = {number: {} for number in ids}
    if asks_for(book, "clock.", "case.late."):
        _add_clocks(found, book, now, _clocks_on(kind, list(found)) if clocks is None else clocks)
    if asks_for(book, "duty.") or any(clause.blocks for clause in book.clauses("duty") if isinstance(clause, Duty)):
        _add_duties(found, kind)
    return found


def _clocks_on(kind: str, ids: Collection[int]) -> Iterable[Clock]:
    return Clock.objects.filter(subject_kind=kind, subject_id__in=ids, watches="")


def _add_clocks(found: dict[int, Facts], book: Book, now: dt.datetime | None, clocks: Iterable[Clock]) -> None:
    zone = ZoneInfo(book.handbook.zone)
    for clock in sorted((clock for clock in clocks if clock.watches == ""), key=lambda clock: clock.pk):
        facts, state = found[clock.subject_id], clock.state
        if state == Clock.State.RUNNING and now is not None and clock.over_at <= now:
            state = Clock.State.OVERDUE
        facts[f"clock.{clock.clause}.state"] = str(state)
        facts[f"clock.{clock.clause}.due_at"] = clock.due_at.astimezone(zone).isoformat() if clock.is_open else None
        late = f"case.late.{clock.clause}"
        facts[late] = facts.get(late, 0) + (state in LATE)


def _add_duties(found: dict[int, Facts], kind: str) -> None:
    rows = Obligation.objects.filter(subject_kind=kind, subject_id__in=list(found)).order_by("begins_at", "id")
    for number, clause, state, is_open, tries in rows.values_list("subject_id", "clause", "state", "is_open", "tries"):
        found[number][f"duty.{clause}.state"] = state
        found[number][f"duty.{clause}.open"] = is_open
        found[number][f"duty.{clause}.tries"] = len(tries)
