"""A small cast for tests of pages: the retail hotline, two stores, one person a role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.test import Client

from zhike.cases.actions import open_case, take_action
from zhike.cases.models import Case
from zhike.handbook.book import Book
from zhike.handbook.load import load
from zhike.lib import clock
from zhike.org.actions import add_department, add_staff, assign_role
from zhike.org.handbooks import viewer
from zhike.org.models import Department, HandbookVersion, Staff
from zhike.org.principals import Viewer

HANDBOOK = Path(__file__).resolve().parents[3] / "handbooks" / "retail-hotline"
PASSWORD = "a-long-password-1"
NINE = dt.datetime.fromisoformat("2025-06-10T09:00:00+08:00")
ROLES = {
    "agent": ("hotline_agent", "hotline"),
    "supervisor": ("hotline_supervisor", "hotline"),
    "center": ("hotline_center_supervisor", "hotline"),
    "manager1": ("store_manager", "store-1"),
    "service1": ("store_service_center", "store-1"),
    "manager2": ("store_manager", "store-2"),
    "deputy": ("division_deputy_gm", "division"),
}
COMPLETE = {
    "customer_mobile": "13800000101",
    "district": "sample_east",
    "reported_issue": "收银员态度不好",
    "verification_status": "已调看录像",
    "dissatisfaction_point": "要求店长当面说明",
    "difficulty": "顾客情绪激动",
}


@cache
def retail() -> Book:
    return load(HANDBOOK)


class World:
    """The installed handbook, departments and people; time stands at nine until a test moves it."""

    def __init__(self) -> None:
        self.now = NINE
        book = retail()
        self.version = HandbookVersion.objects.create(
            name=book.name,
            version=book.version,
            effective_from=NINE - dt.timedelta(days=30),
            source=book.handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            text=book.text,
            digest="d" * 64,
        )
        self.departments: dict[str, Department] = {}
        for code, kind, parent in (
            ("hotline", "hotline_center", None),
            ("division", "division", None),
            ("store-1", "store", "division"),
            ("store-2", "store", "division"),
        ):
            self.departments[code] = add_department(
                code=code,
                name=f"示例{code}",
                kind=kind,
                by="system",
                now=self.now,
                parent=self.departments.get(parent or ""),
            )
        self.staff: dict[str, Staff] = {}
        for username, (role, department) in ROLES.items():
            self.add(username)
            assign_role(self.staff[username], book.name, role, self.departments[department], by="system", now=self.now)
        self.add("outsider")
        self.add("boss", is_admin=True)

    def add(self, username: str, *, is_admin: bool = False) -> Staff:
        person = add_staff(
            username=username, name=f"示例{username}", by="system", now=self.now, password=PASSWORD, is_admin=is_admin
        )
        self.staff[username] = person
        return person

    def viewer(self, username: str) -> Viewer:
        return viewer(Staff.objects.get(username=username))

    def signed_in(self, username: str) -> Client:
        client = Client()
        client.force_login(self.staff[username], backend="zhike.org.backend.StaffBackend")
        return client

    def ticket(self, content: str = "退货时收银员态度不好", store: str = "store-1", **more: Any) -> Case:
        """A complaint about service, registered by the agent."""
        values = {
            "caller_name": "示例顾客", "caller_phone": "13800000101", "service_class": "complaint",
            "complaint_item": "service_quality", "store": self.departments[store].pk, "content": content,
        }  # fmt: skip
        return open_case(
            self.version, "service_ticket", "register", {**values, **more}, by=self.viewer("agent"), now=self.now
        )

    def warning(self, store: str = "store-1") -> Case:
        """A warning that the agent has to file within 30 minutes."""
        ticket = self.ticket(store=store)
        self.take(ticket, "raise_warning", {"reason": "hard"}, "agent")
        return Case.objects.get(parent=ticket)

    def take(self, case: Case, action: str, values: Mapping[str, Any], by: str) -> Case:
        return take_action(case.pk, action, values, by=self.viewer(by), now=self.now)

    def later(self, minutes: int) -> None:
        self.now += dt.timedelta(minutes=minutes)

    def read(self) -> dt.datetime:
        return self.now


def in_time_of(world: World) -> clock.Source:
    """Let the product live in the world's time; answers the source it replaces."""
    return clock.install(world.read)
