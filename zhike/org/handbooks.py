"""Installed handbook versions: which one is in force, and its compiled book.

A version row never changes, so a compiled book is kept in the process by version id for good.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from zhike.handbook.book import Book
from zhike.handbook.load import load
from zhike.handbook.structure import Handbook
from zhike.org.models import HandbookVersion, Staff
from zhike.org.principals import RoleName, Viewer, viewer_of

# Asked by every request: the ids alone, the rest of a version never changes.
CURRENT = """
SELECT id FROM org_handbookversion WHERE name = %s AND effective_from <= %s ORDER BY effective_from DESC, id DESC LIMIT 1
"""
IN_FORCE = """
SELECT DISTINCT ON (name) id FROM org_handbookversion WHERE effective_from <= %s ORDER BY name, effective_from DESC, id DESC
"""
HELD = """
SELECT handbook, role, department_id, (SELECT max(id) FROM org_handbookversion WHERE name = held.handbook)
FROM org_assignment AS held WHERE staff_id = %s ORDER BY id
"""


EXTERNAL = """
SELECT name, role ->> 'id' FROM org_handbookversion, jsonb_path_query(source, '$.roles[*] ? (@.external == true)') AS role
WHERE id = %s
"""
NEWEST = "SELECT max(id) FROM org_handbookversion GROUP BY name"


class NoHandbook(LookupError):
    """No version of this handbook is in force at that time."""


@lru_cache(maxsize=64)
def book_of(version_id: int) -> Book:
    """The compiled book of an installed version. Compiled once in each process."""
    return compile_version(HandbookVersion.objects.get(pk=version_id))


def compile_version(version: HandbookVersion) -> Book:
    return Book(Handbook.model_validate(version.source), version.text, version.parameters)


@lru_cache(maxsize=64)
def version_of(version_id: int) -> HandbookVersion:
    """The row of an installed version, without its source and text: those are in its book. Read once in each process."""
    return HandbookVersion.objects.defer("source", "text").get(pk=version_id)


def current(name: str, now: dt.datetime) -> HandbookVersion:
    """The version of `name` in force at `now`. Raises NoHandbook."""
    ids = _ids(CURRENT, [name, now])
    if not ids:
        raise NoHandbook(name)
    return version_of(ids[0])


def in_force(now: dt.datetime) -> list[HandbookVersion]:
    """One version of each installed handbook: the one in force at `now`, ordered by name. One query."""
    return [version_of(number) for number in _ids(IN_FORCE, [now])]


def _ids(sql: str, values: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [number for (number,) in cursor.fetchall()]


def install(path: Path, now: dt.datetime, *, effective_from: dt.datetime | None = None) -> HandbookVersion:
    """Install the handbook in the folder `path`, checked. The same content installed again is the same version.

    Raises handbook.load.HandbookRefused with every problem found.
    """
    book = load(path)
    source = book.handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    digest = hashlib.sha256(json.dumps([source, book.text], sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    begins = effective_from or min(now, _midnight(book.handbook.effective, book.handbook.zone))
    version, _ = HandbookVersion.objects.get_or_create(
        name=book.name,
        digest=digest,
        defaults={"version": book.version, "effective_from": begins, "source": source, "text": book.text},
    )
    return version


def _midnight(day: dt.date, zone: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, ZoneInfo(zone))


@lru_cache(maxsize=64)
def _screens_by_role(version_id: int) -> dict[str, tuple[str, ...]]:
    return {role.id: tuple(role.screens) for role in book_of(version_id).handbook.roles} if version_id else {}


@lru_cache(maxsize=64)
def _external_of(version_id: int) -> frozenset[RoleName]:
    """The roles of partners in a version, as (handbook, role). Read once in each process."""
    with connection.cursor() as cursor:
        cursor.execute(EXTERNAL, [version_id])
        return frozenset(cursor.fetchall())


def external_roles() -> frozenset[RoleName]:
    """The roles of partners, as the newest handbooks installed mark them. One query."""
    return frozenset().union(*(_external_of(number) for number in _ids(NEWEST, [])))


def viewer(staff: Staff) -> Viewer:
    """The viewer `staff` is, with the screens the newest handbooks installed open for his roles. One query."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [staff.pk])
        rows = cursor.fetchall()
    held = [(handbook, role, department) for handbook, role, department, _ in rows]
    screens = {screen for _, role, _, newest in rows for screen in _screens_by_role(newest or 0).get(role, ())}
    external = frozenset[RoleName]().union(*(_external_of(newest or 0) for *_, newest in rows))
    return viewer_of(staff, held, screens, external)
