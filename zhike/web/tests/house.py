"""A shipped handbook in force, with its sample departments, people, directories and history, standing at noon on a Tuesday."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from django.test import Client

from zhike.cases.models import Case
from zhike.customers.models import Customer
from zhike.handbook import library
from zhike.handbook.book import Book
from zhike.lib import clock
from zhike.org.handbooks import book_of, install, viewer
from zhike.org.models import Department, Staff
from zhike.org.principals import Viewer
from zhike.records.models import ReferenceRow
from zhike.web.first_run.sample import load_sample

NOON = dt.datetime.fromisoformat("2025-06-10T12:00:00+08:00")


class House:
    """`staff["agent1"]`, `viewer("agent1")`, `signed_in("agent1")`: the people of the handbook's sample.yaml, by username."""

    def __init__(self, name: str) -> None:
        self.now = NOON
        self.name = name
        folder = library.find(name)
        self.version = install(folder, NOON - dt.timedelta(days=30))
        self.said: list[str] = []
        load_sample(folder / "sample.yaml", self.version, self.now, say=self.said.append)
        self.staff: dict[str, Staff] = {person.username: person for person in Staff.objects.order_by("pk")}

    @cached_property
    def book(self) -> Book:
        return book_of(self.version.pk)

    @property
    def people(self) -> list[str]:
        """One person of each set of roles, administrators among them."""
        found: dict[tuple[object, ...], str] = {}
        for username, person in self.staff.items():
            roles = sorted(person.assignments.values_list("role", flat=True))
            found.setdefault((person.is_admin, *roles), username)
        return list(found.values())

    @cached_property
    def numbers(self) -> list[str]:
        """The cases of its history."""
        return list(Case.objects.order_by("pk").values_list("number", flat=True))

    @cached_property
    def references(self) -> dict[str, int]:
        """An id of each kind of row fields point at: staff, department, department:store, record:outlet, customer, case."""
        found = {"staff": next(iter(self.staff.values())).pk}
        for kind, pk in Department.objects.values_list("kind", "pk"):
            found |= {f"department:{kind}": pk, "department": pk}
        for record, pk in ReferenceRow.objects.values_list("record", "pk"):
            found |= {f"record:{record}": pk, "record": pk}
        found["customer"] = Customer.objects.earliest("pk").pk
        return found | {"case": Case.objects.earliest("pk").pk}

    def viewer(self, username: str) -> Viewer:
        return viewer(Staff.objects.get(username=username))

    def signed_in(self, username: str) -> Client:
        client = Client()
        client.force_login(self.staff[username], backend="zhike.org.backend.StaffBackend")
        return client

    def read(self) -> dt.datetime:
        return self.now


@contextmanager
def standing(name: str) -> Iterator[House]:
    """The house, and the product in its time."""
    before = clock.install(lambda: NOON)
    try:
        house = House(name)
        clock.install(house.read)
        yield house
    finally:
        clock.install(before)
