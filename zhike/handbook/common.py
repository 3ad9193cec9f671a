"""Pieces that every part of the handbook format shares: texts in two languages, durations, conditions, effects."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_serializer, model_validator

Language = Literal["zh", "en"]


class Model(BaseModel):
    """Base of the format: unknown keys are refused, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True)


class Text(Model):
    """A text a person reads, in both languages of the product."""

    zh: str
    en: str = ""

    def say(self, language: str) -> str:
        """The text in `language` ("zh", "zh-hans", "en", ...); Chinese where there is no English."""
        return self.en if language.startswith("en") and self.en else self.zh

    def followed_by(self, more: Text) -> Text:
        """Both, one after the other."""
        return Text(zh=self.zh + more.zh, en=f"{self.say('en')} {more.say('en')}")


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
UNIT_WORDS = tuple(_UNITS)
"""How units are written."""
_SECONDS = {Unit.second: 1, Unit.minute: 60, Unit.hour: 3600, Unit.day: 86400, Unit.week: 604800}


def seconds_of(unit: str) -> int | None:
    """Seconds in a unit as it is written; None for those of which no two need be equally long: months, working hours."""
    return _SECONDS.get(_UNITS[unit])


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
ClauseId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z][A-Z0-9]*)*-[A-Z]?\d{1,3}[A-Z]?$")]

Scalar = str | int | float | bool | None
Facts = Mapping[str, Any]
"""Flat facts by dotted name; a fact that is missing equals None."""


class Parameter(Model):
    """A reference to a value of the handbook's `parameters`, which a manager may change: `{param: daily_limit}`."""

    param: Identifier


class OtherFact(Model):
    """A comparison with another fact instead of a fixed value: `{to_team: {eq: {fact: owning_team}}}`."""

    fact: str


Comparand = Scalar | dt.date | OtherFact | Parameter
Bound = float | str | dt.date | OtherFact | Parameter | None
Check = Callable[[Any, Facts], bool]


class Test(Model):
    """One test of one fact: an equality, a membership, a presence, a threshold.

    One key is given; two only for a range, a lower bound (`gt`, `gte`) and an upper one (`lt`, `lte`).
    """

    __test__ = False

    eq: Comparand = None
    ne: Comparand = None
    one_of: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    none_of: tuple[Scalar, ...] | None = Field(default=None, alias="not_in")
    gt: Bound = None
    gte: Bound = None
    lt: Bound = None
    lte: Bound = None
    present: bool | None = None
    contains: Scalar = None

    @model_validator(mode="after")
    def _one_key(self) -> Test:
        keys = self.model_fields_set
        ranged = len(keys) == 2 and len(keys & {"gt", "gte"}) == 1 and len(keys & {"lt", "lte"}) == 1
        if len(keys) != 1 and not ranged:
            raise ValueError(
                "a test has one key: eq, ne, in, not_in, gt, gte, lt, lte, present, contains; two only for a range"
            )
        return self

    @model_serializer
    def _only_what_was_said(self) -> dict[str, Any]:
        aliases = {"one_of": "in", "none_of": "not_in"}
        return {
            aliases.get(name, name): _plain(getattr(self, name))
            for name in type(self).model_fields
            if name in self.model_fields_set
        }

    @cached_property
    def check(self) -> Check:
        """The test as one function of the fact's value and all facts."""
        checks = [_CHECKS[name](getattr(self, name)) for name in sorted(self.model_fields_set)]
        if len(checks) == 1:
            return checks[0]
        return lambda value, facts: all(check(value, facts) for check in checks)

    @property
    def references(self) -> tuple[OtherFact | Parameter, ...]:
        """Other facts and parameters this test compares with."""
        values = (getattr(self, name) for name in sorted(self.model_fields_set))
        return tuple(value for value in values if isinstance(value, OtherFact | Parameter))


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.model_dump(mode="json")
    if isinstance(value, dt.date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _settled(wanted: Any, facts: Facts) -> Any:
    if isinstance(wanted, OtherFact):
        return facts.get(wanted.fact)
    if isinstance(wanted, Parameter):
        return facts.get("param." + wanted.param)
    return wanted


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, dt.date) and isinstance(wanted, str):
        return value.isoformat() == wanted
    if isinstance(value, bool) != isinstance(wanted, bool):
        return False
    return bool(value == wanted)


def _equal(wanted: Any) -> Check:
    if isinstance(wanted, OtherFact | Parameter):
        return lambda value, facts: _same(value, _settled(wanted, facts))
    if isinstance(wanted, str):
        return lambda value, _: value == wanted or _same(value, wanted)
    return lambda value, _: _same(value, wanted)


def _not(check: Check) -> Check:
    return lambda value, facts: not check(value, facts)


def _member(wanted: tuple[Scalar, ...]) -> Check:
    def check(value: Any, _: Facts) -> bool:
        values = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        return any(_same(one, other) for one in values for other in wanted)

    return check


def is_present(value: Any) -> bool:
    """Whether a fact has a value: not None, no blank string, no empty list. False and 0 are values."""
    return bool(value.strip()) if isinstance(value, str) else value is not None and value not in ((), [], {})


