"""Installed handbook versions: which one is in force, and its compiled book.

A version row never changes, so a compiled book is kept in the process by version id for good.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from zhike.handbook.book import Book
from zhike.handbook.load import load
from zhike.handbook.structure import Handbook
from zhike.org.models import HandbookVersion, Staff
from zhike.org.principals import Viewer, viewer_of


class NoHandbook(LookupError):
    """No version of this handbook is in force at that time."""


@lru_cache(maxsize=64)
def book_of(version_id: int) -> Book:
    """The compiled book of an installed version. Compiled once in each process."""
    return compile_version(HandbookVersion.objects.get(pk=version_id))


def compile_version(version: HandbookVersion) -> Book:
    return Book(Handbook.model_validate(version.source), version.text, version.parameters)


def current(name: str, now: dt.datetime) -> HandbookVersion:
    """The version of `name` in force at `now`. Raises NoHandbook."""
    found = (
        HandbookVersion.objects.filter(name=name, effective_from__lte=now).order_by("-effective_from", "-id").first()
    )
    if found is None:
        raise NoHandbook(name)
    return found


def in_force(now: dt.datetime) -> list[HandbookVersion]:
    """One version of each installed handbook: the one in force at `now`, ordered by name. One query."""
    rows = (
        HandbookVersion.objects.filter(effective_from__lte=now)
        .order_by("name", "-effective_from", "-id")
        .distinct("name")
    )
    return list(rows)


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


def _newest_id(handbook: str) -> int:
    found = HandbookVersion.objects.filter(name=handbook).order_by("-id").values_list("id", flat=True).first()
    return found or 0


@lru_cache(maxsize=64)
def _screens_by_role(version_id: int) -> dict[str, tuple[str, ...]]:
    return {role.id: tuple(role.screens) for role in book_of(version_id).handbook.roles} if version_id else {}


def viewer(staff: Staff) -> Viewer:
    """The viewer `staff` is, with the screens the installed handbooks open for his roles."""
    newest: dict[str, int] = {}

    def screens(handbook: str, role: str) -> Iterable[str]:
        if handbook not in newest:
            newest[handbook] = _newest_id(handbook)
        return _screens_by_role(newest[handbook]).get(role, ())

    return viewer_of(staff, screens)
