"""Whom the effects of a clause tell: roles of the handbook, as principals."""

from __future__ import annotations

from collections.abc import Iterable

from zhike.handbook.book import Book
from zhike.handbook.common import Effect
from zhike.org.principals import SYSTEM, role_key

NOBODYS = ("owner", "customer", SYSTEM, "holder")
"""Names that are no roles of the handbook."""


def told_by(book: Book, effects: Iterable[Effect], roles: Iterable[str]) -> list[str]:
    """The principals `notify` names; `superior` is whoever `roles` (of those it happened to) report to."""
    above = superiors_of(book, roles)
    found: list[str] = []
    for effect in effects:
        for name in (effect.notify,) if isinstance(effect.notify, str) else tuple(effect.notify or ()):
            if name == "superior":
                found += above
            elif name not in NOBODYS:
                found.append(role_key(book.name, name))
    return list(dict.fromkeys(found))


def superiors_of(book: Book, roles: Iterable[str]) -> list[str]:
    """Whoever these roles report to, each once; what is no role of the handbook reports to nobody."""
    known = {role.id: role.reports_to for role in book.handbook.roles}
    bosses = [known[role] for role in roles if role in known]
    return list(dict.fromkeys(role_key(book.name, boss) for boss in bosses if boss))
