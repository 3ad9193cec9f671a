"""Facts that a handbook puts together itself, and which computed facts it asks for at all."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from zhike.handbook.book import Book
from zhike.handbook.common import Model, Test, is_present
from zhike.handbook.conditions import holds


def with_named(book: Book, facts: dict[str, Any]) -> dict[str, Any]:
    """`facts` with those the handbook declares by `any_of` and `first_of` added, in the order in which they stand."""
    for fact in book.named_facts:
        if fact.any_of:
            facts[fact.name] = any(holds(when, facts) for when in fact.any_of)
        else:
            facts[fact.name] = next((facts[name] for name in fact.first_of if is_present(facts.get(name))), None)
    return facts


@lru_cache(maxsize=64)
def names_asked(book: Book) -> frozenset[str]:
    """Every fact the handbook names anywhere: those that cost a query are looked up only where one is among them."""
    return frozenset(_names_in(book.handbook))


@lru_cache(maxsize=1024)
def asks_for(book: Book, *beginnings: str) -> bool:
    """Whether the handbook names a fact that begins so: `clock.`, `case.late.`."""
    return any(name.removeprefix("parent.").startswith(beginnings) for name in names_asked(book))


@lru_cache(maxsize=64)
def keeps_parties_out(book: Book) -> bool:
    """Whether a clause keeps those concerned from acting (`not_actor`): then it matters in whose place somebody acted before."""
    return _keeps_out(book.handbook)


def _keeps_out(value: Any) -> bool:
    if isinstance(value, Model):
        return bool(getattr(value, "not_actor", ())) or any(_keeps_out(one) for _, one in value)
    if isinstance(value, Mapping):
        return any(_keeps_out(one) for one in value.values())
    return isinstance(value, tuple) and any(_keeps_out(one) for one in value)


def _names_in(value: Any) -> set[str]:
    if isinstance(value, Test):
        return {reference.fact for reference in value.references if hasattr(reference, "fact")}
    if isinstance(value, Model):
        return set().union(*(_names_in(one) for _, one in value))
    if isinstance(value, Mapping):
        tested = {name for name, one in value.items() if isinstance(one, Test)}
        return tested.union(*(_names_in(one) for one in value.values()))
    if isinstance(value, tuple):
        return set().union(*(_names_in(one) for one in value))
    return {value} if isinstance(value, str) and "." in value else set()
