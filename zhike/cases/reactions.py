"""What a case does when it hears of its clocks and duties: carry out the effects its handbook names, keep the next due time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from django.db import connection

from zhike.cases.actions import take_action
from zhike.cases.effects import collect
from zhike.cases.facts import facts_of
from zhike.cases.limits import happen
from zhike.cases.models import Case
from zhike.cases.refusals import CaseError
from zhike.cases.standing import standing_of
from zhike.clocks.events import (
    ClockBreached,
    ClockCancelled,
    ClockExtended,
    ClockPaused,
    ClockRedated,
    ClockRestored,
    ClockResumed,
    ClockRetimed,
    ClockStarted,
    ClockStopped,
    ClockTargetPassed,
    ClockWarned,
)
from zhike.clocks.subjects import locks
from zhike.duties.events import DutyExhausted, DutyMissed, DutyStreak
from zhike.handbook.book import Book
from zhike.handbook.clauses import Clause, Deadline, Duty
from zhike.handbook.common import Effects, Text
from zhike.handbook.conditions import holds
from zhike.handbook.named import with_named
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.lib.spoken import moment
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of
from zhike.org.principals import SYSTEM_VIEWER, role_key, role_of
from zhike.records.events import LookupMissing

# One statement for a whole batch; the subquery reads the partial index of open clocks.
KEEP_NEXT_DUE = """
UPDATE cases_case SET next_due_at = soonest.due
FROM (
    SELECT wanted.id, (
        SELECT min(due_at) FROM clocks_clock
        WHERE subject_kind = 'case' AND subject_id = wanted.id AND state IN ('running', 'paused', 'overdue')
    ) AS due
    FROM unnest(%s::bigint[]) AS wanted(id)
) AS soonest
WHERE cases_case.id = soonest.id AND cases_case.next_due_at IS DISTINCT FROM soonest.due
"""


@locks("case")
def lock_cases(ids: Sequence[int]) -> set[int]:
    """Hold the cases whose clocks fire, but wait for none: one that somebody is at work on is left for the next look."""
    free = set(
        Case.objects.select_for_update(skip_locked=True, no_key=True).filter(pk__in=ids).values_list("pk", flat=True)
    )
    rest = set(ids) - free
    return free | (rest - set(Case.objects.filter(pk__in=rest).values_list("pk", flat=True)) if rest else set())


@reacts_to(
    ClockStarted,
    ClockStopped,
    ClockCancelled,
    ClockExtended,
    ClockPaused,
    ClockRedated,
    ClockResumed,
    ClockRestored,
    ClockRetimed,
)
def keep_next_due(events: Sequence[Recorded[Any]]) -> None:
    """Lists sort by what is due next, so the row carries it."""
    ids = sorted({e.subject[1] for e in events if e.subject[0] == "case"})
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(KEEP_NEXT_DUE, [ids])


USED = Text(
    zh="{number}“{clause}”时限已用 {share:g}%，最晚 {until}。",
    en="{number}: {share:g}% of “{clause}” is used up; due {until}.",
)
PASSED = Text(
    zh="{number}“{clause}”的目标时间到了，还没有办完；最晚 {until}。",
    en="{number}: the target of “{clause}” has passed and it is not done; due {until}.",
)


@reacts_to(ClockWarned, ClockTargetPassed)
def warn_the_holder(events: Sequence[Recorded[Any]]) -> None:
    """The holder hears before it is too late, with the time that is left; of a target that it is over, and nothing else follows."""
    cases = _cases(events)
    notices = [_warning(event, cases[event.subject[1]]) for event in events if event.subject[1] in cases]
    if notices:
        tell(notices)


def _warning(event: Recorded[Any], case: Case) -> Tell:
    told, book = event.payload, book_of(event.payload.version_id)
    clause = book.clause(event.clauses[0])
    said = USED if isinstance(told, ClockWarned) else PASSED
    parts = {
        "number": case.number, "until": moment(told.due_at, book.handbook.zone),
        "share": told.share if isinstance(told, ClockWarned) else 0,
    }  # fmt: skip
    words = Text(
        zh=said.zh.format(clause=clause.title.zh, **parts),
        en=said.say("en").format(clause=clause.title.say("en"), **parts),
    )
    return Tell(event.at, told.holders, "warned", clause.id, book.name, event.subject, words)


@reacts_to(ClockBreached)
def follow_breaches(events: Sequence[Recorded[ClockBreached]]) -> None:
    """Effects of a limit that ran out. A clock that watches a duty is heard by the duties room, whose DutyMissed brings the effects."""
    own = [e for e in events if e.payload.watches != "duty"]
    cases = _cases(own)
    notices: list[Tell] = []
    for event in own:
        case = cases.get(event.subject[1])
        if case is not None:
            notices += _breach(event, case)
    if notices:
        tell(notices)
    for event in own:
        _act(event, event.payload.version_id, event.payload.due_at)
    _let_clauses_hear(own, "clock.{clause}.breached", lambda event: str(event.payload.clock))


def _breach(event: Recorded[ClockBreached], case: Case) -> list[Tell]:
    book = book_of(event.payload.version_id)
    clause = book.clause(event.clauses[0])
    listed = _listed(book, clause)
    due = moment(event.payload.due_at, book.handbook.zone)
    words = Text(
        zh=f"{case.number}“{clause.title.zh}”已超时（最晚 {due}），持有人：{_titles(book, event.payload, 'zh')}。",
        en=f"{case.number}: “{clause.title.say('en')}” is overdue (due {due}), held by {_titles(book, event.payload, 'en')}.",
    )
    return collect(
        listed, case, book, facts=_facts(case, book, listed), at=event.payload.due_at, holders=event.payload.holders,
        held_as=event.payload.held_as.split(","), clause=clause.id, words=words, kind="breached",
    )  # fmt: skip


@reacts_to(DutyMissed)
def follow_missed_duties(events: Sequence[Recorded[DutyMissed]]) -> None:
    """Effects of a duty that was not done in its period."""
    cases = _cases(events)
    notices: list[Tell] = []
    for event in events:
        case = cases.get(event.subject[1])
        if case is not None:
            notices += _missed(event, case)
    if notices:
        tell(notices)
    for event in events:
        _act(event, event.payload.version_id, event.at)
    _let_clauses_hear(events, "duty.{clause}.missed", lambda event: str(event.payload.obligation))
    owed = [event for event in events if _is_deadline(event)]
    _let_clauses_hear(owed, "clock.{clause}.breached", lambda event: f"owed/{event.payload.obligation}")


def _is_deadline(event: Recorded[DutyMissed]) -> bool:
    """A deadline that ends with an event is owed, not timed; clauses hear of it as of any other that ran out."""
    return isinstance(book_of(event.payload.version_id).clause(event.clauses[0]), Deadline)


@reacts_to(DutyExhausted)
def follow_vain_tries(events: Sequence[Recorded[DutyExhausted]]) -> None:
    """Effects of a duty whose every try reached nobody (`attempts.then`)."""
    _follow_outcomes(
        events,
        "{number}“{title}”已试 {count} 次，都没有联系上。",
        "{number}: “{title}” was tried {count} times in vain.",
    )
    _let_clauses_hear(events, "duty.{clause}.exhausted", lambda event: str(event.payload.obligation))


@reacts_to(DutyStreak)
def follow_streaks(events: Sequence[Recorded[DutyStreak]]) -> None:
    """Effects of so many deeds in a row with the outcome a clause looks for (`streak.then`)."""
    _follow_outcomes(
        events,
        "{number}“{title}”连续 {count} 次是同样的结果。",
        "{number}: “{title}” came out the same {count} times in a row.",
    )
    _let_clauses_hear(events, "duty.{clause}.streak", lambda event: f"streak/{event.payload.obligation}")


def _follow_outcomes(events: Sequence[Recorded[Any]], zh: str, en: str) -> None:
    cases = _cases(events)
    notices: list[Tell] = []
    for event in events:
        case = cases.get(event.subject[1]) if event.subject[0] == "case" else None
        if case is not None:
            notices += _outcome(event, case, zh, en)
    if notices:
        tell(notices)


def _outcome(event: Recorded[Any], case: Case, zh: str, en: str) -> list[Tell]:
    book = book_of(event.payload.version_id)
    clause = book.clause(event.clauses[0])
    listed = then_of(clause, event.payload)
    count = event.payload.count if isinstance(event.payload, DutyStreak) else event.payload.tries
    words = Text(
        zh=zh.format(number=case.number, title=clause.title.zh, count=count),
        en=en.format(number=case.number, title=clause.title.say("en"), count=count),
    )
    return collect(
        listed, case, book, facts=_facts(case, book, listed), at=event.at, holders=event.payload.holders,
        held_as=event.payload.held_as.split(","), clause=clause.id, words=words, kind="told",
    )  # fmt: skip


def then_of(clause: Clause, payload: DutyExhausted | DutyStreak) -> Effects:
    """What the clause says follows when its tries are used up, or so many deeds in a row had one outcome."""
    if not isinstance(clause, Duty):
        return ()
    rule = clause.streak if isinstance(payload, DutyStreak) else clause.attempts
    return rule.then if rule else ()


def _let_clauses_hear(events: Sequence[Recorded[Any]], name: str, mark: Callable[[Recorded[Any]], str]) -> None:
    """What a limit or duty did may start and stop others."""
    cases = _cases(events)
    for event in events:
        case = cases.get(event.subject[1]) if event.subject[0] == "case" else None
        if case is not None:
            happen(case, name.format(clause=event.clauses[0]), now=event.at, mark=mark(event))


def _missed(event: Recorded[DutyMissed], case: Case) -> list[Tell]:
    book = book_of(event.payload.version_id)
    clause = book.clause(event.clauses[0])
    listed = _listed(book, clause)
    words = Text(
        zh=f"{case.number}“{clause.title.zh}”（{event.payload.period}）没有完成。",
        en=f"{case.number}: “{clause.title.say('en')}” ({event.payload.period}) was not done.",
    )
    return collect(
        listed, case, book, facts=_facts(case, book, listed), at=event.at, holders=event.payload.holders,
        held_as=[role_of(h) for h in event.payload.holders], clause=clause.id, words=words, kind="missed",
    )  # fmt: skip


def _listed(book: Book, clause: Clause) -> Effects:
    """What follows when the clause is not kept: its own list, else the handbook's."""
    defaults = book.handbook.defaults
    match clause:
        case Deadline():
            return defaults.breach if clause.breach is None else clause.breach
        case Duty():
            return (defaults.missed or defaults.breach) if clause.missed is None else clause.missed
        case _:
            return ()


