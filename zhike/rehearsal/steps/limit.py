"""Section 9: limits."""

from __future__ import annotations

import datetime as dt
import re

from django.db.models import QuerySet

from zhike.clocks.actions import extend_clock, pause_clock, reassign_clock, resume_clock
from zhike.clocks.models import Clock
from zhike.clocks.queries import minutes_of
from zhike.handbook.common import Duration, Unit
from zhike.org.principals import SYSTEM, role_of, staff_key
from zhike.rehearsal import names
from zhike.rehearsal.moments import read_span
from zhike.rehearsal.steps.cast import rows_of
from zhike.rehearsal.vocabulary import MOMENT, NAME, SPAN, StepFailed, Table, step
from zhike.rehearsal.vocabulary import names as listed
from zhike.rehearsal.wording import say_as
from zhike.rehearsal.world import World

STATES = {
    "在走": ("running",), "已暂停": ("paused",), "超时未办": ("overdue",), "按时": ("kept",), "超时办结": ("late",),
    "已取消": ("cancelled",), "已停": ("kept", "late"),
}  # fmt: skip
PART = (
    rf"(?:在走|已暂停|超时未办|按时|超时办结|已取消|已停|没有超时|最晚{MOMENT}|由{NAME}(?:、{NAME})*持有"
    rf"|超时\d+(?:分钟|秒)|用时\d+分钟|还剩{SPAN}|起于{MOMENT}|目标{MOMENT}|在目标以内|超过目标)"
)
PARTS = say_as(
    f"({PART}(?:,{PART})*)",
    "（在走 / 已暂停 / 超时未办 / 按时 / 超时办结 / 已取消 / 已停 / 没有超时 / 最晚 时刻 / 起于 时刻 / 目标 时刻 / 在目标以内 / 超过目标"
    " / 由「…」持有 / 超时 N 分钟"
    " / 用时 N 分钟 / 还剩 时长）[，…]",
)
TARGETS = {True: "在目标以内", False: "超过目标", None: "还没有说在不在目标以内"}
OPEN = ("running", "paused", "overdue")


@step(rf"(?:「([^」]*)」的)?(?:第(\d+)只)?(?:「([^」]*)」的)?时限<N>{PARTS}")
def limit(world: World, before: str | None, nth: str | None, case: str | None, clause: str, parts: str) -> None:
    clocks = _clocks(world, before or case, clause)
    if not clocks or (nth and len(clocks) < int(nth)):
        raise StepFailed(f"没有{'第 ' + nth + ' 只' if nth else ''}时限“{clause}”", clause)
    clock = clocks[int(nth) - 1 if nth else -1]
    for part in parts.split(","):
        _check(world, clock, part, clause)


@step("没有(?:<N>的)?时限<N>")
def no_limit(world: World, case: str | None, clause: str) -> None:
    if _clocks(world, case, clause):
        raise StepFailed(f"有时限“{clause}”", clause)


@step("有<I>只(?:<N>的)?时限<N>(在走)?")
def how_many(world: World, number: str, case: str | None, clause: str, still: str | None) -> None:
    clocks = [c for c in _clocks(world, case, clause) if not still or c.state in OPEN]
    if len(clocks) != int(number):
        raise StepFailed(f"时限“{clause}”有 {len(clocks)} 只", clause)


@step("<C>没有时限在走")
def nothing_runs(world: World, case: str | None) -> None:
    found = _of_subject(world, case).filter(state__in=OPEN)
    if found:
        raise StepFailed("在走的有：" + "、".join(c.clause for c in found))


@step("<C>在走的时限是", table=True)
def running_are(world: World, case: str | None, table: Table) -> None:
    rows = rows_of(table, "时限", may=("持有", "最晚"))
    open_clocks = list(_any_subject(world, case).filter(state__in=OPEN).order_by("id"))
    wanted = sorted(names.clause(world.book, row["时限"]).id for row in rows)
    found = sorted(c.clause for c in open_clocks)
    if wanted != found:
        raise StepFailed(f"在走的时限是：{'、'.join(found) or '无'}")
    for row in rows:
        of_clause = [c for c in open_clocks if c.clause == names.clause(world.book, row["时限"]).id]
        _check_row(world, of_clause, row)


def _check_row(world: World, clocks: list[Clock], row: dict[str, str]) -> None:
    """One of the clocks of the clause fits the row."""
    parts = [f"由{'、'.join(f'「{w}」' for w in re.split('[、,]', row['持有']))}持有"] if row.get("持有") else []
    parts += [f"最晚{row['最晚']}"] if row.get("最晚") else []
    errors: list[StepFailed] = []
    for clock in clocks:
        try:
            for part in parts:
                _check(world, clock, part, row["时限"])
            return
        except StepFailed as error:
            errors.append(error)
    raise errors[0]


