"""Section 4: departments, staff, customers, directories, contents used again."""

from __future__ import annotations

from collections.abc import Iterable

from zhike.customers.actions import find_or_add_customer
from zhike.customers.cards import Card, card_record, keep_card
from zhike.customers.models import Customer
from zhike.customers.profile import Draft, edit_customer
from zhike.org.actions import add_department, add_staff, assign_role, disable_staff
from zhike.org.models import Department, Staff
from zhike.org.principals import SYSTEM
from zhike.records.directory import save_row
from zhike.rehearsal import names
from zhike.rehearsal.sample import KEEPER
from zhike.rehearsal.values import form_values, table_values
from zhike.rehearsal.vocabulary import StepFailed, Table, step
from zhike.rehearsal.world import World


def rows_of(table: Table, *must: str, may: Iterable[str] | None = None) -> list[dict[str, str]]:
    """A table with a heading row, as dictionaries. `must`: columns it has, `may`: others it can have (None: any).

    Raises StepFailed saying which heading is missing or unknown.
    """
    if not table:
        columns = f"，表头是：| {' | '.join([*must, *(may or ())])} |" if must else ""
        raise StepFailed(f"这一步后面要有表格{columns}")
    missing = [column for column in must if column not in table[0]]
    if missing:
        raise StepFailed(
            f"表头缺少“{'、'.join(missing)}”：写成 | {' | '.join([*must, *(may or ())])} |", word=table[0][0]
        )
    for column in table[0]:
        if may is not None and column not in (*must, *may):
            raise StepFailed(names.not_among(column, "这张表的列", [*must, *may]), word=column)
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def changed(world: World) -> None:
    """Who is in a class may have changed: the house looks, unless the scenario has not yet said what time it is."""
    world.acted = world.acted or world.began


@step("部门", table=True)
def departments(world: World, table: Table) -> None:
    for row in rows_of(table, "名称", "类别", may=("上级",)):
        parent = world.department(row["上级"]) if row.get("上级") else None
        add_department(
            code=f"d{Department.objects.count() + 1}", name=row["名称"], kind=names.department_kind(world.book, row["类别"]),
            parent=parent, by=SYSTEM, now=world.now,
        )  # fmt: skip


@step("人员", table=True)
def staff(world: World, table: Table) -> None:
    for row in rows_of(table, "姓名", "角色", may=("部门",)):
        person = add_staff(username=f"p{Staff.objects.count() + 1}", name=row["姓名"], by=SYSTEM, now=world.now)
        department = world.department(row["部门"]) if row.get("部门") else None
        for title in row["角色"].split("、"):
            role = names.role(world.book, title)
            assign_role(person, world.book.name, role.id, department, by=SYSTEM, now=world.now)
    changed(world)


@step("顾客", table=True)
def customers(world: World, table: Table) -> None:
    for row in rows_of(table, "姓名", "手机", may=("等级", "标签")):
        found = find_or_add_customer(phone=row["手机"], name=row["姓名"], now=world.now)
        world.customers[row["姓名"]] = found.pk
        if row.get("等级") or row.get("标签"):
            _label(world, found, row.get("等级") or "", row.get("标签") or "")


@step("<N>的(等级|标签)(?:改为<W>|改为<N>|(去掉))")
def labelled(world: World, name: str, what: str, words: str | None, chosen: str | None, _: str | None) -> None:
    found, value = world.customer(name), words or chosen or ""
    _label(world, found, value if what == "等级" else found.tier, value if what == "标签" else "、".join(found.tags))


def _label(world: World, customer: Customer, tier: str, tags: str) -> None:
    """Tier and tags as on the customer's page; several tags with 、."""
    kept = Draft(customer.name, customer.kind, tier, customer.remark, tuple(tag for tag in tags.split("、") if tag))
    edit_customer(customer, kept, by=SYSTEM, now=world.now)
    changed(world)


@step("<N>的档案", table=True)
def card(world: World, name: str, table: Table) -> None:
    record = card_record(world.book)
    if record is None:
        raise StepFailed("制度没有顾客资料这张表（kind: customer）")
    values = form_values(world, record, table_values(table))
    keep_card(world.customer(name), Card(world.book, record, {}), values, by=SYSTEM, now=world.now)
    changed(world)


@step("使用样例部门与人员")
def sample(world: World) -> None:
    world.load_sample(world, False)


@step("使用样例资料")
def sample_directory(world: World) -> None:
    world.load_sample(world, True)


@step("<N>有", table=True)
def directory(world: World, title: str, table: Table) -> None:
    definition = names.record(world.book, title)
    for row in rows_of(table):
        values = form_values(world, definition, row)
        save_row(world.book, definition.id, values, by=KEEPER, now=world.now)


@step("常用内容<N>", table=True)
def contents(world: World, name: str, table: Table) -> None:
    world.contents[name] = table_values(table)


@step("<N>停用")
def disable(world: World, person: str) -> None:
    found = world.viewer(person).staff
    if found is None:
        raise StepFailed(f"“{person}”不是同事，只有同事的账号可以停用", word=person)
    disable_staff(found, by=SYSTEM, now=world.now)
    changed(world)
