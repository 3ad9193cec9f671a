"""How a route clause chooses among people: strategies, what they are told beside their name, and what happens while nobody is free."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from zhike.handbook.common import Effects, Model, Names, Parameter, Within, as_many

Strategy = Literal[
    "rotation", "longest_idle", "least_loaded", "fewest_today", "lowest_number", "skills", "priority", "last_agent", "owner", "named",
    "nearest", "manual",
]  # fmt: skip
Strategies = Annotated[tuple[Strategy, ...], BeforeValidator(as_many)]


class NoneFree(Model):
    """What happens while nobody is free."""

    wait: Within | Parameter | None = None
    ring: Within | Parameter | None = None
    announce: Within | Parameter | None = None
    overflow: Within | Parameter | None = None
    to: Names = ()
    then: Effects = ()


class Priority(Model):
    """Who of the waiting goes first: points by a fact, and more for every minute."""

    by: str | None = None
    """The fact whose value is looked up in `table`: `customer.tier`."""
    table: dict[str, int] = Field(default_factory=dict)
    other: int = 0
    per_minute: float = 0
    """Points that every minute of waiting adds, so that one who waits long overtakes."""


class NoAnswer(Model):
    """Somebody who lets offers go by is taken off the line."""

    after: int = Field(default=1, ge=1)
    """So many in a row."""
    state: Literal["away", "not_ready", "busy", "off"] = "away"
    reason: str = "no_answer"
    tell: bool = False
    """True: his superiors hear of it."""


class Picking(Model):
    """What a strategy is told beside its name."""

    priority: Priority | None = None
    no_answer: NoAnswer | None = None
    need: str = "skill"
    """The fact that names the skill a contact needs."""
    overflow: Names = ()
    """Skills that will do where nobody free has it, the best first."""
    only: bool = False
    """True: nobody but the person meant."""
    weight: int | None = None
    """The priority of what is put back into a queue."""
