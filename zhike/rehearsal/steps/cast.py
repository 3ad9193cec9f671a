"""Section 4: departments, staff, customers, directories, contents used again."""

from __future__ import annotations

from zhike.customers.actions import find_or_add_customer
from zhike.customers.cards import Card, card_record, keep_card
from zhike.org.actions import add_department, add_staff, assign_role, disable_staff
from zhike.org.models import Department, Staff
from zhike.org.principals import SYSTEM
from zhike.records.directory import save_row
from zhike.rehearsal import names
from zhike.rehearsal.sample import KEEPER
from zhike.rehearsal.values import form_values, table_values
from zhike.rehearsal.vocabulary import StepFailed, Table, step
from zhike.rehearsal.world import World


def rows_of(table: Table) -> list[dict[str, str]]:
    """A table with a heading row, as dictionaries."""
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


@step("部门", table=True)
def departments(world: World, table: Table) -> None:
    for row in rows_of(table):
        parent = world.department(row["上级"]) if row.get("上级") else None
        add_department(
            code=f"d{Department.objects.count() + 1}", name=row["名称"], kind=names.department_kind(world.book, row["类别"]),
            parent=parent, by=SYSTEM, now=world.now,
        )  # fmt: skip


@step("人员", table=True)
def staff(world: World, table: Table) -> None:
    for row in rows_of(table):
        person = add_staff(username=f"p{Staff.objects.count() + 1}", name=row["姓名"], by=SYSTEM, now=world.now)
        department = world.department(row["部门"]) if row.get("部门") else None
        for title in row["角色"].split("、"):
            role = names.role(world.book, title)
            assign_role(person, world.book.name, role.id, department, by=SYSTEM, now=world.now)


@step("顾客", table=True)
def customers(world: World, table: Table) -> None:
    for row in rows_of(table):
        found = find_or_add_customer(phone=row["手机"], name=row["姓名"], now=world.now)
        world.customers[row["姓名"]] = found.pk


@step("<N>的档案", table=True)
def card(world: World, name: str, table: Table) -> None:
    record = card_record(world.book)
    if record is None:
        raise StepFailed("制度没有顾客资料这张表（kind: customer）")
    values = form_values(world, record, table_values(table))
    keep_card(world.customer(name), Card(world.book, record, {}), values, by=SYSTEM, now=world.now)


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
    assert found is not None
    disable_staff(found, by=SYSTEM, now=world.now)
