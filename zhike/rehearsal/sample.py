"""The departments, staff and directory rows of a handbook's sample.yaml, written through the same actions as real ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from zhike.handbook.book import Book
from zhike.org.actions import add_department, add_staff, assign_role
from zhike.org.models import Department, Staff
from zhike.org.principals import SYSTEM, SYSTEM_VIEWER, Viewer
from zhike.records.directory import save_row
from zhike.records.models import ReferenceRow
from zhike.rehearsal.vocabulary import StepFailed
from zhike.rehearsal.world import World

Row = Mapping[str, Any]
KEEPER = Viewer(principal=SYSTEM, keys=SYSTEM_VIEWER.keys, is_admin=True)


@lru_cache(maxsize=8)
def read_sample(path: Path) -> dict[str, Any]:
    """The file as plain data; an empty one where there is none."""
    return dict(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))) if path.exists() else {}


def sample_loader(folder: Path) -> Callable[[World, bool], None]:
    """What a scenario calls for the sample's people, or for its directory rows."""

    def load(world: World, directory: bool) -> None:
        sample = read_sample(folder / "sample.yaml")
        if not sample:
            raise StepFailed("这份制度没有 sample.yaml，请用“部门”和“人员”两步写明")
        places = {d.code: d for d in Department.objects.all()}
        if directory:
            add_directory(sample.get("directory") or {}, world.book, places, world.now)
            return
        places = add_departments(sample.get("departments") or [], world.now)
        add_people(sample.get("staff") or [], world.book, places, world.now)

    return load


def add_departments(rows: Iterable[Row], now: dt.datetime) -> dict[str, Department]:
    """Departments by code; a row's `parent` stands above it in the list."""
    places: dict[str, Department] = {}
    for row in rows:
        places[row["code"]] = add_department(
            code=row["code"], name=row["name"], kind=row["kind"], parent=places.get(row.get("parent", "")),
            calendar=row.get("calendar", ""), is_sample=True, by=SYSTEM, now=now,
        )  # fmt: skip
    return places


def add_people(
    rows: Iterable[Row], book: Book, places: Mapping[str, Department], now: dt.datetime, password: str | None = None
) -> list[Staff]:
    """Staff with their roles; all with the one `password`, or without any."""
    people: list[Staff] = []
    shared = ""
    for row in rows:
        person = add_staff(
            username=row["username"], name=row["name"], phone=row.get("phone", ""), is_admin=bool(row.get("admin")),
            password=None if shared else password, is_sample=True, by=SYSTEM, now=now,
        )  # fmt: skip
        if password:
            # Hashed once: the hash is slow on purpose, and the accounts are samples.
            shared = shared or person.password
            Staff.objects.filter(pk=person.pk).update(password=shared)
        for held in row.get("roles") or []:
            place = places[held["department"]] if held.get("department") else None
            assign_role(person, book.name, held["role"], place, by=SYSTEM, now=now)
        people.append(person)
    return people


def add_directory(
    records: Mapping[str, Iterable[Row]], book: Book, places: Mapping[str, Department], now: dt.datetime
) -> None:
    """Rows of reference records; `department` (a code) ties a row to a department."""
    for record, rows in records.items():
        for row in rows:
            values = {name: value for name, value in row.items() if name != "department"}
            saved = save_row(book, record, values, by=KEEPER, now=now, is_sample=True)
            if place := places.get(str(row.get("department", ""))):
                ReferenceRow.objects.filter(pk=saved.pk).update(department_id=place.pk)
