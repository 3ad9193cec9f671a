"""A ranking over a period that is over, reported: sanctions on it are drafted, each on a case of its own about whoever it concerns.

Who waits for somebody to decide between equals is reported when that was decided. Nobody is reported twice for one period.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from zhike.cases import sanctions
from zhike.cases.events import RankDecided, RankReported
from zhike.cases.facts import facts_of
from zhike.cases.figures import definition_of
from zhike.cases.opening import open_by_product
from zhike.cases.ranking import Ranks, ranks_of
from zhike.handbook.book import Book
from zhike.handbook.clauses import Measure
from zhike.handbook.closing import rank_event, sanctions_on
from zhike.handbook.conditions import holds
from zhike.handbook.named import with_named
from zhike.handbook.periods import PeriodSpan, period_of
from zhike.handbook.ranks import is_too_small
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Recorded
from zhike.journal.models import Fact
from zhike.journal.reactions import reacts_to
from zhike.org.handbooks import book_of, current
from zhike.org.principals import SYSTEM

Facts = dict[str, Any]


def report(version_id: int, book: Book, ranks: Ranks, every: str, at: dt.datetime) -> None:
    """Say where everybody stands whose place is certain, and draft what follows from it. Nothing follows where they are too few."""
    clause, span = ranks.clause, ranks.span
    told = {person for fact in _reported(book.name, clause, span) for person in fact.payload["people"]}
    total = sum(len(each.people) for each in ranks.places)
    certain = [] if is_too_small(clause, ranks.places) else [each for each in ranks.places if not each.is_open]
    places = {person: each for each in certain for person in each.people if person not in told}
    last = [person for person, each in places.items() if each.last == total and each.place > 1]
    event = RankReported(
        clause.name,
        span.key,
        every,
        span.begins.isoformat(),
        list(places),
        [each.place for each in places.values()],
        last,
    )
    record([NewFact(event, at, ("handbook", 0), SYSTEM, book.name, (clause.id,))])
    running = _running(book, clause, every, span, last)
    for person, each in places.items():
        known: Facts = {
            "place": each.place, "places": total, "last_running": running.get(person, 0), "rank.measure": clause.name,
            "rank.period": span.key, "person_concerned": person, "figure.title": clause.title.zh, "figure.period": span.key,
        }  # fmt: skip
        if every == "month":
            known["last_in_months_running"] = running.get(person, 0)
        _draft(version_id, book, every, person, known, at)


def _draft(version_id: int, book: Book, every: str, person: str, known: Facts, at: dt.datetime) -> None:
    """One case in each process in which a sanction speaks of him."""
    speaking = [clause for clause in sanctions_on(book, every) if holds(clause.when, known)]
    for process in dict.fromkeys(clause.process for clause in speaking if clause.process):
        why = next(clause.id for clause in speaking if clause.process == process)
        key = f"rank:{book.name}/{known['rank.measure']}/{known['rank.period']}/{person}/{process}"[:120]
        facts = known | {"clause": why, "found_at": at.isoformat()}
        case = open_by_product(version_id, process, facts, key=key, now=at)
        if case is not None:
            own = with_named(book, facts_of(case, book) | known)
            sanctions.draft(case, book, [rank_event(every)], own, at=at, actor=SYSTEM)


def _reported(handbook: str, clause: Measure, span: PeriodSpan) -> QuerySet[Fact]:
    return Fact.objects.filter(
        type=RankReported.event_type, handbook=handbook, payload__measure=clause.name, payload__period=span.key
    ).order_by("id")


def _running(book: Book, clause: Measure, every: str, span: PeriodSpan, last: Sequence[str]) -> Mapping[str, int]:
    """For how many periods running each of these was last, this one included. One query a period, as far back as somebody was."""
    found, still = dict.fromkeys(last, 1), set(last)
    while still:
        span = period_of(every, span.begins - dt.timedelta(seconds=1), book.handbook.zone)
        still &= {person for fact in _reported(book.name, clause, span) for person in fact.payload["last"]}
        for person in still:
            found[person] += 1
    return found


@reacts_to(RankDecided)
def report_what_was_decided(events: Sequence[Recorded[RankDecided]]) -> None:
    """Those whose place was open have one now."""
    for event in events:
        version = current(event.handbook, event.at)
        book = book_of(version.pk)
        clause = definition_of(book, event.payload.measure)
        if not isinstance(clause, Measure):
            continue
        kept = Fact.objects.filter(
            type=RankReported.event_type,
            handbook=book.name,
            payload__measure=clause.name,
            payload__period=event.payload.period,
        ).first()
        if kept is not None:
            every = str(kept.payload["every"])
            span = period_of(every, dt.datetime.fromisoformat(kept.payload["begins"]), book.handbook.zone)
            report(version.pk, book, ranks_of(book, clause, span, event.at), every, event.at)
