"""Figures that leave the house as a file are written down."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("figures.exported")
@dataclass(frozen=True)
class FiguresExported(Event):
    handbook: str
    count: int
    asked: dict[str, str]
    mark: str = ""
    """The number on the first line of the file."""
