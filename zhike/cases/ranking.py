"""Rankings of the handbook over one of their periods: everybody's figures, and the order a person set between equals.

What was decided is a fact of the journal; it holds as long as the same people are equal in that period.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from zhike.cases.composing import counted_parts, measured
from zhike.cases.events import RankDecided
from zhike.cases.figures import PERSON, definition_of, ripe_at
from zhike.cases.refusals import Impossible, NotYours, Reason
from zhike.cases.report import Rows, everything
from zhike.handbook.book import Book
from zhike.handbook.clauses import Measure
from zhike.handbook.closing import periods_of
from zhike.handbook.common import Text
from zhike.handbook.periods import PeriodSpan, period_of
from zhike.handbook.ranks import DECIDED, STAFF, Place, Sight, ranked, sight_of
from zhike.journal.actions import NewFact, record
from zhike.journal.ledger import Use
from zhike.journal.models import Fact
from zhike.lib.text import clean_line
from zhike.org.models import Assignment
from zhike.org.principals import Viewer, staff_key, staff_number

LONGEST_WORDS = 200

NOT_YOURS = Text(zh="这个名次不由您来定。", en="This order is not yours to decide.")
ABOUT_YOURSELF = Text(zh="您也在其中，请由别人来定。", en="You are among them: somebody else decides.")
NOT_OVER = Text(zh="这一期还没有结束，结束以后再定。", en="This period is not over; decide when it is.")
NO_REASON = Text(zh="请写明这样定的理由。", en="Say why you decide so.")
NOT_EQUAL = Text(
    zh="数字已经变了，这几位不再同分。请看最新的名次。",
    en="The figures changed and these people are no longer equal. Look at the places as they are now.",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The order somebody set between equals, and why."""

    order: tuple[str, ...]
    by: str
    at: dt.datetime
    words: str


@dataclass(frozen=True, slots=True)
class Ranks:
    """One ranking over one period."""

    handbook: str
    clause: Measure
    span: PeriodSpan
    places: tuple[Place, ...]
    figures: Mapping[str, Mapping[str, float | None]]
    """Person -> measure -> figure: the one that ranks and those that decide between equals."""
    decisions: tuple[Decision, ...]
    members: frozenset[str]
    """Everybody who would have a place if there were something to count."""

    def place_of(self, person: str) -> Place | None:
        return next((each for each in self.places if person in each.people), None)

    @property
    def standing(self) -> list[Decision]:
        """What was decided between people who are equal but for that."""
        return [one for one in self.decisions if _stands(self, one)]


def rankings_of(book: Book) -> list[Measure]:
    """The measure clauses that put people in order."""
    return [one for one in book.clauses("measure") if isinstance(one, Measure) and one.rank is not None]


def may_look(book: Book, clause: Measure, viewer: Viewer) -> bool:
    """Whether something of a ranking may be shown to him; what, is known once it is worked out."""
    if clause.rank is None or viewer.staff is None:
        return False
    among = clause.rank.among
    is_member = STAFF in among or any(viewer.in_role(book.name, role) for role in among)
    return sight_of(clause, holds=lambda role: viewer.in_role(book.name, role), is_member=is_member) != "none"


def sight_on(ranks: Ranks, viewer: Viewer) -> Sight:
    """What this viewer sees of it."""
    if viewer.staff is None:
        return "none"
    return sight_of(
        ranks.clause,
        holds=lambda role: viewer.in_role(ranks.handbook, role),
        is_member=viewer.principal in ranks.members,
    )


def span_of(book: Book, clause: Measure, every: str, at: dt.datetime) -> PeriodSpan:
    """The period of the ranking in which that moment lies; the first of its periods where `every` is none of them."""
    known = periods_of(clause)
    return period_of(every if every in known else known[0], at, book.handbook.zone)


def ranks_of(book: Book, clause: Measure, span: PeriodSpan, now: dt.datetime, most: int | None = None) -> Ranks:
    """One ranking over one of its periods, the same for every reader. At most eleven queries. Raises report.TooMany."""
    assert clause.rank is not None
    names = [clause.name, *(name for name in clause.rank.ties if name != DECIDED)]
    wanted = {name: definition_of(book, name) for name in names}
    parts = [part for one in wanted.values() for part in counted_parts(book, one)]
    rows = everything(book, parts, span.begins, span.ends, now, most)
    members = _members(book, clause, rows)
    own = _by_person(rows)
    is_ripe = ripe_at(book, now)
    figures = {
        person: {name: measured(book, one, own[person], is_ripe).value for name, one in wanted.items()}
        for person in members
        if person in own
    }
    decisions = tuple(_decisions(book, clause, span))
    better = {name: one.better for name, one in wanted.items() if isinstance(one, Measure)}
    places = tuple(ranked(clause, figures, better, [one.order for one in decisions]))
    return Ranks(book.name, clause, span, places, figures, decisions, members)


