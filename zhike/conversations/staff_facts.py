"""What rooms above know of a colleague, for the gates of presence: his training, his confirmed duties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zhike.handbook.book import Book

Knower = Callable[[Book, int], dict[str, Any]]
"""(handbook, staff id) -> facts, named `<process>.<record>.<field>`."""

_knowers: list[Knower] = []


def knows_staff(knower: Knower) -> Knower:
    """Register a room that knows something of colleagues."""
    _knowers.append(knower)
    return knower


def facts_about(book: Book, staff_id: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for knower in _knowers:
        found |= knower(book, staff_id)
    return found
