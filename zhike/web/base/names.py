"""What principals and the things that forms point to are called. One query for all that a page names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language, gettext

from zhike.handbook.book import Book
from zhike.handbook.structure import FieldDef
from zhike.journal.statements import array_of
from zhike.org.principals import department_of, role_of, staff_key, staff_number
from zhike.org.substitution import STANDING_IN
from zhike.records.references import name_of_in, pointed_at, titles_of

SUBSTITUTE = "substitute"


def names_of(principals: Iterable[str], books: Iterable[Book] = ()) -> dict[str, str]:
    """{principal: name} for people, roles and roles in a department; `books` name the roles. One query, none where no name is kept."""
    names = Names()
    names.ask(principals, books)
    return names.people


class Names:
    """Collects whom and what a page names; the first look at a name reads all that was asked for until then with one query."""

    def __init__(self, now: dt.datetime | None = None) -> None:
        """`now`: the moment for which holders are called with whoever stands in for them."""
        self._now = now
        self._principals: set[str] = set()
        self._books: dict[str, Book] = {}
        self._waiting: dict[str, set[Any]] = {}
        self._titles: dict[str, dict[int, str]] = {}
        self._name_of = name_of_in(self._titles)

    def ask(
        self,
        principals: Iterable[str] = (),
        books: Iterable[Book] = (),
        fillings: Iterable[tuple[Iterable[FieldDef], Mapping[str, Any]]] = (),
    ) -> None:
        """These will be named: principals, with the books that name their roles, and what the fillings point to."""
        self._books |= {book.name: book for book in books}
        for principal in principals:
            self._principals.add(principal)
            self._wait("staff", staff_number(principal))
            self._wait("department", department_of(principal))
        for kind, ids in pointed_at(fillings).items():
            for number in ids:
                self._wait(kind, number)

    def ask_holders(self, principals: Iterable[str], books: Iterable[Book] = ()) -> None:
        """These will be named as holders, together with whoever stands in for them."""
        asked = set(principals)
        self.ask(asked, books)
        for principal in asked:
            self._wait(SUBSTITUTE, staff_number(principal))

    @property
    def people(self) -> dict[str, str]:
        """{principal: name} of every principal asked for."""
        self._read()
        people, places = self._titles.get("staff", {}), self._titles.get("department", {})
        return {
            p: people.get(staff_number(p) or 0) or _fixed(p) or _role_name(p, self._books, places)
            for p in self._principals
        }

    @property
    def holders(self) -> dict[str, str]:
        """The same, "甲（乙 代）" for holders who are away at that moment."""
        names = self.people
        standing = self._titles.get(SUBSTITUTE, {})
        said = {staff_key(away): _in_place(names[staff_key(away)], other) for away, other in standing.items()}
        return {**names, **said}

    def name_of(self, field: FieldDef, value: Any) -> str:
        """What a value of a form points to, for `display`."""
        self._read()
        return self._name_of(field, value)

    def _wait(self, kind: str, number: Any) -> None:
        if number is not None and number not in self._titles.get(kind, ()):
            self._waiting.setdefault(kind, set()).add(number)

    def _read(self) -> None:
        if not self._waiting:
            return
        wanted, self._waiting = self._waiting, {}
        away = wanted.pop(SUBSTITUTE, set())
        standing = [(SUBSTITUTE, STANDING_IN, [array_of(away), self._now, self._now])] if away and self._now else []
        for kind, found in titles_of(wanted, *standing).items():
            self._titles.setdefault(kind, {}).update(found)


def _in_place(absent: str, substitute: str) -> str:
    return gettext("%(absent)s（%(substitute)s 代）") % {"absent": absent, "substitute": substitute}


def _fixed(principal: str) -> str:
    if principal.startswith("customer"):
        return gettext("顾客")
    if principal.startswith("address:"):
        return gettext("访客")
    return {"system": gettext("系统"), "anonymous": gettext("访客"), "owner": gettext("经办人")}.get(principal, "")


def _role_name(principal: str, books: dict[str, Book], places: Mapping[int, str]) -> str:
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
