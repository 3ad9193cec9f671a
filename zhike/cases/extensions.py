"""Extensions of limits: a request is refused where it breaks the rules, and granted by the deed that completes it.

The rules stand on the limit (`extend`): how many, how long each, in time, what must have been done since, who agrees.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from zhike.cases.deed import Deed
from zhike.cases.deeds import standing_deeds
from zhike.cases.refusals import Reason
from zhike.clocks.actions import extend_clock
from zhike.clocks.models import Clock
from zhike.clocks.queries import open_clocks
from zhike.clocks.timing import calendar_of_clock, own_minutes
from zhike.duties.models import Obligation
from zhike.handbook.calendars import due_at
from zhike.handbook.clauses import Deadline, Duty
from zhike.handbook.common import Duration, Names, Text, Unit, is_present
from zhike.handbook.limits import as_moment
from zhike.handbook.terms import Extension
from zhike.org.models import Assignment
from zhike.org.principals import SYSTEM, keys_of, role_key
from zhike.records.models import Filling
from zhike.records.queries import standing_fillings

NOTHING_RUNS = Text(zh="没有可以延期的时限。", en="No limit is running that could be extended.")
TOO_LATE = Text(zh="原时限已过，不能再申请延期。", en="The limit has passed; more time can no longer be asked for.")
NOT_LATER = Text(zh="新的时限须晚于原时限。", en="The new limit must be later than the present one.")


def refusals(deed: Deed, form: Mapping[str, Any]) -> list[Reason]:
    """Why the limit cannot be extended as asked; nothing where the deed asks for no extension."""
    asked = [clause for clause in _extendable(deed) if deed.event in _rule(clause).asks]
    if not asked:
        return []
    running = {} if deed.opening else {clock.clause: clock for clock in _open(deed)}
    found = [(clause, running[clause.id]) for clause in asked if clause.id in running]
    if not found:
        return [Reason(NOTHING_RUNS, _named(asked[0]))]
    return [reason for clause, clock in found for reason in _broken(deed, clause, clock, form)]


def _broken(deed: Deed, clause: Deadline, clock: Clock, form: Mapping[str, Any]) -> Iterable[Reason]:
    rule = _rule(clause)
    if len(clock.extensions) >= rule.most:
        words = Text(zh=f"最多延期 {rule.most} 次。", en=f"A limit may be extended {rule.most} times at most.")
        yield Reason(words, _named(clause))
    if rule.within_limit and _is_over(clock, deed.now):
        yield Reason(TOO_LATE, _named(clause))
    wanted = as_moment(form.get(rule.to or ""), deed.now)
    if rule.to is None or wanted is None:
        return
    if wanted <= clock.due_at:
        yield Reason(NOT_LATER, _named(clause), (rule.to,))
    elif rule.each is not None and wanted > _furthest(clock, rule.each):
        words = Text(
            zh=f"每次延期不得超过 {_spoken(rule.each)[0]}。",
            en=f"One extension may be {_spoken(rule.each)[1]} at most.",
        )
        yield Reason(words, _named(clause), (rule.to,))


def grant(deed: Deed) -> None:
    """Extend the limits for which this deed completed what the rules ask for."""
    waiting = [clause for clause in _extendable(deed) if not _completing(deed, clause).isdisjoint(deed.happened)]
    if not waiting or deed.opening:
        return
    running = {clock.clause: clock for clock in _open(deed)}
    for clause in waiting:
        clock = running.get(clause.id)
        request = _pending(deed, clause, clock) if clock is not None else None
        if clock is not None and request is not None:
            _grant(deed, clause, clock, request)


def _grant(deed: Deed, clause: Deadline, clock: Clock, request: Filling) -> None:
    rule = _rule(clause)
    link = rule.approvals[min(len(clock.extensions), len(rule.approvals) - 1)] if rule.approvals else ()
    agreed = _agreed(deed, rule, link, request) if link else SYSTEM
    if agreed is None or not all(_was_met(deed, name, request) for name in rule.after):
        return
    more = _length(deed, rule, clock, request)
    if more is not None:
        why = str(request.values.get(rule.requires[0]) if rule.requires else "") or clause.title.zh
        extend_clock(
            clock.pk, more, asked_by=request.actor, approved_by=agreed, why=why, at=deed.now, request=str(request.pk)
        )


def _pending(deed: Deed, clause: Deadline, clock: Clock) -> Filling | None:
    """The latest request that no extension answered yet, where it keeps the rules."""
    rule = _rule(clause)
    if len(clock.extensions) >= rule.most or _is_over(clock, deed.now):
        return None
    last = clock.extensions[-1] if clock.extensions else {}
    rows = standing_fillings().filter(subject_kind="case", subject_id=deed.case.pk, action__in=_actions(rule.asks))
    if last.get("request"):
        rows = rows.filter(pk__gt=int(last["request"]))  # not by time: in a sandbox two of them may be of one moment
    elif last:
        rows = rows.filter(at__gt=dt.datetime.fromisoformat(last["at"]))
    latest = rows.filter(at__gte=clock.started_at).order_by("id").last()
    complete = latest is not None and all(is_present(latest.values.get(name)) for name in rule.requires)
    return latest if complete else None


def _was_met(deed: Deed, clause_id: str, request: Filling) -> bool:
    rows = Obligation.objects.filter(subject_kind="case", subject_id=deed.case.pk, clause=clause_id)
    latest = rows.filter(begins_at__gte=request.at).order_by("begins_at", "id").last()
    return latest is not None and latest.state == Obligation.State.MET


def _agreed(deed: Deed, rule: Extension, link: Names, request: Filling) -> str | None:
    """Who of the link agreed since it was asked for; not the one who asked, nor the two of them in each other's place."""
    wanted = {role_key(deed.book.name, role) for role in link}
    asking = _asking(deed, request)
    given: list[tuple[str, frozenset[str], frozenset[str]]] = []
    if deed.event in rule.agrees:
        given.append((deed.viewer.principal, deed.persons, deed.viewer.keys))
    rows = standing_deeds(deed.case.pk).filter(at__gte=request.at, payload__action__in=_actions(rule.agrees))
    for actor, payload in rows.values_list("actor", "payload"):
        given.append((actor, frozenset({actor, payload.get("in_place_of", "")}), _keys(actor)))
    return next(
        (who for who, persons, keys in given if asking.isdisjoint(persons) and not wanted.isdisjoint(keys)), None
    )


