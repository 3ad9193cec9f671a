"""The repair franchise with its sample people: a head office, two regions, stores of its own, franchise stores and a partner."""

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
from zhike.org.handbooks import viewer
from zhike.org.models import HandbookVersion, Staff
from zhike.org.principals import Viewer
from zhike.rehearsal.sample import add_departments, add_people, read_sample

FOLDER = Path(__file__).resolve().parents[3] / "handbooks" / "repair-franchise"
NINE = dt.datetime.fromisoformat("2025-06-10T09:00:00+08:00")


@cache
def franchise_book() -> Book:
    return load(FOLDER)


class Franchise:
    """Installed, staffed, at nine on a Tuesday. `people.staff["partner1"]`, `people.viewer("partner1")`."""

    def __init__(self) -> None:
        self.now = NINE
        book = franchise_book()
        self.version = HandbookVersion.objects.create(
            name=book.name, version=book.version, effective_from=NINE - dt.timedelta(days=30), text=book.text,
            source=book.handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True), digest="f" * 64,
        )  # fmt: skip
        sample = read_sample(FOLDER / "sample.yaml")
        self.departments = add_departments(sample["departments"], self.now)
        people = add_people(sample["staff"], book, self.departments, self.now)
        self.staff: dict[str, Staff] = {person.username: person for person in people}

    def viewer(self, username: str) -> Viewer:
        return viewer(self.staff[username])

    def signed_in(self, username: str) -> Client:
        client = Client()
        client.force_login(self.staff[username], backend="zhike.org.backend.StaffBackend")
        return client

    def read(self) -> dt.datetime:
        return self.now

    def opened(self, unit: str, content: str = "示例：修好又坏", phone: str = "13800000001") -> Case:
        """A complaint about a unit, as the agent registers it."""
        values = {
            "customer_name": "示例客户", "contact": phone, "content": content, "demand": "示例：重修",
            "issue": "repair_quality", "unit_id": self.departments[unit].pk,
        }  # fmt: skip
        return open_case(self.version, "complaint_case", "register", values, by=self.viewer("agent1"), now=self.now)

    def handed_over(self, unit: str, content: str = "示例：修好又坏", phone: str = "13800000001") -> Case:
        """A complaint about a unit, with the specialist who is to find out whose fault it is."""
        case = self.opened(unit, content, phone)
        comfort = {"comfort_note": "示例：已安抚", "complaint_class": "class_1", "call_ended_at": self.now.isoformat()}
        self.take(case, "grade", comfort, "agent1")
        return self.take(case, "hand_over", {"receiver_id": self.staff["specialist1"].pk}, "agent1")

    def complaint(self, unit: str, content: str = "示例：修好又坏", phone: str = "13800000001") -> Case:
        """A complaint about a unit, judged to be its fault, not yet sent there."""
        case = self.handed_over(unit, content, phone)
        liability = "store" if self.departments[unit].kind.endswith("store") else "other_unit"
        judged = {"verification": "示例：属实", "liability": liability, "unit_id": self.departments[unit].pk}
        return self.take(case, "judge", judged, "specialist1")

    def sent(self, unit: str, content: str = "示例：修好又坏", phone: str = "13800000001") -> Case:
        """The same, sent to the unit."""
        return self.take(self.complaint(unit, content, phone), "dispatch", {"request": "示例：请核对"}, "specialist1")

    def take(self, case: Case, action: str, values: Mapping[str, Any], by: str) -> Case:
        return take_action(case.pk, action, values, by=self.viewer(by), now=self.now)
