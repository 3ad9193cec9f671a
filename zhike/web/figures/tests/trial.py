"""A small handbook of a team that answers questions, for figures that wait and people in order. Everybody in it is a sample."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.test import Client

from zhike.cases.actions import open_case, take_action
from zhike.cases.models import Case
from zhike.handbook.book import Book
from zhike.handbook.structure import Handbook
from zhike.lib import clock
from zhike.org.actions import add_staff, assign_role
from zhike.org.handbooks import book_of, viewer
from zhike.org.models import HandbookVersion, Staff

NAME = "answers"
NOON = dt.datetime.fromisoformat("2025-06-10T12:00:00+08:00")
SAID: dict[str, Any] = {"cites": "1", "quote": "示例"}
PARTS: dict[str, Any] = {
    "name": NAME, "title": "示例答问", "version": "1", "effective": "2025-01-01",
    "roles": [
        {"id": "clerk", "title": "示例坐席", "screens": ["desk", "handbook"]},
        {"id": "lead", "title": "示例店长", "screens": ["desk", "handbook", "reports"]},
        {"id": "guest", "title": "示例旁人", "screens": ["desk", "handbook"]},
    ],
    "records": [
        {"id": "sheet", "title": "示例问题", "fields": [{"id": "about", "title": "示例内容", "type": "string", "required": True}]},
        {"id": "mark", "title": "示例评分", "fields": [
            {"id": "points", "title": "示例得分", "type": "int", "required": True},
            {"id": "solved", "title": "示例解决", "type": "bool"},
        ]},
    ],
    "processes": [
        {
            "id": "ask", "title": "示例问题", "number": "Q{yymmdd}-{seq}", "record": "sheet",
            "visible_to": [{"role": "lead"}, {"role": "clerk"}],
            "stages": [
                {"id": "open", "title": "在答", "holder": "clerk"}, {"id": "over", "title": "答完", "final": True},
            ],
            "actions": [
                {"id": "take", "title": "登记", "by": "clerk", "record": "sheet", "to": "open"},
                {"id": "note", "title": "评分", "by": "clerk", "from": "open", "record": "mark"},
                {"id": "close", "title": "答完", "by": "clerk", "from": "open", "to": "over"},
            ],
        }
    ],
}  # fmt: skip


class House:
    """Three clerks, a lead and somebody who has no part; time stands at noon until a test moves it."""

    def __init__(
        self, *clauses: dict[str, Any], processes: Sequence[dict[str, Any]] = (), records: Sequence[dict[str, Any]] = ()
    ) -> None:
        self.now = NOON
        parts = copy.deepcopy(PARTS)
        parts["processes"] += processes
        parts["records"] += records
        parts["clauses"] = [{"title": "示例条款", **SAID, **clause} for clause in clauses]
        self.version = HandbookVersion.objects.create(
            name=NAME, version="1", effective_from=NOON - dt.timedelta(days=90), digest="p",
            text="# 示例答问\n\n## 1 示例\n\n示例\n",
            source=Handbook.model_validate(parts).model_dump(mode="json", by_alias=True, exclude_defaults=True),
        )  # fmt: skip
        roles = {"an": "clerk", "bo": "clerk", "ci": "clerk", "lead": "lead", "guest": "guest"}
        self.staff = {name: self._join(name, role) for name, role in roles.items()}

    def _join(self, name: str, role: str) -> Staff:
        person = add_staff(username=name, name=f"示例{name}", by="system", now=NOON)
        assign_role(person, NAME, role, None, by="system", now=NOON)
        return person

    @property
    def book(self) -> Book:
        return book_of(self.version.pk)

    def later(self, **length: float) -> None:
        self.now += dt.timedelta(**length)

    def case(self, who: str = "an") -> Case:
        return open_case(self.version, "ask", "take", {"about": "示例"}, by=viewer(self.staff[who]), now=self.now)

    def act(self, case: Case, action: str, who: str = "an", **values: Any) -> Case:
        return take_action(case.pk, action, values, by=viewer(self.staff[who]), now=self.now)

    def mark(self, who: str, *points: int) -> None:
        """So many points each on a case of its own."""
        for each in points:
            self.act(self.case(who), "note", who, points=each, solved=each > 5)

    def signed_in(self, who: str) -> Client:
        client = Client()
        client.force_login(self.staff[who], backend="zhike.org.backend.StaffBackend")
        return client

    def read(self) -> dt.datetime:
        return self.now


@contextmanager
def lived_in(house: House) -> Iterator[House]:
    """The product lives in the house's time."""
    before = clock.install(house.read)
    yield house
    clock.install(before)