@step(r"<N>把(?:<N>的)?时限<N>(?:转给<N>|延长<S>|(暂停)|(恢复))", deed=True)
def change(
    world: World,
    person: str,
    case: str | None,
    clause: str,
    to: str | None,
    span: str | None,
    pause: str | None,
    resume: str | None,
) -> None:
    clock, viewer = _clocks(world, case, clause)[-1], world.viewer(person)
    at, by = world.now, viewer.principal
    if to is not None:
        receiver = world.viewers(to)[0]
        holders = [staff_key(receiver.staff.pk)] if receiver.staff else [receiver.principal]
        world.attempt(lambda: reassign_clock(clock.pk, holders, at=at, by=by))
    elif span is not None:
        more = Duration(amount=int(read_span(span).total_seconds() // 60), unit=Unit.minute)
        asked = clock.holders[0] if clock.holders else SYSTEM
        world.attempt(lambda: extend_clock(clock.pk, more, at=at, asked_by=asked, approved_by=by, why="演练"))
    elif pause:
        world.attempt(lambda: pause_clock(clock.pk, at=at, by=by))
    else:
        world.attempt(lambda: resume_clock(clock.pk, at=at, by=by))


def _check(world: World, clock: Clock, part: str, clause: str) -> None:
    if part in STATES:
        if clock.state not in STATES[part]:
            raise StepFailed(f"时限“{clause}”的状态是 {_state(clock)}", clause)
    elif part == "没有超时":
        if clock.state in ("late", "overdue"):
            raise StepFailed(f"时限“{clause}”{_state(clock)}", clause)
    elif part in ("在目标以内", "超过目标"):
        if clock.in_target is not (part == "在目标以内"):
            raise StepFailed(f"时限“{clause}”{TARGETS[clock.in_target]}", clause)
    elif part.startswith("目标"):
        if clock.target_at is None:
            raise StepFailed(f"时限“{clause}”没有目标", clause)
        _check_moment(world, clock.target_at, part[2:], f"时限“{clause}”目标", clause)
    elif part.startswith("由"):
        _check_holders(world, clock, listed(part), clause)
    elif part.startswith(("最晚", "起于")):
        found = clock.due_at if part.startswith("最晚") else clock.started_at
        _check_moment(world, found, part[2:], f"时限“{clause}”{part[:2]}", clause)
    else:
        _check_amount(world, clock, part, clause)


def _check_moment(world: World, found: dt.datetime, text: str, what: str, clause: str) -> None:
    wanted = world.moment(text)
    if found != wanted:
        raise StepFailed(f"{what} {world.shown(found)}，不是 {world.shown(wanted)}", clause)


def _check_amount(world: World, clock: Clock, part: str, clause: str) -> None:
    if part.startswith("还剩"):
        left = clock.due_at - world.now
        if left != read_span(part[2:]):
            raise StepFailed(f"时限“{clause}”还剩 {left}", clause)
        return
    if part.startswith("用时"):
        used = minutes_of([clock.pk])[clock.pk].used
        if used is None or int(used) != int(re.sub(r"\D", "", part)):
            raise StepFailed(f"时限“{clause}”用时 {used} 分钟", clause)
        return
    late = max(dt.timedelta(), (clock.stopped_at or world.now) - clock.due_at)
    unit = 1 if part.endswith("秒") else 60
    if int(late.total_seconds()) // unit != int(re.sub(r"\D", "", part)):
        raise StepFailed(f"时限“{clause}”超时 {late}", clause)


def _check_holders(world: World, clock: Clock, wanted: list[str], clause: str) -> None:
    """Exactly these hold it: a role counts where somebody holds it in that role."""
    held = set(filter(None, clock.held_as.split(","))) | {role_of(p) for p in clock.holders if role_of(p)}
    for text in wanted:
        if names.is_role(world.book, text) and names.role(world.book, text).id in held:
            continue
        if not any(v.holds(clock.holders) for v in world.viewers(text)):
            raise StepFailed(f"时限“{clause}”由 {'、'.join(clock.holders)}({clock.held_as})持有", clause)
    if len(wanted) != len(clock.holders):
        raise StepFailed(f"时限“{clause}”由 {len(clock.holders)} 方持有：{'、'.join(clock.holders)}", clause)


def _state(clock: Clock) -> str:
    return next((said for said, states in STATES.items() if states == (clock.state,)), clock.state)


def _clocks(world: World, case: str | None, clause: str) -> list[Clock]:
    wanted = names.clause(world.book, clause).id
    rows = Clock.objects.filter(clause=wanted, watches="").order_by("started_at", "id")
    if case is not None:
        kind, number = world.subject(case)
        return list(rows.filter(subject_kind=kind, subject_id=number))
    subjects = set(rows.values_list("subject_kind", "subject_id"))
    kind, number = next((one for one in world.subjects() if one in subjects), ("", -1))
    return list(rows.filter(subject_kind=kind, subject_id=number))


def _of_subject(world: World, name: str | None) -> QuerySet[Clock]:
    """Clocks of the case or conversation named; without a name, of the case meant, or of the conversation where there is no case."""
    subject = world.subject(name) if name is not None else next(iter(_meant(world)), ("", -1))
    return Clock.objects.filter(subject_kind=subject[0], watches="", subject_id=subject[1])


def _meant(world: World) -> list[tuple[str, int]]:
    """Cases before conversations: a step without a name speaks of the case last acted on, where there is one."""
    return sorted(world.subjects(), key=lambda one: one[0] != "case")


def _any_subject(world: World, name: str | None) -> QuerySet[Clock]:
    """Clocks of the subject meant; without a name, of the latest one that has any open."""
    if name is not None:
        return _of_subject(world, name)
    running = Clock.objects.filter(watches="", state__in=OPEN).values_list("subject_kind", "subject_id")
    kind, number = next((one for one in _meant(world) if one in set(running)), ("", -1))
    return Clock.objects.filter(subject_kind=kind, watches="", subject_id=number)
