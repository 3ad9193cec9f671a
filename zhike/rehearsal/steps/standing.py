"""Section 7: where a case stands."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from zhike.cases.holders import principals_for
from zhike.cases.models import Case, Note
from zhike.handbook.structure import FieldDef, Record
from zhike.org.principals import role_of
from zhike.records.display import display
from zhike.records.models import Attachment, Filling
from zhike.records.queries import standing_fillings
from zhike.rehearsal import names
from zhike.rehearsal.values import convert
from zhike.rehearsal.vocabulary import StepFailed, step
from zhike.rehearsal.vocabulary import names as listed
from zhike.rehearsal.world import World

NUMBERS = ("money", "decimal", "int")


@step("<C>(在|不在)<N>")
def at_stage(world: World, case: str | None, whether: str, stage: str) -> None:
    def knows(candidate: Case) -> bool:
        return any(names.matches(stage, s) for s in world.book.process(candidate.process).stages)

    found = world.case_where(case, knows, f"环节“{stage}”")
    wanted = names.stage(world.book, found.process, stage)
    if (found.stage == wanted.id) != (whether == "在"):
        raise StepFailed(f"{found.number} 在“{world.book.stage(found.process, found.stage).title.zh}”")


@step("<C>(已结办|未结办)")
def is_closed(world: World, case: str | None, whether: str) -> None:
    found = world.case(case)
    if (found.status == Case.Status.CLOSED) != (whether == "已结办"):
        raise StepFailed(f"{found.number} {'已结办' if found.status == Case.Status.CLOSED else '未结办'}")


@step("<C>的内容(还在|已删除)(?:,依据<N>)?")
def contents(world: World, case: str | None, whether: str, clause: str | None) -> None:
    """Deleted: nothing of what was filled in, noted or attached is left, and the case says by which clause."""
    found = world.case(case)
    left = Filling.objects.filter(subject_kind="case", subject_id=found.pk).exclude(values={}).count()
    left += Note.objects.filter(case=found).exclude(words="").count()
    left += Attachment.objects.filter(subject_kind="case", subject_id=found.pk).count()
    if (found.emptied_at is not None) != (whether == "已删除") or (whether == "已删除" and (left or found.data)):
        said = f"已删除，依据“{found.emptied_by}”" if found.emptied_at else "还在"
        raise StepFailed(f"{found.number} 的内容{said}；还有填报、备注和附件 {left} 份", clause or "")
    if clause is not None and found.emptied_by != names.clause(world.book, clause).id:
        raise StepFailed(f"{found.number} 的内容依据“{found.emptied_by}”删除", clause)


@step("<C>(轮到|不轮到)<NS>")
def turn(world: World, case: str | None, whether: str, who: str) -> None:
    found = world.case(case)
    for text in listed(who):
        its = any(viewer.holds(found.holders) for viewer in world.viewers(text)) or _is_role_holder(world, found, text)
        if its != (whether == "轮到"):
            raise StepFailed(f"{found.number} 轮到：{shown_holders(world, found.holders)}")


def _is_role_holder(world: World, case: Case, text: str) -> bool:
    if not names.is_role(world.book, text):
        return False
    role = names.role(world.book, text).id
    wanted = principals_for(case, world.book, [role])
    return any(p in case.holders for p in wanted) or any(role_of(p) == role for p in case.holders)


def shown_holders(world: World, holders: list[str]) -> str:
    titles = [world.book.role(role_of(p)).title.zh if role_of(p) else p for p in holders]
    return "、".join(titles) or "无人"


@step("<C>责任部门是<N>")
def department_is(world: World, case: str | None, department: str) -> None:
    found = world.case(case)
    if found.department != world.department(department):
        raise StepFailed(f"责任部门是{found.department or '空'}")


@step("<C>负责人是<N>")
def owner_is(world: World, case: str | None, person: str) -> None:
    found = world.case(case)
    if found.owner != world.viewer(person).staff:
        raise StepFailed(f"负责人是{found.owner or '空'}")


@step("<C>没有负责人")
def no_owner(world: World, case: str | None) -> None:
    found = world.case(case)
    if found.owner is not None:
        raise StepFailed(f"负责人是{found.owner}")


@step("<C>轮次是<I>")
def round_is(world: World, case: str | None, number: str) -> None:
    found = world.case(case)
    if found.round != int(number):
        raise StepFailed(f"轮次是 {found.round}")


@step("<C>编号以<W>开头")
def number_begins(world: World, case: str | None, words: str) -> None:
    found = world.case(case)
    if not found.number.startswith(words):
        raise StepFailed(f"编号是 {found.number}")


@step("<C>(?:<N>的)?<N>(?:是(?:<W>|<N>)|(为空))")
def field_is(
    world: World,
    first: str | None,
    second: str | None,
    field: str,
    words: str | None,
    choice: str | None,
    empty: str | None,
) -> None:
    case, record_name = _case_and_record(world, first, second)
    definition, known, found = _field(world, case, record_name, field)
    value = found.data.get(definition.id, {}).get(known.id)
    wanted = words if words is not None else choice
    if empty:
        if value not in (None, "", []):
            raise StepFailed(f"“{field}”是“{value}”，不为空")
    elif not same_value(world, known, value, wanted or ""):
        raise StepFailed(f"“{field}”是“{display(world.book, known, value, 'zh', unmasked=True)}”，不是“{wanted}”")


def _case_and_record(world: World, first: str | None, second: str | None) -> tuple[str | None, str | None]:
    """`「CASE」的「RECORD」的`, `「CASE」的` or `「RECORD」的` in front of a field."""
    if first is not None and second is None and not world.is_case(first):
        return None, first
    return first, second


def _field(world: World, case: str | None, record_name: str | None, field: str) -> tuple[Record, FieldDef, Case]:
    def place(candidate: Case) -> Record | None:
        if record_name is not None:
            wanted = names.record(world.book, record_name)
            return wanted if wanted.id in candidate.data and names.has_field(wanted, field) else None
        main = world.book.process(candidate.process).record
        kept = [world.book.record(r) for r in (main, *reversed(list(candidate.data))) if r in candidate.data]
        return next((r for r in kept if names.has_field(r, field)), None)

    found = world.case_where(case, lambda c: place(c) is not None, f"字段“{field}”")
    definition = place(found)
    if definition is None:
        raise StepFailed(f"{found.number} 没有填过“{field}”")
    return definition, names.field(definition, field), found


def same_value(world: World, field: FieldDef, value: Any, wanted: str) -> bool:
    """Whether a kept value is what the scenario says, as typed or as shown."""
    typed = convert(world, field, wanted)
    return (
        value == typed
        or str(value) in (wanted, str(typed))
        or (field.type in NUMBERS and _number(value) == _number(wanted) is not None)
        or display(world.book, field, value, "zh", unmasked=True) == wanted
    )


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


@step("<C>填有<I>份<N>")
def filled(world: World, case: str | None, number: str, record: str) -> None:
    wanted = names.record(world.book, record).id
    found = world.case_where(
        case, lambda c: any(a.record == wanted for a in world.book.process(c.process).actions), f"表单“{record}”"
    )
    count = standing_fillings().filter(subject_kind="case", subject_id=found.pk, record=wanted).count()
    if count != int(number):
        raise StepFailed(f"“{record}”填有 {count} 份")


@step("<C>做过<I>次<N>")
def taken(world: World, case: str | None, number: str, action: str) -> None:
    found = world.case_where(case, lambda c: bool(names.actions(world.book, c.process, action)), f"动作“{action}”")
    count = found.tally.get(names.actions(world.book, found.process, action)[0].id, 0)
    if count != int(number):
        raise StepFailed(f"“{action}”做过 {count} 次")


@step("<C>上级事项是<N>")
def parent_is(world: World, case: str | None, parent: str) -> None:
    found, wanted = world.case(case), world.case(parent)
    if found.parent_id != wanted.pk:
        raise StepFailed(f"上级事项是{found.parent or '空'}")


@step("<C>没有上级事项")
def no_parent(world: World, case: str | None) -> None:
    found = world.case(case)
    if found.parent_id is not None:
        raise StepFailed(f"上级事项是{found.parent}")


@step("<C>有<I>件下级<N>")
def children(world: World, case: str | None, number: str, process: str) -> None:
    found, wanted = world.case(case), names.process(world.book, process)
    count = found.children.filter(process=wanted.id).count()
    if count != int(number):
        raise StepFailed(f"有 {count} 件下级“{process}”")


@step("没有<N>")
def none_of(world: World, process: str) -> None:
    how_many(world, "0", process)


@step("共有<I>件<N>")
def how_many(world: World, number: str, process: str) -> None:
    count = Case.objects.filter(process=names.process(world.book, process).id).count()
    if count != int(number):
        raise StepFailed(f"共有 {count} 件“{process}”")


@step("<C>备注里有<W>")
def note_says(world: World, case: str | None, words: str) -> None:
    found = world.case(case)
    if not Note.objects.filter(case=found, words__contains=words).exists():
        raise StepFailed(f"{found.number} 的备注里没有“{words}”")


@step("<C>有<I>个附件")
def attachments(world: World, case: str | None, number: str) -> None:
    found = world.case(case)
    count = Attachment.objects.filter(subject_kind="case", subject_id=found.pk).count()
    if count != int(number):
        raise StepFailed(f"{found.number} 有 {count} 个附件")
