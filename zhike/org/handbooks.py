"""Installed handbook versions: which one is in force, and its compiled book.

A version row never changes, so a compiled book is kept in the process by version id; only when a year of days off is
entered are all of them compiled anew. Every process notices that with the questions it asks anyway.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from zhike.handbook import holidays
from zhike.handbook.book import Book
from zhike.handbook.load import load
from zhike.handbook.structure import Handbook
from zhike.journal.statements import array_of
from zhike.org.models import HandbookVersion, HolidayTableYear, Staff
from zhike.org.principals import RoleName, Viewer, viewer_of

# Asked by every request: the ids alone, the rest of a version never changes. Beside them the newest year of days off.
ENTERED = "(SELECT coalesce(max(id), 0) FROM org_holidaytableyear)"
CURRENT = f"""
SELECT id, {ENTERED} FROM org_handbookversion WHERE name = %s AND effective_from <= %s
ORDER BY effective_from DESC, id DESC LIMIT 1
"""  # noqa: S608 - only a constant of this module
IN_FORCE = f"""
SELECT DISTINCT ON (name) id, {ENTERED} FROM org_handbookversion WHERE effective_from <= %s
ORDER BY name, effective_from DESC, id DESC
"""  # noqa: S608 - only a constant of this module
HELD = f"""
SELECT staff_id, handbook, role, department_id, (
    SELECT id FROM org_handbookversion
    WHERE name = held.handbook AND (%(now)s::timestamptz IS NULL OR effective_from <= %(now)s)
    ORDER BY effective_from DESC, id DESC LIMIT 1
), {ENTERED}
FROM org_assignment AS held WHERE staff_id = ANY(%(who)s::bigint[]) ORDER BY id
"""  # noqa: S608 - only a constant of this module
HELD_AND_STOOD_FOR = f"""
(SELECT who, handbook, role, department_id, version, entered, ''
FROM ({HELD}) AS held (who, handbook, role, department_id, version, entered))
UNION ALL
(SELECT substitute_id, '', '', away.absent_id, NULL, {ENTERED}, absent.name
FROM org_substitution AS away JOIN org_staff AS absent ON absent.id = away.absent_id
WHERE substitute_id = ANY(%(who)s::bigint[]) AND begins_at <= %(now)s AND ends_at > %(now)s AND absent.is_active ORDER BY away.id)
"""  # noqa: S608 - only texts of this module
"""The roles somebody holds and, after them and without a handbook, those he stands in for."""


EXTERNAL = """
SELECT name, role ->> 'id' FROM org_handbookversion, jsonb_path_query(source, '$.roles[*] ? (@.external == true)') AS role
WHERE id = %s
"""
NEWEST = f"SELECT max(id), {ENTERED} FROM org_handbookversion GROUP BY name"  # noqa: S608 - only a constant of this module


CONVERSATIONS = "conversations"
"""The screen that no handbook names: it is open to roles that answer a queue, and to those above them."""


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
        rows = cursor.fetchall()
    if rows:
        _notice_days_off(rows[0][1])
    return [number for number, _ in rows]


_days_off_as_of = 0
"""The newest year of days off this process counts with."""


def look_for_days_off() -> None:
    """Notice a year of days off that another process entered. For processes that ask none of the questions above."""
    newest = HolidayTableYear.objects.order_by("-id").values_list("id", flat=True).first()
    _notice_days_off(newest or 0)


def _notice_days_off(newest: int) -> None:
    global _days_off_as_of
    if newest != _days_off_as_of:
        rows = HolidayTableYear.objects.order_by("region", "year", "-id").distinct("region", "year")
        holidays.enter(holidays.read_year(row.data) for row in rows)
        book_of.cache_clear()
        _days_off_as_of = newest


def content_of(book: Book) -> tuple[dict[str, Any], str]:
    """What a version row keeps of a book, and the digest of it."""
    source: dict[str, Any] = book.handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return source, digest_of(source, book.text)


def digest_of(source: Mapping[str, Any], text: str, parameters: Mapping[str, Any] | None = None) -> str:
    """The fingerprint of a version's content; without a manager's values that of the handbook alone."""
    parts = [source, text, *([parameters] if parameters else [])]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def install(path: Path, now: dt.datetime, *, effective_from: dt.datetime | None = None) -> HandbookVersion:
    """Install the handbook in the folder `path`, checked. The same content installed again is the same version.

    Raises handbook.load.HandbookRefused with every problem found.
    """
    book = load(path)
    source, digest = content_of(book)
    known = HandbookVersion.objects.filter(name=book.name, digest=digest).order_by("-id").first()
    if known is not None:
        return known
    begins = effective_from or min(now, _midnight(book.handbook.effective, book.handbook.zone))
    return HandbookVersion.objects.create(
        name=book.name, digest=digest, version=book.version, effective_from=begins, source=source, text=book.text
    )


def _midnight(day: dt.date, zone: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, ZoneInfo(zone))


@lru_cache(maxsize=64)
def _screens_by_role(version_id: int) -> dict[str, tuple[str, ...]]:
    if not version_id:
        return {}
    book = book_of(version_id)
    answering = roles_answering(book, (role for queue in book.handbook.queues for role in queue.answered_by))
    return {
        role.id: (*role.screens, *((CONVERSATIONS,) if role.id in answering else ())) for role in book.handbook.roles
    }


def roles_answering(book: Book, roles: Iterable[str]) -> list[str]:
    """These roles and everybody they report to, each once, in that order."""
    found: list[str] = []
    waiting = list(roles)
    while waiting:
        role = waiting.pop(0)
        if role not in found:
            found.append(role)
            waiting += [boss] if (boss := book.role(role).reports_to) else []
    return found


@lru_cache(maxsize=64)
def _answering(version_id: int) -> frozenset[str]:
    """The roles that answer a queue of conversations."""
    queues = book_of(version_id).handbook.queues if version_id else ()
    return frozenset(role for queue in queues for role in queue.answered_by)


@lru_cache(maxsize=64)
def _external_of(version_id: int) -> frozenset[RoleName]:
    """The roles of partners in a version, as (handbook, role). Read once in each process."""
    with connection.cursor() as cursor:
        cursor.execute(EXTERNAL, [version_id])
        return frozenset(cursor.fetchall())


def external_roles() -> frozenset[RoleName]:
    """The roles of partners, as the newest handbooks installed mark them. One query."""
    return frozenset().union(*(_external_of(number) for number in _ids(NEWEST, [])))


def viewer(staff: Staff, now: dt.datetime | None = None) -> Viewer:
    """The viewer `staff` is, with the screens his roles open under the handbooks in force at `now`; without it, under those
    that take effect last. One query.

    With `now` he stands in for whoever is away then and named him; without, he is asked about for his own rights alone.
    """
    return viewers([staff], now)[staff.pk]


def viewers(people: Collection[Staff], now: dt.datetime | None = None) -> dict[int, Viewer]:
    """The viewer each of them is, by id. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            HELD if now is None else HELD_AND_STOOD_FOR, {"who": array_of(one.pk for one in people), "now": now}
        )
        found = cursor.fetchall()
    if found:
        _notice_days_off(found[0][5])
    rows: dict[int, list[tuple[Any, ...]]] = {one.pk: [] for one in people}
    for who, *row in found:
        rows[who].append(tuple(row))
    return {one.pk: _viewer(one, rows[one.pk]) for one in people}


def _viewer(staff: Staff, found: Sequence[tuple[Any, ...]]) -> Viewer:
    rows = [row[:4] for row in found if row[0]]
    held = [(handbook, role, department) for handbook, role, department, _ in rows]
    screens = {screen for _, role, _, version in rows for screen in _screens_by_role(version or 0).get(role, ())}
    external = frozenset[RoleName]().union(*(_external_of(version or 0) for *_, version in rows))
    answers = any(role in _answering(version or 0) for _, role, _, version in rows)
    return viewer_of(staff, held, screens, external, [(row[2], row[5]) for row in found if not row[0]], answers)
