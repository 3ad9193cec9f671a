"""The sample department: departments, staff, directories and a little history, from `sample.yaml` beside a handbook.

The file's head says its shape. Everything goes through the same actions as real work. The history is one transaction:
all of it or, with a line that says why, none.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from ruamel.yaml import YAML

from zhike.handbook.book import Book
from zhike.org.actions import add_department, add_staff, assign_role, generate_password
from zhike.org.handbooks import book_of
from zhike.org.models import Department, HandbookVersion, Staff
from zhike.org.principals import SYSTEM, SYSTEM_VIEWER, Viewer
from zhike.records.directory import save_row
from zhike.records.models import ReferenceRow
from zhike.web.first_run.replay import Unexpected, replay

PASSWORD_FILE = "sample-password.txt"  # noqa: S105 - a file's name
Say = Callable[[str], None]


def load_sample(path: Path, version: HandbookVersion, now: dt.datetime, *, say: Say) -> None:
    """Load the sample once, into a database without staff and departments."""
    sample = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    book = book_of(version.pk)
    with transaction.atomic():
        places = _departments(sample.get("departments") or [], now)
        _staff(sample.get("staff") or [], book, places, now)
        _directory(sample.get("directory") or {}, book, places, now)
    try:
        with transaction.atomic():
            count = replay(sample.get("history") or [], version, now)
            say(f"sample history: {count} deeds")
    except Unexpected as error:
        say(f"the sample history is left out: {error}")


def _departments(rows: list[dict[str, Any]], now: dt.datetime) -> dict[str, Department]:
    places: dict[str, Department] = {}
    for row in rows:
        places[row["code"]] = add_department(
            code=row["code"], name=row["name"], kind=row["kind"], parent=places.get(row.get("parent", "")),
            calendar=row.get("calendar", ""), is_sample=True, by=SYSTEM, now=now,
        )  # fmt: skip
    return places


def _staff(rows: list[dict[str, Any]], book: Book, places: Mapping[str, Department], now: dt.datetime) -> None:
    password = kept_password(Path(settings.ZHIKE_HOME) / PASSWORD_FILE)
    shared = ""
    for row in rows:
        person = add_staff(
            username=row["username"], name=row["name"], phone=row.get("phone", ""), is_admin=bool(row.get("admin")),
            password=None if shared else password, is_sample=True, by=SYSTEM, now=now,
        )  # fmt: skip
        # One password, hashed once: the hash is slow on purpose, and the accounts are samples.
        shared = shared or person.password
        Staff.objects.filter(pk=person.pk).update(password=shared)
        for held in row.get("roles") or []:
            place = places[held["department"]] if held.get("department") else None
            assign_role(person, book.name, held["role"], place, by=SYSTEM, now=now)


def _directory(
    records: Mapping[str, list[dict[str, Any]]], book: Book, places: Mapping[str, Department], now: dt.datetime
) -> None:
    keeper = Viewer(principal=SYSTEM, keys=SYSTEM_VIEWER.keys, is_admin=True)
    for record, rows in records.items():
        for row in rows:
            values = {name: value for name, value in row.items() if name != "department"}
            saved = save_row(book, record, values, by=keeper, now=now, is_sample=True)
            if place := places.get(str(row.get("department", ""))):
                ReferenceRow.objects.filter(pk=saved.pk).update(department_id=place.pk)


def kept_password(place: Path) -> str:
    """The sample's password, made on the first start and readable by its owner only."""
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return place.read_text(encoding="utf-8").strip()
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        target.write(f"{(password := generate_password())}\n")
    return password
