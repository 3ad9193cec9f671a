"""The tree of departments: who heads one, where it hangs, what hangs on that.

Moving a department takes everything below it along. Who answers for its open cases from then on is worked out by the rooms
above, which hear of it (cases/moved.py): nobody keeps sight by a place in the tree that is no longer his.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.org import events
from zhike.org.actions import OrgRefused
from zhike.org.holdings import Handover, Holding, Subject, register_holding
from zhike.org.models import Department, Staff

PEOPLE = """
SELECT held.department_id, count(DISTINCT held.staff_id) FROM org_assignment AS held
JOIN org_staff AS staff ON staff.id = held.staff_id AND staff.is_active WHERE held.department_id IS NOT NULL GROUP BY 1
"""
PEOPLE_BELOW = """
SELECT above, count(DISTINCT held.staff_id) FROM org_assignment AS held
JOIN org_staff AS staff ON staff.id = held.staff_id AND staff.is_active
JOIN org_department AS place ON place.id = held.department_id, unnest(place.path) AS above GROUP BY 1
"""
MOVE = """
UPDATE org_department SET path = %(path)s::bigint[] || path[%(cut)s:], kinds = %(kinds)s::varchar[] || kinds[%(cut)s:]
WHERE path @> ARRAY[%(moved)s]::bigint[]
"""


@dataclass(slots=True)
class Node:
    """A department in the tree."""

    department: Department
    people: int
    """With a role in it."""
    people_below: int
    """With a role in it or in one below; nobody is counted twice."""
    children: list[Node] = field(default_factory=list)


def tree() -> list[Node]:
    """Every department, retired ones too, those of one parent by name. Three queries, whatever the number."""
    rows = list(Department.objects.select_related("head").order_by("name", "id"))
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE)
        here = dict(cursor.fetchall())
        cursor.execute(PEOPLE_BELOW)
        below = dict(cursor.fetchall())
    nodes = {row.pk: Node(row, here.get(row.pk, 0), below.get(row.pk, 0)) for row in rows}
    roots: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.department.parent_id or 0)
        (parent.children if parent is not None else roots).append(node)
    return roots


def below(department: Department) -> list[Department]:
    """The department itself and everything under it. One query."""
    return list(Department.objects.filter(path__contains=[department.pk]).order_by("path"))


def move_department(department: Department, parent: Department | None, *, by: str, now: dt.datetime) -> Department:
    """Hang it, with all below it, under another department, or at the top. Moved to where it is, nothing happens.

    Whether the handbook lets its kind hang there is the caller's to check. Raises OrgRefused.
    """
    with transaction.atomic():
        # One move at a time: two that pass each other could hang two departments under each other.
        list(Department.objects.select_for_update().order_by("pk").values_list("pk"))
        moved = Department.objects.get(pk=department.pk)  # house-rule: one-gate, the caller's gate gave it
        target = Department.objects.filter(pk=parent.pk).first() if parent is not None else None
        if moved.parent_id == (target.pk if target else None):
            return moved
        _check_target(moved, target)
        before = list(moved.path[:-1])
        path, kinds = (target.path, target.kinds) if target is not None else ([], [])
        Department.objects.filter(pk=moved.pk).update(parent=target)
        with connection.cursor() as cursor:
            cursor.execute(MOVE, {"path": path, "kinds": kinds, "cut": len(moved.path), "moved": moved.pk})
        moved.refresh_from_db()
        _tell(events.DepartmentMoved(before, list(path)), moved, by, now)
    return moved


def appoint_head(department: Department, head: Staff | None, *, by: str, now: dt.datetime) -> Department:
    """Who plans shifts and decides leave there; None: whoever heads the department above. Raises OrgRefused."""
    if head is not None and not head.is_active:
        raise OrgRefused({"head": Text(zh="这个人已停用，请换一位。", en="This person is disabled; choose another.")})
    with transaction.atomic():
        held = Department.objects.select_for_update().get(pk=department.pk)
        before = held.head_id
        if before != (head.pk if head else None):
            held.head = head
            held.save(update_fields=["head"])
            _tell(events.HeadAppointed(head.pk if head else None, before), held, by, now)
    return held


def _check_target(moved: Department, target: Department | None) -> None:
    if target is None:
        return
    if moved.pk in target.path:
        raise OrgRefused({"parent": Text(zh="不能移到它自己的下级里。", en="It cannot hang below itself.")})
    if not target.is_active and moved.is_active:
        raise OrgRefused(
            {"parent": Text(zh="上级部门已停用，请先恢复它。", en="The department above is retired; restore it first.")}
        )


def _tell(event: events.DepartmentMoved | events.HeadAppointed, about: Department, by: str, now: dt.datetime) -> None:
    record([NewFact(event, now, ("department", about.pk), by)])


def _headed(staff_id: int, _covered: Collection[Subject], _now: dt.datetime) -> Iterable[Holding]:
    rows = Department.objects.filter(head_id=staff_id, is_active=True).order_by("path")
    return [Holding("department", row.pk, Text(zh=row.name, en=row.name), optional=True) for row in rows]


def _give_departments(rows: Sequence[Holding], handover: Handover) -> None:
    """A department nobody takes is headed by whoever heads the one above."""
    for row in rows:
        department = Department.objects.get(pk=row.id)  # house-rule: one-gate, found by the room itself
        appoint_head(department, handover.given.get(row.key), by=handover.by, now=handover.now)


register_holding(
    "department", Text(zh="负责的部门", en="Departments he heads"), rank=55, find=_headed, give=_give_departments
)
