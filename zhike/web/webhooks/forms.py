"""The form of a subscription: what can be chosen, and what was typed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import get_language

from zhike.org.access import NotFound, department_for, staff_for
from zhike.org.handbooks import book_of, in_force
from zhike.org.models import Department, Staff
from zhike.org.principals import Viewer
from zhike.web.webhooks.words import kind_words
from zhike.webhooks.actions import Wish
from zhike.webhooks.kinds import KINDS
from zhike.webhooks.models import Subscription

LONGEST_NUMBER = 17


@dataclass(frozen=True, slots=True)
class Scope:
    """A handbook with its processes, to choose from."""

    name: str
    title: str
    processes: tuple[tuple[str, str], ...]


def scopes(now: dt.datetime) -> list[Scope]:
    """The handbooks in force and their processes."""
    language = get_language() or "zh"
    found = []
    for version in in_force(now):
        book = book_of(version.pk).handbook
        processes = tuple((process.id, process.title.say(language)) for process in book.processes)
        found.append(Scope(version.name, book.title.say(language), processes))
    return found


def known_processes(now: dt.datetime) -> list[tuple[str, str]]:
    """(handbook, process) a filter may name; ("name", "") for the handbook itself."""
    pairs = []
    for scope in scopes(now):
        pairs += [(scope.name, ""), *((scope.name, process) for process, _ in scope.processes)]
    return pairs


def wish_of(typed: QueryDict, by: Viewer) -> Wish:
    """What somebody asks for; what he named and is not there comes back as refused."""
    handbook, _, process = typed.get("scope", "").partition("/")
    place = typed.get("department", "")
    department = _department(by, place)
    return Wish(
        name=typed.get("name", ""), address=typed.get("address", ""), owner=_owner(by, typed.get("owner", "")),
        kinds=tuple(typed.getlist("kinds")), handbook=handbook, process=process, department=department,
        department_missing=bool(place) and department is None,
    )  # fmt: skip


def _owner(by: Viewer, number: str) -> Staff | None:
    try:
        return staff_for(by, int(number)) if number.isdecimal() and len(number) <= LONGEST_NUMBER else None
    except NotFound:
        return None


def _department(by: Viewer, number: str) -> Department | None:
    try:
        return department_for(by, int(number)) if number.isdecimal() and len(number) <= LONGEST_NUMBER else None
    except NotFound:
        return None


def typed_of(row: Subscription) -> dict[str, Any]:
    """The form's values of a subscription that is there."""
    scope = f"{row.handbook}/{row.process}" if row.process else row.handbook
    return {
        "name": row.name, "address": row.address, "owner": str(row.owner_id), "kinds": row.kinds, "scope": scope,
        "department": str(row.department_id or ""),
    }  # fmt: skip


def typed_in(post: QueryDict) -> dict[str, Any]:
    names = ("name", "address", "owner", "scope", "department")
    return {**{name: post.get(name, "") for name in names}, "kinds": post.getlist("kinds")}


def choices(now: dt.datetime) -> dict[str, Any]:
    """What the form offers. Three queries."""
    families: dict[str, list[tuple[str, str]]] = {}
    for kind in KINDS:
        families.setdefault(kind.partition(".")[0], []).append((kind, kind_words(kind)))
    return {
        "families": list(families.values()),
        "scopes": scopes(now),
        "people": Staff.objects.filter(is_active=True).order_by("name", "id"),
        "places": [(place, max(0, len(place.path) - 1)) for place in Department.objects.order_by("path")],
    }
