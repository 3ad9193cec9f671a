"""How long a decision takes, measured on a book."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from zhike.handbook.book import Book
from zhike.handbook.clauses import Gate, Route
from zhike.handbook.common import Facts, Test, When
from zhike.handbook.decide import decide, judge
from zhike.handbook.decision import Undecided

ROUNDS = 5
BAR_MICROSECONDS = 50.0


def measure_decide(book: Book, calls: int = 2000) -> dict[str, Any]:
    """Microseconds of one `decide` and one `judge` over every route and gate of the book, with facts that make them
    match.

    `{"decide_us": median of the rounds, "judge_us": ..., "calls": ..., "clauses": ..., "bar_us": 50.0, "ok": ...}`
    """
    decisions = [_asking(book, clause) for clause in book.clauses("route") if isinstance(clause, Route)]
    judgements = [_judging(book, clause) for clause in book.clauses("gate") if isinstance(clause, Gate)]
    decide_us, judge_us = _microseconds(decisions, calls), _microseconds(judgements, calls)
    return {
        "decide_us": decide_us,
        "judge_us": judge_us,
        "calls": calls,
        "clauses": len(book.clauses()),
        "bar_us": BAR_MICROSECONDS,
        "ok": max(decide_us, judge_us) < BAR_MICROSECONDS,
    }


def _asking(book: Book, clause: Route) -> Callable[[], object]:
    facts, process = facts_for(clause.when), book.process_of(clause)

    def ask() -> object:
        try:
            return decide(book, "route", facts, on=clause.on[0], process=process, yields=clause.yields)
        except Undecided as error:
            return error

    return ask


def _judging(book: Book, clause: Gate) -> Callable[[], object]:
    facts, process = facts_for(clause.when), book.process_of(clause)
    return lambda: judge(book, facts, on=clause.on[0], process=process)


def _microseconds(questions: list[Callable[[], object]], calls: int) -> float:
    """Median over the rounds of the mean time of one question; 0.0 where there is none to ask."""
    if not questions:
        return 0.0
    rounds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for number in range(calls):
            questions[number % len(questions)]()
        rounds.append((time.perf_counter() - begin) / calls * 1e6)
    return round(statistics.median(rounds), 2)


def facts_for(when: When) -> Facts:
    """Facts under which a condition holds, as far as they can be told from it alone."""
    return {name: _value(test) for name, test in when.items()}


def _value(test: Test) -> Any:
    if test.one_of:
        return test.one_of[0]
    for bound, step in ((test.gte, 0), (test.lte, 0), (test.gt, 1), (test.lt, -1)):
        if isinstance(bound, int | float):
            return bound + step
    if test.present is not None:
        return "x" if test.present else None
    return test.contains if test.contains is not None else test.eq