def _compare(compare: Callable[[Any, Any], bool]) -> Callable[[Any], Check]:
    def build(wanted: Any) -> Check:
        def check(value: Any, facts: Facts) -> bool:
            bound = _settled(wanted, facts)
            if value is None or bound is None:
                return False
            if isinstance(value, dt.date | dt.time) != isinstance(bound, dt.date | dt.time):
                value, bound = (v.isoformat() if isinstance(v, dt.date | dt.time) else v for v in (value, bound))
            try:
                return compare(value, bound)
            except TypeError:
                return False

        return check

    return build


_CHECKS: dict[str, Callable[[Any], Check]] = {
    "eq": _equal,
    "ne": lambda wanted: _not(_equal(wanted)),
    "one_of": _member,
    "none_of": lambda wanted: _not(_member(wanted)),
    "gt": _compare(lambda value, bound: bool(value > bound)),
    "gte": _compare(lambda value, bound: bool(value >= bound)),
    "lt": _compare(lambda value, bound: bool(value < bound)),
    "lte": _compare(lambda value, bound: bool(value <= bound)),
    "present": lambda wanted: lambda value, _: is_present(value) is bool(wanted),
    "contains": lambda wanted: (
        lambda value, _: value is not None and not isinstance(value, int | float) and wanted in value
    ),
}


def _test(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return {"in": tuple(value)}
    if isinstance(value, dict) and ({"fact", "param"} & set(value)):
        return {"eq": value}
    if isinstance(value, dict | Test):
        return value
    return {"eq": value}


When = dict[str, Annotated[Test, BeforeValidator(_test)]]
"""Named facts that must all pass: `{complaint_item: service_quality}`, `{round: {gte: 2}}`, `{district: [north,
south]}`.

A fact name is `<field>` of the form at hand, `<record>.<field>` (the latest filling in this case), `case.<property>`,
`parent.<fact>`, or a named fact of the catalogue in `facts.py`.
"""


class Effect(Model):
    """What follows: exactly one key. Who is told, what is owed, which finding is drafted, which action the system
    takes.
    """

    mark_overdue: Literal[True] | None = None
    notify: str | tuple[str, ...] | None = None
    """A role id, or `superior` (the holder's reports_to), `holder`, `owner`, `customer`."""
    say: Words | None = None
    """The words of the notice; allowed beside `notify` and `close`."""
    owe: ClauseId | None = None
    """A duty clause that falls due because of this."""
    finding: Identifier | None = None
    """A kind of finding that is recorded, for sanctions to count."""
    act: Identifier | None = None
    """An action of the process that the system takes."""
    reassign: str | None = None
    """Who has the work on a case from here on, until its stage changes: a role that acts in the process, `owner`, or
    `superior` (whom the holders report to). Limits still open and duties owed go along. Where nobody is there it stays, and those
    above are told.
    """
    retry: bool | None = None
    void: str | None = None
    """What loses its force: `booking`, `promise`, `extension`."""
    deem: str | None = None
    """What silence is taken for: `accepted`."""
    freeze: Identifier | None = None
    """What may not be used from here on: `customer`, or the field of a form of the case that says which one it is (`waybill_no`).
    Gates whose `scope` names it refuse, in every case about the same one, until it is released.
    """
    unfreeze: Identifier | None = None
    """What may be used again: the same name; it releases what this case froze."""
    reopen: Literal[True] | Identifier | None = None
    """A case that is over goes on: `true` at the stage it was closed from, or at the stage named. Its limits begin with that stage and
    with `case.reopened` as when an action opens it again.
    """
    requeue: Literal["head", "tail"] | None = None
    """The conversation goes back to its queue, before or behind those who wait."""
    sign_out: bool | None = None
    """The person is taken off the line."""
    opens: Identifier | None = None
    """A process of which a case is opened beneath this one."""
    close: Identifier | None = None
    """The conversation ends, with this outcome; `say` beside it is said to the customer first."""
    remind: Literal["survey"] | None = None
    """The customer is asked once more how satisfied he was, in another medium, where he has agreed to that."""
    apply: ClauseId | tuple[ClauseId, ...] | None = None
    """Clauses that follow in the case, each where its own condition holds: a limit begins, a duty is owed, a sanction is drafted."""
    indicator: Identifier | None = None
    """A figure that counts it."""
    log: bool | None = None
    when: When = Field(default_factory=dict)

    @property
    def verb(self) -> str | None:
        """The one thing that follows: "notify", "owe", ..."""
        return next(
            (
                name
                for name in type(self).model_fields
                if name not in ("say", "when") and getattr(self, name) is not None
            ),
            None,
        )


def _effect(value: Any) -> Any:
    return {value: True} if isinstance(value, str) else value


Effects = tuple[Annotated[Effect, BeforeValidator(_effect)], ...]


def as_many(value: Any) -> Any:
    """One name stands for a list of one."""
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(as_many)]
"""One name or a list of names."""


def _percent(value: Any) -> Any:
    return value[:-1].strip() if isinstance(value, str) and value.strip().endswith("%") else value


Percent = Annotated[float, BeforeValidator(_percent)]
"""`80%` or 80 -> 80.0."""


M = TypeVar("M", bound=Model)


def models_in(value: Any, kind: type[M]) -> Iterator[M]:
    """Every model of that kind inside a part of a handbook, itself included."""
    if isinstance(value, kind):
        yield value
    if isinstance(value, Model):
        inside: Iterable[Any] = [one for _, one in value]
    elif isinstance(value, dict):
        inside = list(value.values())
    else:
        inside = value if isinstance(value, tuple | list) else ()
    for one in inside:
        yield from models_in(one, kind)
