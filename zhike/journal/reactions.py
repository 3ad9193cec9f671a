"""What rooms do when they hear of an event, inside the transaction of whoever wrote it.

    @reacts_to(ClockBreached)
    def tell_the_superior(events: Sequence[Recorded[ClockBreached]]) -> None: ...

A reaction always gets a batch: everything of that type one `record()` wrote, in its order. It may record further facts,
whose reactions run before it gets control back. If it raises, nothing of the whole deed happened. Whatever leaves the
house (SMS, mail, webhook) is not a reaction's to do: it defers a job (outbox.py) in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from zhike.journal.events import Event, Recorded

E = TypeVar("E", bound=Event)
Reaction = Callable[[Sequence[Recorded[E]]], None]

DEEPEST = 24
"""Reactions to facts of reactions to facts ... this deep are a circle."""

_reactions: dict[type[Event], list[Reaction[Any]]] = {}
_depth: ContextVar[int] = ContextVar("depth of reactions", default=0)


class EndlessReactions(RuntimeError):
    """Reactions record facts that cause each other."""


def reacts_to(*event_classes: type[E]) -> Callable[[Reaction[E]], Reaction[E]]:
    """Register a reaction to one or several events. Registered once, however often its module is imported."""

    def register(reaction: Reaction[E]) -> Reaction[E]:
        for cls in event_classes:
            if not cls.event_type:
                raise TypeError(f"{cls.__qualname__} is not registered: decorate it with @event(...)")
            heard = _reactions.setdefault(cls, [])
            heard[:] = [known for known in heard if name_of(known) != name_of(reaction)] + [reaction]
        return reaction

    return register


def name_of(reaction: Reaction[Any]) -> str:
    return f"{reaction.__module__}.{reaction.__qualname__}"


def reactions_to(cls: type[Event]) -> tuple[Reaction[Any], ...]:
    return tuple(_reactions.get(cls, ()))


def react(recorded: Sequence[Recorded[Event]]) -> None:
    """Run the reactions: types in the order they first appear, reactions in the order they were registered."""
    by_class: dict[type[Event], list[Recorded[Event]]] = {}
    for fact in recorded:
        if type(fact.payload) in _reactions:
            by_class.setdefault(type(fact.payload), []).append(fact)
    if not by_class:
        return
    with one_deeper(by_class):
        for cls, batch in by_class.items():
            for reaction in reactions_to(cls):
                reaction(batch)


@contextmanager
def one_deeper(classes: dict[type[Event], Any]) -> Iterator[None]:
    depth = _depth.get() + 1
    if depth > DEEPEST:
        names = ", ".join(cls.event_type for cls in classes)
        raise EndlessReactions(f"Reactions nest more than {DEEPEST} deep at {names}: two of them cause each other")
    token = _depth.set(depth)
    try:
        yield
    finally:
        _depth.reset(token)
