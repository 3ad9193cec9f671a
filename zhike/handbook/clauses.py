"""The nine kinds of clause, as data. One class a kind; docs/handbook-format.md has a worked example of each."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field

from zhike.handbook.common import (
    ClauseId,
    Effects,
    Identifier,
    Model,
    Names,
    Percent,
    Scalar,
    When,
    Within,
    Words,
)


class Parameter(Model):
    """A reference to a value of the handbook's `parameters`, which a manager may change: `{param: daily_limit}`."""

    param: Identifier


class ClauseBase(Model):
    """What every clause says, whatever its kind."""

    id: ClauseId
    title: Words
    cites: str
    """The number of the section in handbook.md."""
    quote: str
    """A sentence or part of one that stands word for word in that section."""
    since: dt.date | None = None
    """From which day; the version's own effective date where absent."""
    process: Identifier | None = None
    """The process whose actions and stages the clause speaks of; may be left out where the handbook has only one."""
    when: When = Field(default_factory=dict)
    derived: bool = False
    """True for a default we chose where the handbook is silent."""
    note: Words | None = None


class Deadline(ClauseBase):
    """时限: do X within T of Y, held by Z."""

    kind: Literal["deadline"]
    starts: Names = ()
    """Events that start the clock: `case.opened`, `action.<id>`, `stage.<id>.entered`, `duty.<clause>.missed`, ..."""
    until: Names
    """Events that stop it; the first one counts."""
    holder: Names
    """Roles; several share one clock. `owner` is the case's owner, `customer` the customer, `system` the product itself."""
    within: Within | Parameter
    target: Within | None = None
    """A softer limit that is only measured."""
    time: Literal["wall", "working"] = "wall"
    calendar: Identifier | None = None
    before: str | None = None
    """A date fact the limit is counted back from, instead of forward from `starts`."""
    at: str | None = None
    """A time of day ("10:00") the limit is moved to."""
    each: bool = False
    """True: every start begins a clock of its own; False: a second start while one runs changes nothing."""
    share: Literal["any", "all"] = "any"
    """With several holders: one of them stops it for all, or each must act."""
    pauses: Names = ()
    resumes: Names = ()
    survives_close: bool = False
    warn: tuple[Percent, ...] | None = None
    breach: Effects | None = None
    """None: the handbook's defaults."""


class Duty(ClauseBase):
    """例行: X is owed, once or again and again; coverage is counted."""

    kind: Literal["duty"]
    owed_for: Identifier | Literal["case"] = Field(default="case", alias="for")
    """`case`, or a population: customer, member, instalment, staff, department."""
    where: When = Field(default_factory=dict)
    """Which of the population."""
    starts: Names = ()
    """Events that make it owed (case duties); `when` must hold then."""
    every: Literal["once", "calendar_day", "working_day", "week", "calendar_month", "calendar_quarter", "calendar_year"] = "once"
    begins: Literal["now", "next_period"] = Field(default="now", alias="from")
    owes: Names
    """Events that settle it: `action.<id>`, `callback.completed`, `record.<id>.completed`."""
    times: int = Field(default=1, ge=1)
    holder: Names
    until: When = Field(default_factory=dict)
    """Facts that end a recurring duty."""
    within: Within | Parameter | None = None
    """Limit of a `once` duty; None where another clause sets the limit (`limit_of`)."""
    limit_of: ClauseId | None = None
    survives_close: bool = False
    first: dict[str, Any] | None = None
    attempts: dict[str, Any] | None = None
    coverage: Percent | None = None
    exempt: dict[str, Any] | None = None
    warn: tuple[Percent, ...] | None = None
    missed: Effects | None = None


class Signatures(Model):
    role: str
    field: Identifier


class Requirement(Model):
    """What a gate asks for; every key that is given must hold."""

    fields: tuple[Identifier, ...] = ()
    """Fields of the action's form that must be filled."""
    facts: When = Field(default_factory=dict)
    one_of_fields: tuple[Identifier, ...] = ()
    signatures: tuple[Signatures, ...] = ()
    distinct: bool = False
    in_person: bool = False
    approvals: tuple[Names, ...] = ()
    """A chain; each link one role or one of several."""
    attachments: int | None = None


class Gate(ClauseBase):
    """准入: X may happen only if Y."""

    kind: Literal["gate"]
    on: Names
    """Events that are refused unless: `action.<id>`, `record.<id>.complete`, `presence.enter.<state>`, `case.opened`, ..."""
    requires: Requirement
    refuse: Words
    """What a person is told."""
    finding: Identifier | None = None


