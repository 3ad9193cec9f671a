"""Why: one clause as it spoke in one case. The facts used, the calculation, what it led to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, gettext

from zhike.cases.models import Case
from zhike.clocks.models import Clock
from zhike.clocks.queries import Minutes, minutes_in
from zhike.handbook.book import Book
from zhike.journal.models import ClauseUse
from zhike.journal.queries import standing_uses
from zhike.records.display import display
from zhike.web.base import times
from zhike.web.base.deadlines import Deadline, deadline_of
from zhike.web.base.names import names_of
from zhike.web.handbook_page import terms
from zhike.web.handbook_page.describing import Line
from zhike.web.handbook_page.ledger import clock_of
from zhike.web.handbook_page.pages import words_of_outcome

MOST_USES = 20
HIDDEN_FACTS = ("param.", "actor.principal")


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock of the case: the component, and how its due time came about, step by step."""

    deadline: Deadline
    steps: list[Line]


@dataclass(frozen=True, slots=True)
class UseView:
    """One line of the ledger in this case."""

    at: dt.datetime
    word: str
    outcome: str
    because: str
    facts: list[Line]


@dataclass(frozen=True, slots=True)
class Why:
    """One clause in one case."""

    number: str
    clocks: list[ClockView]
    uses: list[UseView]


def why(book: Book, clause: str, case: Case, now: dt.datetime) -> Why:
    """What the clause did in the case; the caller has been through the case's gate. Three queries."""
    clocks = list(Clock.objects.filter(subject_kind="case", subject_id=case.pk, clause=clause).order_by("id"))
    uses = list(
        standing_uses()
        .filter(subject_kind="case", subject_id=case.pk, handbook=book.name, clause=clause)
        .order_by("-id")[:MOST_USES]
    )
    names = names_of({holder for clock in clocks for holder in clock.holders}, [book])
    kind, minutes = book.clause(clause).kind, minutes_in(clocks)
    return Why(
        number=case.number,
        clocks=[ClockView(deadline_of(clock, now, names), calculation(clock, now)) for clock in clocks],
        uses=[use_view(book, kind, use, minutes) for use in uses],
    )


def calculation(clock: Clock, now: dt.datetime) -> list[Line]:
    """From the start to the due time: start, limit, pauses, extensions, due, and how it ended."""
    steps = [
        Line(gettext("起算"), times.moment(clock.started_at, now)),
        Line(gettext("加上期限"), _limit(clock)),
    ]
    for begins, ends in clock.pauses:
        until = _moment(ends, now) if ends else gettext("现在")
        steps.append(
            Line(gettext("扣除暂停"), gettext("%(from)s 至 %(to)s") % {"from": _moment(begins, now), "to": until})
        )
    if clock.target_at is not None:
        steps.append(Line(gettext("目标"), times.moment(clock.target_at, now)))
    steps += [Line(gettext("延期"), _extension(extension)) for extension in clock.extensions]
    steps.append(Line(gettext("等于最晚"), times.moment(clock.due_at, now)))
    if clock.stopped_at is not None:
        ended = f"{times.moment(clock.stopped_at, now)}{gettext('，')}{times.outcome(clock.due_at, clock.stopped_at)}"
        steps.append(Line(gettext("停止于"), ended))
    return steps


def _limit(clock: Clock) -> str:
    length = times.limit(clock.limit)
    if clock.limit.get("time") == "working":
        return gettext("%(length)s（只计工作时间）") % {"length": length}
    return gettext("%(length)s（自然时间，连续计）") % {"length": length}


def _extension(extension: Any) -> str:
    if isinstance(extension, Mapping):
        length = times.limit(extension)
        return length or gettext("、").join(f"{value}" for value in extension.values() if value)
    return str(extension)


def _moment(text: str, now: dt.datetime) -> str:
    return times.moment(dt.datetime.fromisoformat(text), now)


def use_view(book: Book, kind: str, use: ClauseUse, minutes: Mapping[int, Minutes]) -> UseView:
    """A line of the ledger in words; facts of sensitive fields are masked. `minutes` are those of broken limits."""
    detail = use.detail if isinstance(use.detail, dict) else {}
    facts = detail.get("facts")
    because = str(detail.get("words") or detail.get("because") or "")
    return UseView(
        at=use.at,
        word=words_of_outcome(kind)[use.outcome],
        outcome=use.outcome,
        because=because,
        facts=[
            *_facts(book, facts if isinstance(facts, dict) else {}),
            *_minutes(use, kind, minutes.get(clock_of(use))),
        ],
    )


def _facts(book: Book, facts: Mapping[str, Any]) -> Iterable[Line]:
    for name, value in facts.items():
        if name.startswith(HIDDEN_FACTS):
            continue
        yield Line(terms.fact(book, name, None), fact_value(book, name, value))


def fact_value(book: Book, name: str, value: Any) -> str:
    """A fact as people read it."""
    field = terms.find_field(book, name, None)
    if field is not None:
        try:
            return display(book, field, value, get_language() or "zh")
        except (ValueError, TypeError, KeyError):
            return "****" if field.sensitive else str(value)
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if isinstance(value, list):
        return gettext("、").join(str(each) for each in value)
    return gettext("空") if value is None else str(value)


def _minutes(use: ClauseUse, kind: str, known: Minutes | None) -> Iterable[Line]:
    """How long it took. How late a broken limit was in the end is read from its clock; what is missed stays missed."""
    if use.outcome == "broken":
        if kind != "deadline":
            return
        used, late = (known.used, known.late) if known else (None, use.late_minutes)
        if known is not None and used is None:
            yield Line(gettext("现在"), gettext("还没有办完"))
    else:
        used, late = use.minutes, use.late_minutes
    detail = use.detail if isinstance(use.detail, dict) else {}
    if isinstance(detail.get("in_target"), bool):
        told = gettext("在目标时间以内") if detail["in_target"] else gettext("超过了目标时间")
        yield Line(gettext("目标"), told)
    if used is not None:
        yield Line(gettext("用时"), times.exact(dt.timedelta(minutes=used)))
    if late:
        yield Line(gettext("超出"), times.exact(dt.timedelta(minutes=late)))
