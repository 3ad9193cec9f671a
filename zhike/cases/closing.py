"""Periods of figures that are over: a target that was missed opens a case, once for each period and group, and a ranking is reported, so
that sanctions on it are drafted.

A period is closed at its end, or as much later as its rows need to be old enough. What is corrected afterwards opens nothing and takes
nothing back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction

from zhike.cases import ranked_sanctions
from zhike.cases.composing import counted_parts, measured
from zhike.cases.figures import PERSON, SUBJECT, Row, ripe_at
from zhike.cases.models import Case, PeriodClosing
from zhike.cases.opening import open_by_product
from zhike.cases.ranking import ranks_of
from zhike.cases.report import Rows, TooMany, everything
from zhike.clocks.moments import register_moments
from zhike.handbook.book import Book
from zhike.handbook.clauses import Measure
from zhike.handbook.closing import closings
from zhike.handbook.common import Text
from zhike.handbook.limits import end_of
from zhike.handbook.measures import figure_text, target_of
from zhike.handbook.periods import PeriodSpan, period_of
from zhike.journal.ledger import Use, write_uses
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import NoHandbook, book_of, current, in_force
from zhike.org.models import Department, Staff
from zhike.org.principals import staff_key, staff_number

POSTPONED = dt.timedelta(minutes=10)
"""How long a period that cannot be closed, because something failed, waits for the next try."""

MOST_CLOSED = 100_000
"""Rows of one kind in a period that is closed: nobody waits for the answer, and a month of a large desk has more than a page computes."""
TOO_MANY = Text(
    zh="“{title}”{period}的数据超过{most}条，没有结算：该立的案、该起草的处理请自己核对。",
    en="“{title}” has more than {most} rows in {period} and was not settled: see yourself what is to be opened or drafted.",
)

log = structlog.get_logger(__name__)
Group = tuple[Any, ...]
"""What `per` names of a row, in that order."""


def look_at_periods(now: dt.datetime) -> int:
    """Wait for the end of the period that runs, for every figure of which something follows; answers how many are new. Done twice, once."""
    new = 0
    for version in in_force(now):
        book = book_of(version.pk)
        for clause, every in closings(book):
            span = period_of(every, now, book.handbook.zone)
            begins = {"begins": span.begins, "next_at": closes_at(book, clause, span)}
            new += PeriodClosing.objects.get_or_create(
                handbook=book.name, clause=clause.id, every=every, defaults=begins
            )[1]
    return new


def closes_at(book: Book, clause: Measure, span: PeriodSpan) -> dt.datetime:
    """When nothing of a period is too young to be counted any more."""
    parts = [one for part in counted_parts(book, clause) for one in (part.numerator, part.denominator)]
    ages = [end_of(book, span.ends, one.mature_after) for one in parts if one is not None and one.mature_after]
    return max([span.ends, *ages])


class Closes:
    """The moments at which periods are closed."""

    def next(self, after: dt.datetime | None = None) -> dt.datetime | None:
        rows = PeriodClosing.objects.all() if after is None else PeriodClosing.objects.filter(next_at__gt=after)
        return rows.order_by("next_at").values_list("next_at", flat=True).first()

    def meet(self, now: dt.datetime, limit: int) -> int:
        due = PeriodClosing.objects.filter(next_at__lte=now).order_by("next_at", "id")
        return sum(_close(number, now) for number in list(due.values_list("pk", flat=True)[:limit]))


def _close(number: int, now: dt.datetime) -> bool:
    try:
        with transaction.atomic():
            rows = PeriodClosing.objects.select_for_update(skip_locked=True)
            row = rows.filter(pk=number, next_at__lte=now).first()
            if row is not None:
                _go_on(row)
            return row is not None
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("a period could not be closed", closing=number)
        PeriodClosing.objects.filter(pk=number).update(next_at=now + POSTPONED)
        return False


def _go_on(row: PeriodClosing) -> None:
    """Close the period and wait for the next. A figure the handbook no longer has is not waited for."""
    try:
        version = current(row.handbook, row.next_at)
    except NoHandbook:
        row.delete()
        return
    book = book_of(version.pk)
    clause = next((one for one, every in closings(book) if (one.id, every) == (row.clause, row.every)), None)
    if clause is None:
        row.delete()
        return
    span = period_of(row.every, row.begins, book.handbook.zone)
    try:
        _follow(version.pk, book, clause, row.every, span, closes_at(book, clause, span))
    except TooMany:
        log.warning("too many rows: nothing follows from this period", measure=clause.id, period=span.key)
        _tell_too_many(version.pk, book, clause, span, row.next_at)
    after = period_of(row.every, span.ends, book.handbook.zone)
    row.begins, row.next_at = after.begins, closes_at(book, clause, after)
    row.save(update_fields=["begins", "next_at"])


def _follow(version_id: int, book: Book, clause: Measure, every: str, span: PeriodSpan, at: dt.datetime) -> None:
    if clause.opens is not None and clause.target is not None:
        rows = everything(book, counted_parts(book, clause), span.begins, span.ends, at, MOST_CLOSED)
        _judge(version_id, book, clause, span, rows, at)
    if clause.rank is not None:
        ranked_sanctions.report(version_id, book, ranks_of(book, clause, span, at, MOST_CLOSED), every, at)


def _tell_too_many(version_id: int, book: Book, clause: Measure, span: PeriodSpan, at: dt.datetime) -> None:
    known = {"period": span.key, "most": MOST_CLOSED}
    words = Text(
        zh=TOO_MANY.zh.format(title=clause.title.zh, **known),
        en=TOO_MANY.say("en").format(title=clause.title.say("en"), **known),
    )
    administrators = Staff.objects.filter(is_admin=True, is_active=True).order_by("pk").values_list("pk", flat=True)
    to = [staff_key(each) for each in administrators]
    tell([Tell(at, to, "told", clause.id, book.name, ("version", version_id), words)])


def _judge(version_id: int, book: Book, clause: Measure, span: PeriodSpan, rows: Rows, at: dt.datetime) -> None:
    """A ledger line for each group that has a figure, and a case for each that missed the target."""
    target = target_of(clause)
    assert target is not None
    for group, own in _groups(clause, rows):
        value = measured(book, clause, own, ripe_at(book, at)).value
        if value is None or any(each in (None, "") for each in group):
            continue
        known = _facts(clause, span, group, value)
        is_kept = target.is_kept(value)
        write_uses(
            [
                Use(
                    at=at, handbook=book.name, version_id=version_id, clause=clause.id, outcome="kept" if is_kept else "broken",
                    subject=("version", version_id), holder=str(known["person_concerned"] or ""),
                    detail={"because": f"{span.key} {known['figure.value']}"},
                )
            ]
        )  # fmt: skip
        if not is_kept:
            key = f"figure:{book.name}/{clause.id}/{span.key}/{'/'.join(map(str, group))}"[:120]
            facts = known | {"clause": clause.id, "found_at": at.isoformat()}
            open_by_product(version_id, clause.opens or "", facts, key=key, now=at)


def _facts(clause: Measure, span: PeriodSpan, group: Group, value: float) -> dict[str, Any]:
    """What a form of the case may be filled with."""
    named = dict(zip(clause.per, group, strict=True))
    number = named.get("department")
    place = Department.objects.filter(pk=number).values_list("name", flat=True).first() if number else None
    return {
        "figure.title": clause.title.zh, "figure.value": figure_text(clause, value), "figure.target": clause.target,
        "figure.period": span.key, "figure.department": number,
        "figure.group": place or next((str(each) for name, each in named.items() if name != "person"), None),
        "person_concerned": named.get("person"),
    }  # fmt: skip


def _groups(clause: Measure, rows: Rows) -> list[tuple[Group, Rows]]:
    """The rows of each group, in the order of the groups; all of them together where the clause splits nothing."""
    places = _departments(rows) if "department" in clause.per else {}
    found: dict[Group, Rows] = {}
    for pair, some in rows.items():
        for row in some:
            group = tuple(_of(row, name, places) for name in clause.per)
            found.setdefault(group, {}).setdefault(pair, []).append(row)
    return sorted(found.items(), key=lambda each: [str(one) for one in each[0]])


def _of(row: Row, name: str, places: Mapping[int, int | None]) -> Any:
    if name == "person":
        return row[PERSON] if staff_number(row[PERSON]) is not None else None
    if name != "department":
        return row.get(name)
    kind, number = row[SUBJECT]
    return number if kind == "department" else places.get(number) if kind == "case" else None


def _departments(rows: Rows) -> dict[int, int | None]:
    """The department of each case. One query."""
    ids: Sequence[int] = sorted(
        {row[SUBJECT][1] for some in rows.values() for row in some if row[SUBJECT][0] == "case"}
    )
    return dict(Case.objects.filter(pk__in=ids).values_list("pk", "department_id"))


register_moments("closing", Closes())
