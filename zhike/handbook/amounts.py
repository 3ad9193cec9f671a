"""The terms a tariff is written in: lines of a sum, brackets, metered units, a floor, what an amount above needs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from zhike.handbook.common import Identifier, Model, Names, Parameter, Percent, When, Words
from zhike.handbook.terms import Period


class Line(Model):
    """One named amount of a sum: a fact, a fixed amount, a share of a fact, or a price for each unit."""

    name: Identifier
    title: Words | None = None
    fact: str | None = None
    amount: float | Parameter | None = None
    percent: Percent | None = None
    of: str | None = None
    """The fact `percent` is taken of."""
    each: float | Parameter | None = None
    times: str | None = None
    """The fact `each` is multiplied by."""
    minus: str | None = None
    """A fact that is taken away: `{name: overcharged, fact: charged, minus: due}`."""
    when: When = Field(default_factory=dict)


def _line(value: Any) -> Any:
    if isinstance(value, str):
        return {"name": value, "fact": value}
    if isinstance(value, dict) and "name" not in value and "of" in value:
        return {"name": str(value["of"]).rpartition(".")[2] + "_share", **value}
    return value


Lines = tuple[Annotated[Line, BeforeValidator(_line)], ...]


class Bracket(Model):
    """From this much of the fact on, this price: a rate for each unit inside the bracket, or one fixed amount."""

    from_: float = Field(alias="from")
    rate: float | None = None
    amount: float | None = None


class Metered(Model):
    """Units begun are billed in full: `{fact: seconds, unit: 60, round: up}`."""

    fact: str
    unit: float = 1
    round: Literal["up", "down", "nearest", "none"] = "up"


class Floor(Model):
    """A least total over a period, with the difference shown as a line of its own."""

    amount: float
    over: Period = "month"
    shows: Identifier = "minimum_top_up"


class Over(Model):
    """What an amount above the result, or above a fixed one, needs."""

    approval: Names = ()
    above: float | None = None
    spent: str | None = None
    """The fact that is compared with the result: what was actually spent."""
    refuse: Words | None = None
    warn_at: Percent | None = None
