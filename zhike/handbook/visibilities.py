"""Who may see what, and with whose consent: a visibility clause read for one set of facts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from zhike.handbook.clauses import Visibility
from zhike.handbook.common import Facts, Text
from zhike.handbook.conditions import holds
from zhike.handbook.decision import Decision, decision_of
from zhike.handbook.terms import Access, Needs, Projection


@dataclass(frozen=True, slots=True)
class Sight:
    """What a visibility clause says here: who has access, what it needs besides, what others are shown instead."""

    access: tuple[Access, ...]
    may: tuple[str, ...]
    needs: Needs | None
    superiors: bool
    handlers: bool
    show: tuple[Projection, ...]
    closed: bool
    """True: nobody sees it at present, whatever his role."""
    refuse: Text


def sight_of(clause: Visibility, facts: Facts) -> Decision:
    """The clause read for these facts; the decision's value is a `Sight`."""
    closed = (bool(clause.closed_until) and not holds(clause.closed_until, facts)) or (
        bool(clause.open_while) and not holds(clause.open_while, facts)
    )
    access = tuple(one for one in clause.to if holds(one.when, facts))
    sight = Sight(
        access, clause.may, clause.needs, clause.superiors, clause.handlers, clause.show, closed, clause.refuse
    )
    return decision_of(clause, "visibility", sight, facts, (*clause.closed_until, *clause.open_while))


def may_see(sight: Sight, roles: Collection[str], *, person: str | None = None, facts: Facts | None = None) -> bool:
    """Whether somebody with these roles is among those named. Where he must stand (`at`) is for the caller to resolve.

    An access that names a person by a fact is open to that person only.
    """
    if sight.closed:
        return False
    known = facts or {}
    return any(
        access.role in roles and (access.person is None or known.get(access.person) == person)
        for access in sight.access
    )


def shown(sight: Sight, field: str, value: Any, roles: Collection[str], facts: Facts | None = None) -> Any:
    """What somebody with these roles is shown of a field: the value, or what the clause puts in its place."""
    for projection in sight.show:
        if projection.field == field and (not projection.to or any(role in projection.to for role in roles)):
            return _projected(projection, value, facts or {})
    return value


def _projected(projection: Projection, value: Any, facts: Facts) -> Any:
    match projection.as_:
        case "hidden":
            return None
        case "last4":
            text = str(value or "")
            return "*" * max(0, len(text) - 4) + text[-4:]
        case "mask":
            text = str(value or "")
            return text[:1] + "*" * max(0, len(text) - 1)
        case "yes_no":
            return bool(value)
        case "fact":
            return facts.get(projection.fact or "")
