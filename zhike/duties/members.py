"""Populations of the house itself: everybody who holds a role of the handbook, and every department."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import groupby

from zhike.duties.populations import Member, keeps_population
from zhike.handbook.book import Book
from zhike.org.models import Assignment, Department
from zhike.org.principals import staff_key


@keeps_population("staff", "agent", kind="staff")
def colleagues(book: Book, now: dt.datetime, ids: Sequence[int] | None) -> Iterable[Member]:
    """Whoever holds a role: `role` (all he holds), `department`, `joined_days`. One query."""
    held = Assignment.objects.filter(handbook=book.name, staff__is_active=True).select_related("staff")
    held = held if ids is None else held.filter(staff_id__in=ids)
    for number, rows in groupby(held.order_by("staff_id", "id"), key=lambda row: row.staff_id):
        each = list(rows)
        roles, person = sorted({row.role for row in each}), each[0].staff
        facts = {
            "role": roles, "department": next((row.department_id for row in each if row.department_id), None),
            "joined_days": (now - person.created_at).days,
        }  # fmt: skip
        yield Member(number, person.name, facts, staff_key(number), staff_key(number), frozenset(roles))


@keeps_population("department", "store", kind="department")
def departments(book: Book, now: dt.datetime, ids: Sequence[int] | None) -> Iterable[Member]:  # noqa: ARG001 - all keepers are asked alike
    """Every department that is open: `kind`, `department`. One query."""
    kinds = {one.id for one in book.handbook.departments}
    found = Department.objects.filter(kind__in=kinds, is_active=True)
    for row in (found if ids is None else found.filter(pk__in=ids)).order_by("id"):
        yield Member(row.pk, row.name, {"kind": row.kind, "department": row.pk})