class Route(ClauseBase):
    """流转: where or to whom X goes. Exactly one route clause answers a given `on`, `yields` and set of facts."""

    kind: Literal["route"]
    on: str
    yields: Literal["stage", "holder", "department", "parent_stage", "queue", "agent", "process", "recipients"] = "stage"
    to: Names = ()
    """A stage, roles, a department kind, a queue, according to `yields`."""
    notify: Names = ()
    strategy: Literal["rotation", "longest_idle", "least_loaded", "skills", "priority", "last_agent", "named"] | None = None
    over: str | None = None
    skip: Names = ()
    pointer: str | None = None
    none_free: dict[str, Any] | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    otherwise: Effects = ()


class Count(Model):
    """A set of rows that is counted: `{count: recontact, where: {satisfied: true}}`."""

    count: str
    """A record id (fillings), `cases`, `clocks`, `duties`, `calls`, `conversations`, ..."""
    where: When = Field(default_factory=dict)
    distinct: str | None = None
    process: Identifier | None = None


class Capture(Model):
    """The datum a measure lives on must be written down: the action is refused without the field."""

    action: Identifier
    field: Identifier
    refuse: Words


class Measure(ClauseBase):
    """指标: an indicator with its denominator spelled out."""

    kind: Literal["measure"]
    name: Identifier
    numerator: Count | None = None
    denominator: Count | None = None
    value: dict[str, Any] | None = None
    """For a figure that is no share: `{median: lead_time_minutes, of: complaint_warning}`."""
    target: str | None = None
    weight: float | None = None
    periods: tuple[Literal["hour", "day", "week", "month", "quarter", "year"], ...] = ("day", "month")
    per: Names = ()
    empty: str = "—"
    capture: Capture | None = None


class Tier(Model):
    from_: float = Field(alias="from")
    fine: float | None = None
    reward: float | None = None
    points: float | None = None
    percent: float | None = None
    replaces: bool = False
    propose: Names = ()


class Sanction(ClauseBase):
    """奖惩: what follows from a finding or a rank; always a draft that a third person confirms, always open to appeal."""

    kind: Literal["sanction"]
    on: str
    count: dict[str, Any] | None = None
    tiers: tuple[Tier, ...] = ()
    propose: Names = ()
    parties: tuple[dict[str, Any], ...] = ()
    confirm: dict[str, Any]
    appeal: dict[str, Any] | None = None


class Tariff(ClauseBase):
    """计费: an amount computed from facts, shown with its parts."""

    kind: Literal["tariff"]
    yields: Identifier
    on: str | None = None
    base: dict[str, float] | float | str | None = None
    by: str | None = None
    covers: int | None = None
    each_further: dict[str, float] | float | None = None
    of: str | None = None
    per: str | None = None
    sum: tuple[str | dict[str, Any], ...] = ()
    brackets: tuple[dict[str, Any], ...] = ()
    least: float | None = None
    most: float | None = None
    round: Literal["fen", "jiao", "yuan", "none"] = "fen"
    over: dict[str, Any] | None = None


class Wording(ClauseBase):
    """话术: what is said, never said, must be stated, or asked in which order."""

    kind: Literal["wording"]
    on: Names = ()
    must_state: tuple[Identifier, ...] = ()
    """Fields of the action's form that must hold words of substance."""
    refuse: Words | None = None
    say: Words | None = None
    never: Names = ()
    script: Identifier | None = None
    ask: Identifier | None = None
    answers: dict[str, Any] = Field(default_factory=dict)
    check: str | None = None
    between: tuple[float, float] | None = None
    warn_beyond: tuple[float, float] | None = None
    unit: str | None = None
    judged_by: str | None = None


class Access(Model):
    """Who may: a role, and where he must stand."""

    role: str
    at: Literal["anywhere", "case_department", "above_case_department", "own_department"] = "anywhere"


class Visibility(ClauseBase):
    """保密: who may see, change, copy, export, and with whose consent."""

    kind: Literal["visibility"]
    of: str
    """`process.<id>`, `record.<id>`, `lookup.<record>`, `customer_data`, ..."""
    fields: tuple[Identifier, ...] = ()
    topics: dict[str, tuple[Scalar, ...]] = Field(default_factory=dict)
    to: tuple[Access, ...] = ()
    superiors: bool = False
    """True: those the named roles report to may see it too."""
    handlers: bool = False
    """True: whoever has acted on the case may see it."""
    may: tuple[Literal["see", "change", "copy", "export"], ...] = ("see",)
    needs: dict[str, Any] | None = None
    refuse: Words
    missing: Effects = ()
    """What follows when a topic that should be answerable has no entry."""
    log: bool = True
    export: dict[str, Any] | None = None


Clause = Annotated[
    Deadline | Duty | Gate | Route | Measure | Sanction | Tariff | Wording | Visibility, Field(discriminator="kind")
]

KINDS: dict[str, type[ClauseBase]] = {
    "deadline": Deadline,
    "duty": Duty,
    "gate": Gate,
    "route": Route,
    "measure": Measure,
    "sanction": Sanction,
    "tariff": Tariff,
    "wording": Wording,
    "visibility": Visibility,
}
