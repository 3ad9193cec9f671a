"""Whose work a part of the handbook touches: the roles that hold, act, decide or are told because of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from zhike.handbook.book import Book, ending_events, starting_events
from zhike.handbook.catalogue import BUILT_IN_ROLES
from zhike.handbook.clauses import Clause, Deadline, Duty
from zhike.handbook.common import Effect, Model

ROLE_KEYS = (
    "holder",
    "charged_to",
    "confirm",
    "to",
    "notify",
    "judged_by",
    "by",
    "send_to",
    "kept_by",
    "fills",
    "decided_by",
    "seen_by",
    "among",
)


def roles_touched(book: Book, part: str, name: str) -> tuple[str, ...]:
    """The roles of the handbook that the thing of that part and id concerns, in the order of the handbook."""
    found = set(_touched(book, part, name))
    return tuple(role.id for role in book.handbook.roles if role.id in found)


def _touched(book: Book, part: str, name: str) -> Iterator[str]:
    process, _, inner = name.partition("/")
    match part:
        case "clauses":
            yield from clause_roles(book, book.clause(name))
        case "roles":
            yield name
        case "actions":
            yield from book.action(process, inner).by
        case "stages":
            yield from book.stage(process, inner).holder
            yield from (role for action in book.actions_from(process, inner) for role in action.by)
        case "records" | "fields":
            yield from _fillers(book, process)
        case "processes":
            yield from (role for action in book.process(name).actions for role in action.by)
        case "parameters":
            for clause in clauses_of_parameter(book, name):
                yield from clause_roles(book, clause)
            if name in _parameters(book.handbook.defaults):
                yield from _defaulted(book)
        case "others" if name == "defaults":
            yield from _defaulted(book)
        case "calendars":
            for clause in book.clauses():
                if getattr(clause, "calendar", None) == name:
                    yield from clause_roles(book, clause)


def clause_roles(book: Book, clause: Clause) -> Iterator[str]:
    """Roles a clause names itself, and those who take the actions at which it speaks."""
    known = {role.id for role in book.handbook.roles} - set(BUILT_IN_ROLES)
    yield from (name for name in _named(clause) if name in known)
    for event in (*starting_events(clause), *ending_events(clause)):
        if event.startswith("action."):
            yield from _takers(book, event.removeprefix("action."))


def _defaulted(book: Book) -> Iterator[str]:
    """Holders of limits and duties that leave what follows to the handbook's defaults."""
    for clause in book.clauses():
        if isinstance(clause, Deadline | Duty) and (clause.warn is None or _says_nothing(clause)):
            yield from clause.holder


def _says_nothing(clause: Deadline | Duty) -> bool:
    return (clause.breach if isinstance(clause, Deadline) else clause.missed) is None


def clauses_of_parameter(book: Book, parameter: str) -> list[Clause]:
    """The clauses whose data refer to a parameter, and the one it says it belongs to."""
    owner = next((one.clause for one in book.handbook.parameters if one.id == parameter), None)
    return [c for c in book.handbook.clauses if c.id == owner or parameter in _parameters(c)]


def _parameters(value: Any) -> set[str]:
    if isinstance(value, Model):
        own = {value.param} if type(value).__name__ == "Parameter" else set()  # type: ignore[attr-defined]
        return own.union(*(_parameters(getattr(value, name)) for name in type(value).model_fields))
    if isinstance(value, dict):
        return set().union(*map(_parameters, value.values()))
    return set().union(*map(_parameters, value)) if isinstance(value, tuple) else set()


def _named(value: Any, key: str = "") -> Iterator[str]:
    """Every string that stands under a key for roles, however deep."""
    if isinstance(value, str):
        yield from (value,) if key in ROLE_KEYS or key == "role" else ()
    elif isinstance(value, Effect):
        yield from _names(value.notify)
        yield from _names(value.reassign)
    elif isinstance(value, Model):
        for name in type(value).model_fields:
            yield from _named(getattr(value, name), name)
    elif isinstance(value, tuple):
        for one in value:
            yield from _named(one, key)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _named(one, key)


def _names(value: str | Iterable[str] | None) -> Iterator[str]:
    yield from (value,) if isinstance(value, str) else value or ()


def _takers(book: Book, action: str) -> Iterator[str]:
    for process in book.handbook.processes:
        yield from (role for one in process.actions if one.id == action for role in one.by)


def _fillers(book: Book, record: str) -> Iterator[str]:
    for process in book.handbook.processes:
        yield from (role for one in process.actions if one.record == record for role in one.by)
