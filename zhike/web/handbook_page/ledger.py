"""The ledger as pages show it. How late a broken limit was is known only when its clock stops, so it is read from there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from django.db.models import QuerySet

from zhike.clocks.queries import Minutes, minutes_of
from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline
from zhike.journal.models import ClauseUse
from zhike.journal.queries import Outcome, Tally, kept_in_target, lines, tallies
from zhike.web.handbook_page.period import Period

MOST_BROKEN = 1000
"""Broken limits whose lateness an average is taken of, the newest ones."""


def tallies_of(book: Book, period: Period, subjects: QuerySet[Any]) -> dict[str, Tally]:
    """{clause: its tally}, with the minutes of limits that were done late and what was done within targets. Three queries, four where
    the handbook has targets."""
    name = book.name
    found = tallies(name, period.since, period.until, subjects=subjects)
    aimed = [one.id for one in book.clauses("deadline") if isinstance(one, Deadline) and one.target and one.id in found]
    if aimed:
        met = kept_in_target(name, aimed, period.since, period.until, subjects=subjects)
        found |= {clause: replace(found[clause], in_target=met.get(clause, 0)) for clause in aimed}
    broken = lines(name, period.since, period.until, subjects=subjects, outcome=Outcome.BROKEN).order_by("-id")
    newest = [(use.clause, clock_of(use)) for use in broken.only("clause", "detail")[:MOST_BROKEN]]
    known = minutes_of([clock for _, clock in newest if clock])
    done: dict[str, list[Minutes]] = defaultdict(list)
    for clause, clock in newest:
        if clock in known and known[clock].used is not None:
            done[clause].append(known[clock])
    return {clause: _with_late(tally, done[clause]) if done[clause] else tally for clause, tally in found.items()}


def _with_late(tally: Tally, done: Sequence[Minutes]) -> Tally:
    """The averages over what was kept and what was done late."""
    used = [each.used for each in done if each.used is not None]
    late = [each.late for each in done if each.late]
    whole = (tally.minutes or 0.0) * tally.kept + sum(used)
    return replace(tally, minutes=whole / (tally.kept + len(used)), late_minutes=fmean(late) if late else None)


def minutes_of_uses(uses: Iterable[ClauseUse]) -> Mapping[int, Minutes]:
    """{clock id: minutes} of the broken limits among `uses`. One query."""
    return minutes_of([clock for use in uses if use.outcome == Outcome.BROKEN and (clock := clock_of(use))])


def clock_of(use: ClauseUse) -> int:
    """The clock a line of the ledger is about, 0 where it is about none."""
    clock = use.detail.get("clock") if isinstance(use.detail, dict) else None
    return clock if isinstance(clock, int) else 0


def holders_of(use: ClauseUse) -> list[str]:
    """Everybody a line is about; a clock may have several holders, and a breach may be charged to others."""
    detail = use.detail if isinstance(use.detail, dict) else {}
    named = detail.get("charged") or detail.get("holders")
    return [str(each) for each in named] if named else [each for each in use.holder.split(",") if each]
