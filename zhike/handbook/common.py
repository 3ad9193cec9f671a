"""Pieces that every part of the handbook format shares: texts in two languages, durations, conditions, effects."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Language = Literal["zh", "en"]


class Model(BaseModel):
    """Base of the format: unknown keys are refused, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Text(Model):
    """A text a person reads, in both languages of the product."""

    zh: str
    en: str = ""

    def say(self, language: str) -> str:
        """The text in `language` ("zh", "zh-hans", "en", ...); Chinese where there is no English."""
        return self.en if language.startswith("en") and self.en else self.zh


def _text(value: Any) -> Any:
    return {"zh": value} if isinstance(value, str) else value


Words = Annotated[Text, BeforeValidator(_text)]
"""A `Text`; a plain string is taken as Chinese."""


class Unit(StrEnum):
    second = "second"
    minute = "minute"
    hour = "hour"
    day = "day"
    working_hour = "working hour"
    working_day = "working day"
    week = "week"
    month = "month"
    year = "year"


_UNITS = {
    "s": Unit.second, "sec": Unit.second, "second": Unit.second, "seconds": Unit.second,
    "m": Unit.minute, "min": Unit.minute, "minute": Unit.minute, "minutes": Unit.minute,
    "h": Unit.hour, "hour": Unit.hour, "hours": Unit.hour,
    "d": Unit.day, "day": Unit.day, "days": Unit.day,
    "working hour": Unit.working_hour, "working hours": Unit.working_hour,
    "working day": Unit.working_day, "working days": Unit.working_day,
    "w": Unit.week, "week": Unit.week, "weeks": Unit.week,
    "month": Unit.month, "months": Unit.month, "year": Unit.year, "years": Unit.year,
}  # fmt: skip
_DURATION = re.compile(r"^\s*(\d+)\s*([a-z]+(?: [a-z]+)?)\s*$")


class Duration(Model):
    """An amount of time as a handbook states it: `30m`, `48h`, `3 working days`, `1 month`."""

    amount: int = Field(gt=0)
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.value}" + ("s" if self.amount != 1 else "")


def parse_duration(value: Any) -> Any:
    """`"30m"` -> `{"amount": 30, "unit": "minute"}`; anything that is not a string is passed on for pydantic to judge.

    Raises ValueError for a string that is no duration.
    """
    if not isinstance(value, str):
        return value
    match = _DURATION.match(value)
    if not match or match[2] not in _UNITS:
        raise ValueError(f"'{value}' is not a duration; write for example 30m, 1h, 48h, 2d, 3 working days, 1 month")
    return {"amount": int(match[1]), "unit": _UNITS[match[2]]}


Within = Annotated[Duration, BeforeValidator(parse_duration)]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
ClauseId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z]+)*-[A-Z]?\d{1,3}[A-Z]?$")]

Scalar = str | int | float | bool | None


class Test(Model):
    """One test of one fact. Exactly one key is given: a threshold, a membership, a presence."""

    eq: Scalar = None
    ne: Scalar = None
    one_of: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    none_of: tuple[Scalar, ...] | None = Field(default=None, alias="not_in")
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None
    present: bool | None = None
    contains: Scalar = None


def _test(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return {"in": tuple(value)}
    if isinstance(value, dict | Test):
        return value
    return {"eq": value}


When = dict[str, Annotated[Test, BeforeValidator(_test)]]
"""Named facts that must all pass: `{complaint_item: service_quality}`, `{round: {gte: 2}}`, `{district: [north, south]}`.

A fact name is `<field>` of the form at hand, `<record>.<field>` (the latest filling in this case), `case.<property>`,
`parent.<fact>`, or a named fact of the catalogue in `facts.py`.
"""


class Effect(Model):
    """What follows: exactly one key. Who is told, what is owed, which finding is drafted, which action the system takes."""

    mark_overdue: Literal[True] | None = None
    notify: str | tuple[str, ...] | None = None
    """A role id, or `superior` (the holder's reports_to), `holder`, `owner`, `customer`."""
    say: Words | None = None
    """The words of the notice; allowed beside `notify`."""
    owe: ClauseId | None = None
    """A duty clause that falls due because of this."""
    finding: Identifier | None = None
    """A kind of finding that is recorded, for sanctions to count."""
    act: Identifier | None = None
    """An action of the process that the system takes."""
    reassign: str | None = None
    """The role that holds the work from here on."""
    retry: bool | None = None
    when: When = Field(default_factory=dict)


def _effect(value: Any) -> Any:
    return {value: True} if isinstance(value, str) else value


Effects = tuple[Annotated[Effect, BeforeValidator(_effect)], ...]


def _many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_many)]
"""One name or a list of names."""

Percent = Annotated[float, BeforeValidator(lambda v: float(v[:-1]) if isinstance(v, str) and v.endswith("%") else v)]
"""`80%` or 80 -> 80.0."""

