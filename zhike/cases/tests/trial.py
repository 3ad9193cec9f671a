"""A small handbook made up for tests of what follows from clauses: an order is taken, worked on, called back about, and done.

Everything in it is made up (示例).
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Sequence
from typing import Any

from tests.world import at
from zhike.cases.actions import open_case, take_action
from zhike.cases.models import Case
from zhike.clocks.actions import fire_due
from zhike.clocks.models import Clock
from zhike.handbook.structure import Handbook
from zhike.notices.models import Notice
from zhike.org.actions import add_staff, assign_role
from zhike.org.handbooks import book_of, viewer
from zhike.org.models import HandbookVersion, Staff
from zhike.org.principals import Viewer

NOON = at("2025-06-10 12:00")
SAID = {"cites": "1", "quote": "示例"}
CLAUSE = {"title": "示例条款", **SAID, "process": "order"}
PARTS: dict[str, Any] = {
    "name": "trial", "title": "示例办法", "version": "1", "effective": "2025-01-01",
    "roles": [
        {"id": "clerk", "title": {"zh": "示例经办", "en": "Sample clerk"}, "reports_to": "lead"},
        {"id": "lead", "title": {"zh": "示例主管", "en": "Sample lead"}, "reports_to": "chief"},
        {"id": "chief", "title": {"zh": "示例总监", "en": "Sample chief"}},
        {"id": "porter", "title": {"zh": "示例搬运", "en": "Sample porter"}, "reports_to": "lead"},
    ],
    "records": [
        {
            "id": "sheet", "title": "示例登记单", "fields": [
                {"id": "waybill_no", "title": "示例运单号", "type": "text"},
                {"id": "phone", "title": "示例电话", "type": "phone"},
            ],
        },
        {"id": "callback", "title": "示例回访", "fields": [{"id": "satisfied", "title": "示例满意", "type": "bool", "required": True}]},
    ],
    "processes": [
        {
            "id": "order", "title": "示例单", "number": "O{yymmdd}-{seq}", "record": "sheet", "customer": {"phone": "phone"},
            "stages": [
                {"id": "work", "title": "处理", "holder": "clerk"}, {"id": "check", "title": "复核", "holder": "clerk"},
                {"id": "over", "title": "办结", "final": True},
            ],
            "actions": [
                {"id": "register", "title": "登记", "by": "clerk", "record": "sheet", "to": "work"},
                {"id": "jot", "title": "补记", "by": ["clerk", "lead", "chief"], "from": ["work", "check"]},
                {"id": "solve", "title": "处理完", "by": ["clerk", "lead"], "from": "work", "to": "check"},
                {"id": "close", "title": "办结", "by": ["clerk", "lead"], "from": "check", "to": "over"},
            ],
        }
    ],
    "clauses": [],
}  # fmt: skip


class House:
    """The handbook with these clauses and further actions and forms, in force, and one person in each of its roles."""

    def __init__(
        self,
        *clauses: dict[str, Any],
        actions: Sequence[dict[str, Any]] = (),
        records: Sequence[dict[str, Any]] = (),
        without: Sequence[str] = (),
    ) -> None:
        parts = copy.deepcopy(PARTS)
        parts["clauses"] = [{**CLAUSE, **clause} for clause in clauses]
        parts["processes"][0]["actions"] += actions
        parts["records"] += records
        source = Handbook.model_validate(parts).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        self.version = HandbookVersion.objects.create(
            name="trial", version="1", effective_from=NOON - dt.timedelta(days=30), source=source, text="", digest="t"
        )
        self.book = book_of(self.version.pk)
        self.people = {role: self.join(role) for role in ("clerk", "lead", "chief", "porter") if role not in without}

    def join(self, role: str, username: str = "") -> Staff:
        person = add_staff(username=username or role, name=f"示例{username or role}", by="system", now=NOON)
        assign_role(person, "trial", role, None, by="system", now=NOON)
        return person

    def viewer(self, who: str) -> Viewer:
        return viewer(self.people[who])

    def opened(self, now: dt.datetime = NOON, **values: Any) -> Case:
        return open_case(self.version, "order", "register", values, by=self.viewer("clerk"), now=now)

    def act(self, case: Case, action: str, by: str, now: dt.datetime, **values: Any) -> Case:
        return take_action(case.pk, action, values, by=self.viewer(by), now=now)


def fresh(case: Case) -> Case:
    return Case.objects.select_related("department", "parent", "owner").get(pk=case.pk)


def fire_all(now: dt.datetime) -> None:
    while fire_due(now):
        pass


def clocks(case: Case, clause: str) -> list[tuple[str, list[str], str]]:
    rows = Clock.objects.filter(subject_id=case.pk, clause=clause).order_by("id")
    return [(row.state, row.holders, row.held_as) for row in rows]


def notices(case: Case) -> list[tuple[str, list[str], str]]:
    rows = Notice.objects.filter(subject_kind="case", subject_id=case.pk).order_by("id")
    return [(row.clause, row.to, row.words["zh"]) for row in rows]
