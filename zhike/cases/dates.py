"""Dates that a limit hangs on and nobody may set as late as he likes (`due.cap`): beyond the cap somebody must agree (`due.over_cap`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from zhike.cases.deed import Deed
from zhike.cases.limits import calendar_for, events_since
from zhike.cases.refusals import Reason
from zhike.clocks.models import Clock
from zhike.clocks.queries import open_clocks
from zhike.duties.dates import BEGINNING, started_by
from zhike.handbook.book import Book
from zhike.handbook.calendars import Calendar
from zhike.handbook.clauses import Deadline
from zhike.handbook.common import Names, Text
from zhike.handbook.conditions import holds
from zhike.handbook.gates import links_left
from zhike.handbook.limits import as_date, cap_of, date_fact, due_moment
from zhike.lib.spoken import moment

TOO_LATE = Text(
    zh="“{title}”：{date} 晚于最迟的 {cap}，须经{who}同意。",
    en="“{title}”: {date} is later than {cap}; {who} must agree to it.",
)


def refusals(deed: Deed, form: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> list[Reason]:
    """What this deed sets later than its clause allows without a consent that is not among `given` yet. What was agreed to is noted on
    the deed: its clocks run to the date itself.
    """
    found = []
    for clause, date, cap in _beyond(deed, form):
        assert clause.due is not None
        if not links_left([clause.due.over_cap], given, False):
            deed.agreed.append(clause.id)
            continue
        words = _words(deed.book, clause, date, cap)
        found.append(Reason(words, clause.id, (clause.due.fact or "",), consent=(clause.due.over_cap,)))
    return found


def _beyond(deed: Deed, form: Mapping[str, Any]) -> Iterator[tuple[Deadline, dt.datetime, dt.datetime]]:
    """The clauses whose date this deed sets beyond their cap, with the date and the latest there may be."""
    clauses = [clause for clause in capped(deed.book, deed.process.id) if _sets(deed, clause, form)]
    if not clauses:
        return
    facts = deed.facts(form)
    facts |= {f"{deed.action.record}.{name}": facts[name] for name in form if name in facts}
    running = {} if deed.opening else {clock.clause: clock for clock in open_clocks(deed.subject)}
    for clause in clauses:
        assert clause.due is not None
        assert clause.due.cap is not None
        clock = running.get(clause.id)
        if not holds(clause.when, facts) or not (_is_other(clause, clock, facts) if clock else _runs(deed, clause)):
            continue
        begin, calendar = clock.started_at if clock else deed.now, _calendar(deed, clause)
        date = due_moment(deed.book, clause.due, begin, facts, calendar)
        cap = cap_of(deed.book, clause.due.cap, begin, calendar)
        if date is not None and date > cap:
            yield clause, date, cap


def _is_other(clause: Deadline, clock: Clock, facts: Mapping[str, Any]) -> bool:
    """The date it runs to already was agreed to, or needed nobody."""
    name = date_fact(clause) or ""
    return as_date(clock.facts.get(name)) != as_date(facts.get(name))


def _runs(deed: Deed, clause: Deadline) -> bool:
    """Whether the limit would begin now: a date typed before its start is asked about when it starts."""
    if not clause.starts:
        return True
    earlier = () if deed.opening else events_since(deed.case, BEGINNING)
    return started_by(clause, (*earlier, deed.event)) is not None


def _sets(deed: Deed, clause: Deadline, form: Mapping[str, Any]) -> bool:
    """Whether the date is typed on this form, or the limit begins with this deed."""
    fact = (clause.due.fact or "") if clause.due is not None else ""
    record, _, name = fact.rpartition(".")
    typed = record in ("", deed.action.record) and form.get(name) is not None
    return typed or deed.event in clause.starts or (deed.opening and "case.opened" in clause.starts)


def _calendar(deed: Deed, clause: Deadline) -> Calendar | None:
    name = calendar_for(deed.case, clause)
    return deed.book.calendar(name) if name else None


def capped(book: Book, process: str) -> list[Deadline]:
    """The limits of a process of which a later date needs somebody's consent."""
    return [one for one, at in book.dated if at in (None, process) and one.due and one.due.cap and one.due.over_cap]


def roles_asked(book: Book, process: str) -> set[str]:
    """Every role whose consent such a limit may ask."""
    return {role for clause in capped(book, process) if clause.due for role in clause.due.over_cap}


def _words(book: Book, clause: Deadline, date: dt.datetime, cap: dt.datetime) -> Text:
    zone, roles = book.handbook.zone, clause.due.over_cap if clause.due else ()

    def said(language: str) -> str:
        return TOO_LATE.say(language).format(
            title=clause.title.say(language), date=moment(date, zone), cap=moment(cap, zone), who=_who(book, roles, language)
        )  # fmt: skip

    return Text(zh=said("zh"), en=said("en"))


def _who(book: Book, roles: Names, language: str) -> str:
    names: Iterable[str] = (book.role(role).title.say(language) for role in roles)
    return ("、" if language == "zh" else " or ").join(names)