def _asking(deed: Deed, request: Filling) -> frozenset[str]:
    """Who asked: whoever filled the request in, and the absent colleague in whose place he did."""
    if request.pk == deed.filling:
        return deed.persons
    rows = standing_deeds(deed.case.pk).filter(payload__filling=request.pk).values_list("payload", flat=True)
    return frozenset({request.actor, *(payload.get("in_place_of", "") for payload in rows)} - {""})


def _keys(actor: str) -> frozenset[str]:
    number = actor.removeprefix("staff:")
    return keys_of(int(number), Assignment.objects.filter(staff_id=int(number))) if number.isdecimal() else frozenset()


def _length(deed: Deed, rule: Extension, clock: Clock, request: Filling) -> Duration | None:
    """How much more time, in the clock's own."""
    if rule.to is None:
        return rule.each
    wanted = as_moment(request.values.get(rule.to), deed.now)
    if wanted is None or wanted <= clock.due_at or (rule.each and wanted > _furthest(clock, rule.each)):
        return None
    seconds = round(own_minutes(calendar_of_clock(clock), clock.due_at, wanted) * 60)
    return Duration(amount=seconds, unit=Unit.second) if seconds > 0 else None


def _furthest(clock: Clock, each: Duration) -> dt.datetime:
    return due_at(calendar_of_clock(clock), clock.due_at, each, zone=clock.limit["zone"])


def _is_over(clock: Clock, now: dt.datetime) -> bool:
    return clock.state == Clock.State.OVERDUE or (clock.state == Clock.State.RUNNING and clock.over_at <= now)


def _extendable(deed: Deed) -> list[Deadline]:
    found = (clause for clause in deed.book.clauses("deadline") if isinstance(clause, Deadline))
    return [c for c in found if c.extend and c.extend.asks and deed.book.process_of(c) in (None, deed.process.id)]


def _rule(clause: Deadline) -> Extension:
    assert clause.extend is not None
    return clause.extend


def _named(clause: Deadline) -> str:
    return _rule(clause).under or clause.id


def _open(deed: Deed) -> list[Clock]:
    return [clock for clock in open_clocks(deed.subject) if not clock.watches]


def _completing(deed: Deed, clause: Deadline) -> set[str]:
    """Events after which what was asked for may be complete."""
    rule = _rule(clause)
    duties = (deed.book.clause(name) for name in rule.after)
    return {*rule.asks, *rule.agrees, *(event for duty in duties if isinstance(duty, Duty) for event in duty.owes)}


def _actions(events: Iterable[str]) -> list[str]:
    return [event.removeprefix("action.") for event in events if event.startswith("action.")]


UNITS = {
    Unit.second: "秒", Unit.minute: "分钟", Unit.hour: "小时", Unit.day: "天", Unit.working_hour: "个工作小时",
    Unit.working_day: "个工作日", Unit.week: "周", Unit.month: "个月", Unit.year: "年",
}  # fmt: skip


def _spoken(duration: Duration) -> tuple[str, str]:
    return f"{duration.amount} {UNITS[duration.unit]}", str(duration)
