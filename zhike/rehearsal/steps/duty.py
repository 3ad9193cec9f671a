"""Section 10: what is owed again and again."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from zhike.duties.exempting import exempt
from zhike.duties.models import Obligation
from zhike.duties.populations import kinds
from zhike.duties.queries import coverage
from zhike.org.principals import role_of
from zhike.rehearsal import names
from zhike.rehearsal.vocabulary import StepFailed, step
from zhike.rehearsal.vocabulary import names as listed
from zhike.rehearsal.world import World

STATES = {"待办": "owed", "已办": "met", "漏办": "missed", "免办": "exempt", "已终止": "ended"}
SAID = {state: said for said, state in STATES.items()}


@step("(?:<N>的)?例行<N>在<D>(待办|已办|漏办|免办|已终止|不用办)")
def on_day(world: World, case: str | None, clause: str, day: str, state: str) -> None:
    wanted = world.day(day)
    found = [o for o in _rows(world, case, clause) if _covers(world, o, wanted)]
    if state == "不用办":
        found = [o for o in found if not _ended_before(o)]
        if found:
            raise StepFailed(f"例行“{clause}”在 {wanted} {SAID[found[-1].state]}", clause)
    elif not found or found[-1].state != STATES[state]:
        raise StepFailed(f"例行“{clause}”在 {wanted} {SAID[found[-1].state] if found else '不用办'}", clause)


@step("(?:<N>的)?例行<N>(待办|已办|漏办|免办|已终止)")
def latest(world: World, case: str | None, clause: str, state: str) -> None:
    found = list(_rows(world, case, clause))
    if not found or found[-1].state != STATES[state]:
        raise StepFailed(f"例行“{clause}”{SAID[found[-1].state] if found else '没有'}", clause)


@step("(?:<N>的)?例行<N>(?:在<D>)?由<NS>承担")
def holders(world: World, case: str | None, clause: str, day: str | None, who: str) -> None:
    rows = list(_rows(world, case, clause))
    if day:
        rows = [o for o in rows if _covers(world, o, world.day(day))]
    if not rows:
        raise StepFailed(f"没有例行“{clause}”", clause)
    for text in listed(who):
        if not _holds(world, rows[-1], text):
            raise StepFailed(f"例行“{clause}”由 {'、'.join(rows[-1].holders)} 承担", clause)


def _holds(world: World, row: Obligation, text: str) -> bool:
    if names.is_role(world.book, text):
        role = names.role(world.book, text).id
        owed_by = getattr(world.book.clause(row.clause), "holder", ())
        return role in owed_by or any(role_of(p) == role for p in row.holders)
    return any(viewer.holds(row.holders) for viewer in world.viewers(text))


@step("(?:<N>的)?例行<N>共(漏办|已办)<I>次")
def how_often(world: World, case: str | None, clause: str, state: str, number: str) -> None:
    count = len([o for o in _rows(world, case, clause) if o.state == STATES[state]])
    if count != int(number):
        raise StepFailed(f"例行“{clause}”共{state} {count} 次", clause)


@step("例行<N>自<D>至<D>的覆盖率是(.+)")
def covered(world: World, clause: str, first: str, last: str, value: str) -> None:
    since = dt.datetime.combine(world.day(first), dt.time.min, world.zone)
    before = dt.datetime.combine(world.day(last) + dt.timedelta(days=1), dt.time.min, world.zone)
    found = coverage(names.clause(world.book, clause).id, since, before, handbook=world.book.name)
    said = {f"{found.met}/{found.due}", "—" if found.share is None else f"{found.share * 100:.1f}%"}
    if found.share is not None and float(found.share * 100).is_integer():
        said.add(f"{found.share * 100:.0f}%")
    if value.strip("“”") not in said:
        raise StepFailed(f"例行“{clause}”的覆盖率是 {' = '.join(sorted(said))}", clause)


@step("<N>批准(?:<N>的)?例行<N>(?:在<D>)?免办,<N>申请,原因<W>", deed=True)
def excused(world: World, person: str, case: str | None, clause: str, day: str | None, asker: str, why: str) -> None:
    rows = [o for o in _rows(world, case, clause) if o.state == "owed"]
    rows = [o for o in rows if _covers(world, o, world.day(day))] if day else rows
    if not rows:
        raise StepFailed(f"例行“{clause}”没有待办的一期", clause)
    approver, asked_by = world.viewer(person).principal, world.viewer(asker).principal
    number = rows[0].pk
    world.attempt(lambda: exempt(number, asked_by=asked_by, approved_by=approver, why=why, at=world.now))


def _rows(world: World, case: str | None, clause: str) -> QuerySet[Obligation]:
    rows = Obligation.objects.filter(clause=names.clause(world.book, clause).id).order_by("begins_at", "id")
    if case is not None:
        kind, number = world.subject(case)
        return rows.filter(subject_kind=kind, subject_id=number)
    subjects = set(rows.values_list("subject_kind", "subject_id"))
    kind, number = next((one for one in world.subjects() if one in subjects), ("", -1))
    return rows.filter(subject_kind=kind, subject_id=number) if kind else rows.filter(subject_kind__in=kinds())


def _covers(world: World, row: Obligation, day: dt.date) -> bool:
    begins = row.begins_at.astimezone(world.zone).date()
    ends = (row.ends_at - dt.timedelta(microseconds=1)).astimezone(world.zone).date() if row.ends_at else begins
    return begins <= day <= ends


def _ended_before(row: Obligation) -> bool:
    """What ended it came before its period began: nothing was owed on that day."""
    return row.state == "ended" and row.settled_at is not None and row.settled_at <= row.begins_at
