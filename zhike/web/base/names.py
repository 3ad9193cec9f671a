"""What principals are called. Two queries for any number of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db import connection
from django.utils.translation import get_language, gettext

from zhike.handbook.book import Book
from zhike.org.principals import department_of, role_of, staff_number
from zhike.org.substitution import substitutes_at


def names_of(principals: Iterable[str], books: Iterable[Book] = ()) -> dict[str, str]:
    """{principal: name} for people, roles and roles in a department; `books` name the roles.

    Staff and departments are fetched in one query each, and only when one is asked for.
    """
    asked = set(principals)
    people = _staff_names({p for p in asked if p.startswith("staff:")})
    places = _department_names({found for p in asked if (found := department_of(p)) is not None})
    by_name = {book.name: book for book in books}
    return {p: people.get(p) or _fixed(p) or _role_name(p, by_name, places) for p in asked}


def with_substitutes(names: Mapping[str, str], now: dt.datetime) -> dict[str, str]:
    """The same names, "甲（乙 代）" for people who are away at that moment. One query where people are among them."""
    people = {number: who for who in names if (number := staff_number(who)) is not None}
    standing = substitutes_at(people, now)
    said = {people[away]: _in_place(names[people[away]], other.name) for away, other in standing.items()}
    return {**names, **said}


def _in_place(absent: str, substitute: str) -> str:
    return gettext("%(absent)s（%(substitute)s 代）") % {"absent": absent, "substitute": substitute}


def _fixed(principal: str) -> str:
    if principal.startswith("customer"):
        return gettext("顾客")
    if principal.startswith("address:"):
        return gettext("访客")
    return {"system": gettext("系统"), "anonymous": gettext("访客"), "owner": gettext("经办人")}.get(principal, "")


def _staff_names(principals: set[str]) -> dict[str, str]:
    ids = [int(p.partition(":")[2]) for p in principals]
    if not ids:
        return {}
    return {f"staff:{pk}": name for pk, name in _names("SELECT id, name FROM org_staff WHERE id = ANY(%s)", ids)}


def _department_names(ids: set[int]) -> dict[int, str]:
    return dict(_names("SELECT id, name FROM org_department WHERE id = ANY(%s)", list(ids))) if ids else {}


def _names(sql: str, ids: list[int]) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [ids])
        return list(cursor.fetchall())


def _role_name(principal: str, books: dict[str, Book], places: dict[int, str]) -> str:
    role = role_of(principal)
    book = books.get(principal.partition(":")[0])
    name = role_title(book, role) if book else role or principal
    place = places.get(department_of(principal) or 0)
    return gettext("%(place)s %(role)s") % {"place": place, "role": name} if place else name


def role_title(book: Book, role: str) -> str:
    """The role's title in the language in force; its id where the book does not know it."""
    try:
        return book.role(role).title.say(get_language() or "zh")
    except LookupError:
        return role
