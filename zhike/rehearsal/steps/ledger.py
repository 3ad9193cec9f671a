"""Sections 11 and 14: the clause ledger, indicators, the journal."""

from __future__ import annotations

import re

from django.db.models import Q, QuerySet

from zhike.cases.figures import figure
from zhike.clocks.queries import minutes_of
from zhike.handbook.clauses import Measure
from zhike.handbook.measures import Measured
from zhike.journal.events import event_types
from zhike.journal.ledger import Use, write_uses
from zhike.journal.models import ClauseUse, Fact
from zhike.journal.queries import standing_uses
from zhike.journal.seals import seal_range, verify_chain
from zhike.journal.stream import sequence_pending
from zhike.org.principals import role_of
from zhike.rehearsal import names
from zhike.rehearsal.vocabulary import StepFailed, step
from zhike.rehearsal.wording import say_as
from zhike.rehearsal.world import World

OUTCOMES = {"适用": "applied", "守住": "kept", "违反": "broken", "拒绝": "refused"}
COUNTS = say_as(
    r"((?:适用|守住|违反|拒绝)\d+次(?:,(?:适用|守住|违反|拒绝)\d+次)*)", "（适用 / 守住 / 违反 / 拒绝） N 次[，…]"
)


@step(rf"台账<N>(?:记<N>)?{COUNTS}")
def counts(world: World, clause: str, who: str | None, parts: str) -> None:
    rows = _uses(world, clause)
    for said, number in re.findall(r"(适用|守住|违反|拒绝)(\d+)次", parts):
        found = [u for u in rows.filter(outcome=OUTCOMES[said]) if who is None or _names(world, u, who)]
        if len(found) != int(number):
            every = "、".join(f"{u.outcome} {u.holder}" for u in rows)
            raise StepFailed(
                f"台账“{clause}”{said} {len(found)} 次（全部：{every or '无'}）", names.clause(world.book, clause).id
            )


def _names(world: World, use: ClauseUse, who: str) -> bool:
    if names.is_role(world.book, who) and role_of(use.holder) == names.role(world.book, who).id:
        return True
    return any(viewer.holds([use.holder]) for viewer in world.viewers(who))


@step("台账<N>没有记录")
def nothing(world: World, clause: str) -> None:
    if (found := _uses(world, clause).count()) > 0:
        raise StepFailed(f"台账“{clause}”有 {found} 条", names.clause(world.book, clause).id)


@step("台账<N>最近一次(超时|用时)<I>分钟")
def minutes(world: World, clause: str, what: str, number: str) -> None:
    latest = _uses(world, clause).filter(outcome__in=["kept", "broken"]).order_by("-at", "-id").first()
    known = minutes_of([latest.detail["clock"]]) if latest and "clock" in latest.detail else {}
    of_clock = next(iter(known.values()), None)
    found = (of_clock.late if what == "超时" else of_clock.used) if of_clock else getattr(latest, "minutes", None)
    if found is None or int(found) != int(number):
        raise StepFailed(f"台账“{clause}”最近一次{what} {found} 分钟", names.clause(world.book, clause).id)


def _uses(world: World, clause: str) -> QuerySet[ClauseUse]:
    return (
        standing_uses()
        .filter(handbook=world.book.name, clause=names.clause(world.book, clause).id)
        .order_by("at", "id")
    )


@step("指标<N>是(.+)")
def indicator(world: World, name: str, value: str) -> None:
    found = _measured(world, name)
    said = {found.text}
    if found.numerator is not None and found.denominator is not None:
        said.add(f"{found.numerator:g}/{found.denominator:g}")
        if found.value is not None:
            said.add(f"{found.value * 100:g}%")
    if found.value is not None:
        said |= {f"{found.value:g}", f"{found.value:g}分钟"}
    if value.strip("“”").replace(" ", "") not in said:
        raise StepFailed(f"指标“{name}”是 {' = '.join(sorted(said))}")


@step("指标<N>的分子是<I>,分母是<I>")
def indicator_parts(world: World, name: str, above: str, below: str) -> None:
    found = _measured(world, name)
    if (found.numerator or 0, found.denominator or 0) != (int(above), int(below)):
        raise StepFailed(f"指标“{name}”的分子是 {found.numerator:g}，分母是 {found.denominator:g}")


def _measured(world: World, name: str) -> Measured:
    """The figure; of a measure clause that asks for no datum this is its being applied, as the ledger of the scenario says."""
    wanted = _indicator(world, name)
    measures = {clause.id: clause for clause in world.book.clauses("measure") if isinstance(clause, Measure)}
    if wanted in measures and measures[wanted].capture is None:
        subject = ("version", world.version.pk)
        write_uses([Use(world.now, world.book.name, world.version.pk, wanted, "applied", subject)])
    return figure(world.book, wanted, now=world.now)


def _indicator(world: World, name: str) -> str:
    for clause in world.book.clauses("measure"):
        if name in (clause.id, clause.title.zh, clause.title.en, getattr(clause, "name", "")):
            return clause.id
    return names.pick(name, [*world.book.handbook.indicators, *world.book.clauses("measure")], "指标").id


@step("(记有|没有)发现<N>(?:,依据<N>)?")
def finding(world: World, whether: str, kind: str, clause: str | None) -> None:
    rows = Fact.objects.filter(Q(payload__finding=kind) | Q(payload__findings__contains=[kind]))
    if clause:
        rows = rows.filter(clauses__contains=[names.clause(world.book, clause).id])
    if rows.exists() != (whether == "记有"):
        raise StepFailed(f"{'没有' if whether == '记有' else '记有'}发现“{kind}”")


@step("日志(?:记有<I>条|(记有|没有))<N>")
def facts(world: World, number: str | None, whether: str | None, kind: str) -> None:
    count = Fact.objects.filter(type=_event(kind)).count()
    fits = count == int(number) if number else (count > 0) == (whether == "记有")
    if not fits:
        raise StepFailed(f"日志记有 {count} 条“{kind}”")


def _event(kind: str) -> str:
    """A misspelt event would be missing for ever, and a step that says so would hold."""
    if kind not in event_types():
        raise StepFailed(names.not_among(kind, "日志里的事件", event_types()), word=kind)
    return kind


@step("日志的<N>依据<N>")
def fact_clause(world: World, kind: str, clause: str) -> None:
    latest = Fact.objects.filter(type=_event(kind)).order_by("-id").first()
    wanted = names.clause(world.book, clause).id
    if latest is None or wanted not in latest.clauses:
        raise StepFailed(f"“{kind}”的依据是 {'、'.join(latest.clauses) if latest else '无'}", wanted)


@step("日志链完整")
def chain(world: World) -> None:
    sequence_pending()
    seal_range()
    found = verify_chain()
    if not found.ok:
        raise StepFailed(f"日志链不完整：{found}")
