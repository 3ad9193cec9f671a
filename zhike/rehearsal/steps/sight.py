"""Section 12: who may see."""

from __future__ import annotations

from zhike.cases.access import case_for, visible_cases
from zhike.cases.refusals import Forbidden, Reason
from zhike.handbook.structure import FieldDef
from zhike.journal.models import Fact
from zhike.org.principals import ANONYMOUS_VIEWER, Viewer
from zhike.records.directory import Entry, NotForYou, lookup
from zhike.rehearsal import names
from zhike.rehearsal.steps.cast import rows_of
from zhike.rehearsal.steps.refused import check_clauses
from zhike.rehearsal.steps.standing import same_value
from zhike.rehearsal.vocabulary import StepFailed, Table, step
from zhike.rehearsal.vocabulary import names as listed
from zhike.rehearsal.world import World


@step("<N>打开<N>", deed=True)
def open_page(world: World, person: str, case: str) -> None:
    _open(world, world.viewer(person), case)


@step("没有人登录时打开<N>", deed=True)
def stranger(world: World, case: str) -> None:
    _open(world, ANONYMOUS_VIEWER, case)


def _open(world: World, viewer: Viewer, case: str) -> None:
    found = world.case(case)
    opened = world.attempt(lambda: case_for(viewer, found.number, now=world.now))
    world.sighted = opened.pk if opened is not None else None


@step("看到<N>")
def seen(world: World, case: str) -> None:
    world.require_no_refusal()
    if world.sighted != world.case(case).pk:
        raise StepFailed(f"没有看到“{case}”")


@step("访问被拒绝(?:,依据<NS>)?")
def kept_out(world: World, clauses: str | None) -> None:
    check_clauses(world, world.expect_refusal(), clauses)


@step("留有<N>的访问日志(?:,依据<N>)?")
def logged(world: World, person: str, clause: str | None) -> None:
    rows = Fact.objects.filter(type__in=["case.access_denied", "lookup.refused"], actor=world.viewer(person).principal)
    if clause:
        rows = rows.filter(clauses__contains=[names.clause(world.book, clause).id])
    if not rows.exists():
        raise StepFailed(f"日志里没有“{person}”被拒绝的访问", clause or "")


@step("<N>(看得到|看不到)<N>")
def in_lists(world: World, person: str, whether: str, case: str) -> None:
    found, viewer = world.case(case), world.viewer(person)
    in_list = visible_cases(viewer).filter(pk=found.pk).exists()
    if in_list != viewer.holds(found.audience):
        raise StepFailed(f"“{person}”的列表与页面不一致")
    if in_list != (whether == "看得到"):
        raise StepFailed(f"“{person}”{'看得到' if in_list else '看不到'}“{case}”")


@step("<N>查询<N>(?:,<N>是<W>)?(?:,关键词<W>)?", deed=True)
def look_up(world: World, person: str, record: str, field: str | None, value: str | None, words: str | None) -> None:
    definition, viewer = names.record(world.book, record), world.viewer(person)
    world.looked_up = definition.id
    topic, query = _asked(world, definition.id, field, value)

    def deed() -> None:
        try:
            world.answer = lookup(
                world.book, definition.id, topic, viewer, world.now, query=words or query, version_id=world.version.pk
            )
        except NotForYou as error:
            world.answer = None
            raise Forbidden([Reason(error.words, error.clause)]) from error

    world.attempt(deed)


def _asked(world: World, record: str, field: str | None, value: str | None) -> tuple[str, str]:
    """(topic, words): a field that the clause names as its topic asks for a topic, any other is searched by its value."""
    if field is None or value is None:
        return "", ""
    known = names.field(world.book.record(record), field)
    topics = {
        name
        for c in world.book.speaking_of("visibility", None, f"lookup.{record}")
        for name in getattr(c, "topics", {})
    }
    choice = next((c.id for c in world.book.choices(known) if names.matches(value, c)), value)
    return (choice, "") if known.id in topics else ("", value)


@step("查到<I>条")
def how_many(world: World, number: str) -> None:
    if len(entries(world)) != int(number):
        raise StepFailed(f"查到 {len(entries(world))} 条：{'、'.join(e.label for e in entries(world))}")


@step("查到", table=True)
def found_rows(world: World, table: Table) -> None:
    for row in rows_of(table):
        if not any(_fits(world, entry, row) for entry in entries(world)):
            raise StepFailed(f"没有查到 {row}，查到的是：{[e.values for e in entries(world)]}")


def _fits(world: World, entry: Entry, row: dict[str, str]) -> bool:
    definition = world.book.record(world.looked_up)
    pairs = [(names.field(definition, title), value) for title, value in row.items()]
    return all(_same(world, field, entry.values.get(field.id), value) for field, value in pairs)


def _same(world: World, field: FieldDef, value: object, wanted: str) -> bool:
    if field.type == "phone":
        digits = "".join(c for c in str(value or "") if c.isdigit())
        return digits.endswith("".join(c for c in wanted if c.isdigit()))
    return same_value(world, field, value, wanted)


@step("(显示|不显示)字段<NS>")
def columns(world: World, whether: str, fields: str) -> None:
    world.require_no_refusal()
    shown = {name for entry in entries(world) for name in entry.values}
    for text in listed(fields):
        known = names.field(world.book.record(world.looked_up), text)
        if (known.id in shown) != (whether == "显示"):
            raise StepFailed(f"显示的字段是：{'、'.join(sorted(shown))}")


def entries(world: World) -> list[Entry]:
    if world.answer is None:
        raise StepFailed("还没有查询，或查询被拒绝")
    return list(world.answer.entries)