def _act(event: Recorded[Any], version_id: int, at: dt.datetime) -> None:
    """The product takes the action a clause names for this; where the case no longer offers it, there is nothing to do, and where a
    clause refuses it, that is written down: what ran out has run out all the same.
    """
    book = book_of(version_id)
    for effect in _listed(book, book.clause(event.clauses[0])):
        if effect.act and event.subject[0] == "case":
            case = _cases([event])[event.subject[1]]
            if not effect.when or holds(effect.when, _facts(case, book, (effect,))):
                with suppress(CaseError):
                    take_action(case.pk, effect.act, {}, by=SYSTEM_VIEWER, now=at)


@reacts_to(LookupMissing)
def tell_of_missing_entries(events: Sequence[Recorded[LookupMissing]]) -> None:
    """A topic that must be answerable has no entry: those the clause names are told."""
    notices = [_missing_entry(event) for event in events if event.payload.notify]
    if notices:
        tell(notices)


def _missing_entry(event: Recorded[LookupMissing]) -> Tell:
    payload = event.payload
    words = Text(
        zh=f"查询资料缺项：{payload.topic or payload.record}，请补充。",
        en=f"No entry for {payload.topic or payload.record}; please add one.",
    )
    to = [role_key(event.handbook, role) for role in payload.notify]
    return Tell(
        at=event.at,
        to=to,
        kind="told",
        clause=payload.clause,
        handbook=event.handbook,
        subject=event.subject,
        words=words,
    )


def _cases(events: Iterable[Recorded[Any]]) -> dict[int, Case]:
    ids = {e.subject[1] for e in events if e.subject[0] == "case"}
    return {c.pk: c for c in Case.objects.select_related("department", "parent").filter(pk__in=ids)} if ids else {}


def _facts(case: Case, book: Book, listed: Effects) -> dict[str, Any]:
    """Facts are only gathered where an effect asks for them."""
    if not any(effect.when or effect.finding or effect.apply for effect in listed):
        return {}
    return with_named(book, facts_of(case, book) | standing_of(book, [case.pk])[case.pk])


def _titles(book: Book, payload: ClockBreached, language: str) -> str:
    roles = [role for role in payload.held_as.split(",") if role]
    titles = [book.role(role).title.say(language) for role in roles if role not in ("owner", "customer", "system")]
    return ("、" if language == "zh" else ", ").join(titles) or "-"
