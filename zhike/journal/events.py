"""Typed payloads of facts. A room declares its events in `<room>/events.py`, in the past tense.

    @event("clock.breached", tells=("clause",))
    @dataclass(frozen=True)
    class ClockBreached(Event):
        clause: str
        due_at: datetime

Fields are anything pydantic turns into JSON and back: text, numbers, moments, dates, lists, dictionaries, optional
ones. A payload written years ago must still be readable: give a new field a default, and never change what an old one
means.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

TYPE_LENGTH = 64


class Event:
    """Base of every event; carries no data of its own."""

    event_type: ClassVar[str] = ""
    """The name it is stored under, "clock.breached"."""
    tells: ClassVar[tuple[str, ...]] = ()
    """Fields of the payload that the live feed sends to browsers. None unless named: a page re-reads the rest through
    its gate.
    """
    stays: ClassVar[tuple[str, ...]] = ()
    """Fields of text that stay when the fact is emptied (redactions.py): names of stages and actions, numbers of cases, principals.
    Never words, never what somebody filled in. `because.clause` keeps that key of each entry. What once stays, stays: a name may be
    added here, none taken away, or stubs of earlier years would no longer be sound.
    """


E = TypeVar("E", bound=Event)
T = TypeVar("T", bound=Event, covariant=True)


class UnknownEvent(LookupError):
    """A stored fact has a type that no room declares."""


class UnreadablePayload(ValueError):
    """A stored payload does not fit the event it is said to be."""


@dataclass(frozen=True, slots=True)
class Recorded(Generic[T]):
    """A fact as it was written: the event and where, when and by whom it happened."""

    id: int
    at: dt.datetime
    subject: tuple[str, int]
    actor: str
    payload: T
    handbook: str = ""
    clauses: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()


_events: dict[str, type[Event]] = {}


def event(name: str, *, tells: tuple[str, ...] = (), stays: str = "") -> Callable[[type[E]], type[E]]:
    """Register a dataclass as the payload of facts of type `name`. `tells`: the fields that browsers may be sent; `stays`: fields of
    text, parted by spaces, that are still told when the fact has been emptied."""

    def register(cls: type[E]) -> type[E]:
        if not name or len(name) > TYPE_LENGTH:
            raise ValueError(f"An event's name has 1 to {TYPE_LENGTH} characters: {name!r}")
        declared = getattr(cls, "__dataclass_fields__", None)
        if declared is None:
            raise TypeError(f"{cls.__qualname__} must be a dataclass: put @event above @dataclass(frozen=True)")
        if unknown := set(tells) - set(declared):
            raise ValueError(f"{cls.__qualname__} tells fields it does not have: {', '.join(sorted(unknown))}")
        if unknown := {one.partition(".")[0] for one in stays.split()} - set(declared):
            raise ValueError(f"{cls.__qualname__} keeps fields it does not have: {', '.join(sorted(unknown))}")
        known = _events.setdefault(name, cls)
        if identity(known) != identity(cls):
            raise ValueError(f"Two events are called {name!r}: {identity(known)} and {identity(cls)}")
        _events[name] = cls
        cls.event_type = name
        cls.tells, cls.stays = tells, (*tells, *stays.split())
        return cls

    return register


def identity(cls: type[Event]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def event_types() -> Mapping[str, type[Event]]:
    """Every declared event by its name."""
    return dict(_events)


def event_class(name: str) -> type[Event]:
    try:
        return _events[name]
    except KeyError:
        raise UnknownEvent(
            f"No room declares an event {name!r}. Is the room's events module imported by its apps.py?"
        ) from None


_adapters: dict[type[Event], TypeAdapter[Event]] = {}


def adapter(cls: type[Event]) -> TypeAdapter[Event]:
    """Made when first needed: by then every type that its fields name can be found."""
    if cls not in _adapters:
        _adapters[cls] = TypeAdapter(cls)
    return _adapters[cls]


def to_payload(event: Event) -> dict[str, Any]:
    """The event as JSON-able data; moments become ISO text."""
    if not event.event_type:
        raise TypeError(f"{type(event).__qualname__} is not registered: decorate it with @event(...)")
    payload: dict[str, Any] = adapter(type(event)).dump_python(event, mode="json")
    return payload


def from_payload(name: str, payload: Mapping[str, Any]) -> Event:
    """The event of a stored fact. Raises UnknownEvent or UnreadablePayload; fields nobody knows any more are passed
    over.
    """
    cls = event_class(name)
    try:
        return adapter(cls).validate_python(dict(payload))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnreadablePayload(f"A stored {name} does not fit {identity(cls)}: {where}: {first['msg']}") from error