def _members(book: Book, clause: Measure, rows: Rows) -> frozenset[str]:
    """Whoever is put in order: who holds one of the roles, or for `staff` whoever has a row. One query for roles."""
    assert clause.rank is not None
    if STAFF in clause.rank.among:
        there = {row[PERSON] for some in rows.values() for row in some}
        return frozenset(person for person in there if staff_number(person) is not None)
    held = Assignment.objects.filter(handbook=book.name, role__in=clause.rank.among)
    return frozenset(staff_key(number) for number in held.values_list("staff_id", flat=True))


def _by_person(rows: Rows) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for pair, some in rows.items():
        for row in some:
            found.setdefault(row[PERSON], {}).setdefault(pair, []).append(row)
    return found


def _decisions(book: Book, clause: Measure, span: PeriodSpan) -> Iterable[Decision]:
    """What was decided about this period, the newest first, one for each group of equals. One query."""
    rows = Fact.objects.filter(
        type=RankDecided.event_type, handbook=book.name, payload__measure=clause.name, payload__period=span.key
    )
    known: set[frozenset[str]] = set()
    for fact in rows.order_by("-id"):
        order = tuple(fact.payload["order"])
        if frozenset(order) not in known:
            known.add(frozenset(order))
            yield Decision(order, fact.actor, fact.at, fact.payload.get("words", ""))


def may_decide(ranks: Ranks, people: Sequence[str], viewer: Viewer, now: dt.datetime) -> Reason | None:
    """Why this viewer may not put these equals in order; None where he may."""
    clause = ranks.clause
    assert clause.rank is not None
    if viewer.staff is None or not any(viewer.in_role(ranks.handbook, role) for role in clause.rank.decided_by):
        return Reason(NOT_YOURS, clause.id)
    if viewer.principal in people:
        return Reason(ABOUT_YOURSELF, clause.id)
    return Reason(NOT_OVER, clause.id) if now < ranks.span.ends else None


def decide_rank(
    book: Book, version_id: int, ranks: Ranks, order: Sequence[str], words: str, *, by: Viewer, now: dt.datetime
) -> None:
    """Put equals in this order, the best first, with the reason; a later order of the same people takes the place of this one.

    Raises NotYours for whoever does not decide it, Impossible for people who are not equal, before the period is over, or without a reason.
    """
    reason = may_decide(ranks, order, by, now)
    if reason is not None:
        raise (Impossible if reason.words is NOT_OVER else NotYours)([reason])
    words = clean_line(words[: 2 * LONGEST_WORDS])[:LONGEST_WORDS]
    if not words:
        raise Impossible([Reason(NO_REASON, ranks.clause.id, fields=("words",))])
    equal = {frozenset(each.people) for each in ranks.places if each.is_open} | {
        frozenset(one.order) for one in ranks.standing
    }
    if len(order) != len(set(order)) or frozenset(order) not in equal:
        raise Impossible([Reason(NOT_EQUAL, ranks.clause.id)])
    event = RankDecided(ranks.clause.name, ranks.span.key, list(order), words)
    use = Use(
        at=now, handbook=book.name, version_id=version_id, clause=ranks.clause.id, outcome="applied",
        subject=("version", version_id), holder=by.principal,
    )  # fmt: skip
    with transaction.atomic():
        fact = NewFact(
            event, at=now, subject=("handbook", 0), actor=by.principal, handbook=book.name, clauses=(ranks.clause.id,)
        )
        record([fact], [use])


def _stands(ranks: Ranks, decision: Decision) -> bool:
    """Whether these people still stand one after the other as decided: then the order can be decided anew."""
    firsts = [ranks.place_of(person) for person in decision.order]
    return all(each is not None and len(each.people) == 1 for each in firsts) and _are_equal(ranks, decision.order)


def _are_equal(ranks: Ranks, people: Sequence[str]) -> bool:
    return len({tuple(sorted(ranks.figures[person].items())) for person in people}) == 1
