"""The nine kinds of clause, as data. One class a kind; docs/handbook-format.md has a worked example of each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from zhike.handbook.amounts import Bracket, Floor, Lines, Metered, Over
from zhike.handbook.base import ClauseBase
from zhike.handbook.common import (
    ClauseId,
    Effects,
    Identifier,
    Names,
    Parameter,
    Percent,
    Scalar,
    When,
    Within,
    Words,
)
from zhike.handbook.picking import NoneFree, Picking, Strategies, Strategy
from zhike.handbook.terms import (
    Access,
    Appeal,
    Attempts,
    Cap,
    Capture,
    Check,
    Completion,
    Composite,
    Confirm,
    Count,
    Due,
    Exempt,
    Export,
    Extension,
    Figure,
    First,
    May,
    Needs,
    Party,
    Periods,
    Projection,
    Ranking,
    Requirement,
    Signatures,
    Streak,
    Tally,
    Tier,
)

__all__ = [
    "KINDS",
    "Access",
    "Capture",
    "Clause",
    "ClauseBase",
    "Count",
    "Deadline",
    "Duty",
    "Gate",
    "Measure",
    "Parameter",
    "Requirement",
    "Route",
    "Sanction",
    "Signatures",
    "Tariff",
    "Tier",
    "Visibility",
    "Wording",
]


class Deadline(ClauseBase):
    """时限: do X within T of Y, held by Z."""

    kind: Literal["deadline"]
    starts: Names = ()
    """Events that start the clock: `case.opened`, `action.<id>`, `stage.<id>.entered`, `duty.<clause>.missed`, ..."""
    since_fact: str | None = None
    """The moment it is counted from, where that is not the moment of the starting event: a fact such as
    `accepted_at`.
    """
    until: Names = ()
    """Events that stop it; the first one counts."""
    until_all: Names = ()
    """Events that must all have happened."""
    until_when: When = Field(default_factory=dict)
    """Facts without which such an event does not stop it: `{channel: [system, email]}`."""
    holder: Names
    """Roles; several share one clock. `owner` is the case's owner, `customer` the customer, `system` the product
    itself.
    """
    charged_to: Names = ()
    """Roles a breach is counted against, where not the holder: the head of the unit that holds it. Not for a limit that is an event."""
    within: Within | Parameter | None = None
    """The limit; either this or `due`."""
    due: Due | None = None
    """A limit that is a moment rather than a duration."""
    cap: Cap | None = None
    """A second limit from another start; whichever is due first counts."""
    target: Within | None = None
    """A softer limit that is only measured: the holder is warned when it passes, where the clause warns at all; nothing else follows."""
    not_before: Within | None = None
    """Doing it earlier than this after the start does not count."""
    time: Literal["wall", "working", "deferred"] = "wall"
    """`wall`: the clock on the wall. `working`: only time inside the calendar counts. `deferred`: outside the
    calendar the start moves to
    the next opening, from then on the wall counts."""
    calendar: Identifier | None = None
    """A calendar of the handbook; `by_department`: the one the responsible department keeps; `by_holder`: the shifts of the
    person who holds it, and the handbook's own calendar while a role holds it and on days nobody planned.
    """
    before: str | None = None
    """A date fact the limit is counted back from, instead of forward from `starts`."""
    on_move: Literal["follow", "owe_again", "keep"] = "follow"
    """When the fact of `before` or `due` changes: the limit moves; it moves, and what was done is owed again for the new date; nothing
    changes. What ran out for the old date stays broken, and is owed anew where the new date is still to come.
    """
    at: str | None = None
    """A time of day ("10:00", "24:00", `open`, `close`) the limit is moved to."""
    window: tuple[str, str] | None = None
    """Times of day between which doing it counts, their ends included: `["09:00", "20:00"]`; `["22:00", "02:00"]` lasts past midnight."""
    boundary: Literal["inclusive", "exclusive"] = "inclusive"
    """`within` N: the very instant is in time. `exclusive` for "before 16:30": the very instant is late."""
    each: bool = False
    """True: every start begins a clock of its own; False: a second start while one runs changes nothing."""
    share: Literal["any", "all"] = "any"
    """With several holders: one of them stops it for all, or each must act."""
    pauses: Names = ()
    resumes: Names = ()
    voids: Names = ()
    """Events that end it without a verdict, neither kept nor broken: an appeal upheld."""
    born_late: Literal["broken", "excused"] = "broken"
    """What counts when the clause comes to apply only after its limit has passed."""
    extend: Extension | None = None
    survives_close: bool = False
    warn: tuple[Percent, ...] | None = None
    breach: Effects | None = None
    """None: the handbook's defaults."""


class Duty(ClauseBase):
    """例行: X is owed, once or again and again; coverage is counted."""

    kind: Literal["duty"]
    owed_for: Identifier | Literal["case"] = Field(default="case", alias="for")
    """`case`, or a population: customer, member, instalment, staff, department, shift."""
    where: When = Field(default_factory=dict)
    """Which of the population."""
    starts: Names = ()
    """Events that make it owed (case duties); `when` must hold then."""
    every: Literal[
        "once",
        "calendar_day",
        "working_day",
        "week",
        "half_month",
        "calendar_month",
        "calendar_quarter",
        "calendar_year",
        "shift",
        "interval",
        "checkpoints",
        "occasion",
        "event",
    ] = "once"
    interval: Within | Parameter | None = None
    """`every: interval`: so long after the last time it was done, or after it fell due (`counted_from`)."""
    at: str | None = None
    """`every: interval`: the time of day at which it is due on its last day, `"24:00"` for the whole day."""
    counted_from: Literal["done", "due"] = "done"
    checkpoints: tuple[Within, ...] = ()
    """`every: checkpoints`: so long after the start, each once."""
    occasion: str | None = None
    """`every: occasion`: a named occasion of the handbook, or a date fact that returns each year, e.g. `birthday`."""
    begins: Literal["now", "next_period"] = Field(default="now", alias="from")
    owes: Names
    """Events that settle it: `action.<id>`, `callback.completed`, `record.<id>.completed`."""
    owes_when: When = Field(default_factory=dict)
    """Facts without which such an event does not settle it: `{method: phone}`."""
    to_each: str | None = None
    """It is owed to every one of these: a fact that lists people or parties; settled only when all are served."""
    times: int = Field(default=1, ge=1)
    holder: Names
    until: When = Field(default_factory=dict)
    """Facts that end a recurring duty."""
    within: Within | Parameter | None = None
    """Limit of a `once` duty; None where another clause sets the limit (`limit_of`)."""
    limit_of: ClauseId | None = None
    due: Due | None = None
    """When the period's share is due, where not at the end of the period."""
    window: tuple[str, str] | None = None
    """Times of day between which it must be done: `["09:00", "12:00"]`."""
    boundary: Literal["inclusive", "exclusive"] = "inclusive"
    """`exclusive` for "before 16:30": the very instant is late."""
    time: Literal["wall", "working"] = "wall"
    """How `interval` and `within` are counted."""
    continuous: bool = False
    """It must hold throughout the period; gaps are measured rather than deeds counted."""
    calendar: Identifier | None = None
    list_due: Completion | None = None
    """Who must hand in the period's population, and by when."""
    survives_close: bool = False
    blocks: Names = ()
    """Events that are refused while it is open: `case.closed`."""
    refuse: Words | None = None
    """What is said then."""
    first: First | None = None
    attempts: Attempts | None = None
    streak: Streak | None = None
    coverage: Percent | None = None
    exempt: Exempt | None = None
    warn: tuple[Percent, ...] | None = None
    missed: Effects | None = None


class Gate(ClauseBase):
    """准入: X may happen only if Y."""

    kind: Literal["gate"]
    on: Names
    """Events that are refused unless: `action.<id>`, `record.<id>.complete`, `presence.enter.<state>`, `case.opened`,
    ...
    """
    requires: Requirement
    refuse: Words
    """What a person is told."""
    otherwise: Literal["refuse", "flag", "wait", "skip"] = "refuse"
    """`flag`: accepted and marked. `wait`: refused, but kept in a waiting list that is asked again. `skip`: silently
    not chosen.
    """
    send_to: Names = ()
    """Where a refused thing goes instead: roles that have the work on the case from here on, the first in which somebody is; for a
    conversation a queue.
    """
    scope: Identifier | None = None
    """The thing whose freezing counts, whichever case froze it: `customer`, or a field such as `waybill_no`. `requires` asks for it as
    `open_hold`."""
    finding: Identifier | None = None
    """What is found about the colleague who tried, when it is refused."""
    effects: Effects = ()
    """What else follows from a refusal; `holder` is whoever tried."""


class Route(ClauseBase):
    """流转: where or to whom X goes. Exactly one route clause answers a given `on`, `yields` and set of facts."""

    kind: Literal["route"]
    on: Names
    """Events that ask it, one or several: `action.register`, `[action.register, action.classify]`."""
    yields: Literal["stage", "holder", "department", "parent_stage", "queue", "agent", "process", "recipients"] = (
        "stage"
    )
    to: Names = ()
    """A stage, roles, a department kind, a queue, according to `yields`."""
    by: str | None = None
    """A fact whose value is looked up in `table`."""
    table: dict[str, Names] = Field(default_factory=dict)
    other: Names = ()
    """The row of the table for every other value, a missing one too."""
    to_fact: str | None = None
    """A fact that is itself the answer: the department a record names."""
    precedence: int = 0
    """Where several match, the highest speaks alone: the person asked for by name before the order's owner."""
    notify: Names = ()
    strategy: Strategy | None = None
    then: Strategies = ()
    """Strategies that decide between equals, in order."""
    over: str | None = None
    """What is chosen among: seats, agents of a queue, outlets."""
    qualified: When = Field(default_factory=dict)
    """What a candidate must be: skills, a valid examination, free capacity."""
    skip: Names = ()
    pointer: str | None = None
    none_free: NoneFree | None = None
    options: Picking = Picking()
    otherwise: Effects = ()
    """What follows where nobody is in the roles to which it leads, or nobody who is there could take the conversation."""


class Measure(ClauseBase):
    """指标: an indicator with its denominator spelled out."""

    kind: Literal["measure"]
    name: Identifier
    numerator: Count | None = None
    denominator: Count | None = None
    drop: When = Field(default_factory=dict)
    """Rows left out of both sides."""
    value: Figure | None = None
    """For a figure that is no share: `{median: lead_time_minutes, of: complaint_warning}`."""
    composite: Composite | None = None
    """A score made of other measures."""
    target: str | None = None
    """`> 85%`, `>= 0.95`, `<= 3`, `< 6h`."""
    target_fact: str | None = None
    """A target that is itself a figure: last month's mean of the group."""
    better: Literal["high", "low"] = "high"
    full: float | None = Field(default=None, gt=0)
    """Full marks, shown beside the figure: this times the share of the target that was reached, never more."""
    weight: float | None = None
    periods: Periods = ("day", "month")
    per: Names = ()
    """Split, never pooled: per department, per recipient."""
    rank: Ranking | None = None
    empty: str = "—"
    capture: Capture | None = None
    opens: str | None = None
    """A process of which a case is opened at the end of a period that missed the target, one for each group of `per`; its forms may be
    `prefill`ed with `figure.value`, `figure.target`, `figure.period`, `figure.group`, `person_concerned`."""
    restated: bool = True
    """Whether the figure of a closed period changes when data of it are corrected later."""


class Sanction(ClauseBase):
    """奖惩: what follows from a finding or a rank; always a draft that a third person confirms, always open to
    appeal.
    """

    kind: Literal["sanction"]
    on: str
    person: str | None = None
    """A fact that names the person concerned: `store_contact.responsible_person`."""
    form: Literal["penalty", "reward", "circular", "criticism", "measure"] = "penalty"
    count: Tally | None = None
    tiers: tuple[Tier, ...] = ()
    """By count; the highest that is reached speaks, together with those below it unless it `replaces` them."""
    propose: Names = ()
    parties: tuple[Party, ...] = ()
    interim: Effects = ()
    """What happens at once, with the draft and before anything is decided: somebody is told, a case is opened. It stays done when the
    sanction is taken back."""
    not_from: Names = ()
    """Kinds of evidence it may never rest on."""
    confirm: Confirm
    """Where it is decided: an action whose `confirms` names this clause."""
    blocks: Names = ()
    """Events that are refused while its draft is undecided: `case.closed`."""
    refuse: Words | None = None
    """What is said then."""
    appeal: Appeal | None = None


class Tariff(ClauseBase):
    """计费: an amount computed from facts, shown with its parts."""

    kind: Literal["tariff"]
    yields: Identifier
    on: str | None = None
    unpriced: bool = False
    """The text gives no figure: nothing is computed, nothing may be quoted."""
    base: dict[str, float] | float | str | None = None
    """One amount; a table by the fact `by`; or a fact that is the amount."""
    by: str | None = None
    other: float | None = None
    """The row of the table for every other value."""
    metered: Metered | None = None
    """The base is a price for each unit of this."""
    covers: int | None = None
    each_further: dict[str, float] | float | None = None
    of: str | None = None
    """The fact that is counted: visitors."""
    per: str | None = None
    sum: Lines = ()
    brackets: tuple[Bracket, ...] = ()
    bracket_of: str | None = None
    """The fact the brackets are of; `of` where absent."""
    marginal: bool | None = None
    """True: each bracket prices its own slice; False: the bracket reached prices all. Where it is not said, rates price slices and fixed
    amounts are those of the bracket reached."""
    range: tuple[float, float] | None = None
    """The text gives a range: whatever lies outside needs what `over` says."""
    least: float | None = None
    most: float | None = None
    floor: Floor | None = None
    round: Literal["fen", "jiao", "yuan", "none"] = "fen"
    pays: str | None = None
    """A fact that says who pays, to whom it is owed, or which side it goes to."""
    is_cap: bool = False
    """True: the amount is what may be spent at most."""
    quotable_after: str | None = None
    """A record that must be complete before a person may tell the customer this amount: until it is filled on the case the action of `on`
    is refused, and no form shows the amount.
    """
    over: Over | None = None


class Wording(ClauseBase):
    """话术: what is said, never said, must be stated, or asked in which order."""

    kind: Literal["wording"]
    on: Names = ()
    must_state: tuple[Identifier, ...] = ()
    """Fields of the action's form that must hold words of substance."""
    at_least: int = 1
    """How many letters or characters make it substance."""
    refuse: Words | None = None
    say: Words | None = None
    """The words, with facts in braces: `{store}`."""
    shows: Names = ()
    """Facts that must be shown at this moment; one without a value is shown as not given."""
    never: Names = ()
    script: Identifier | None = None
    ask: Identifier | None = None
    answers: dict[str, Any] = Field(default_factory=dict)
    check: str | None = None
    """A measured property of speech: `speech_rate`, `loudness`, `silence`."""
    look_for: Check | None = None
    between: tuple[float, float] | None = None
    warn_beyond: tuple[float, float] | None = None
    baseline: Literal["fixed", "own"] = "fixed"
    """`own`: the figures are differences from the person's own average."""
    unit: str | None = None


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
    may: May = ("see",)
    shall: bool = False
    """True: those named must be able to see it, `fresh_within` this long after it changed."""
    fresh_within: Within | None = None
    needs: Needs | None = None
    refuse: Words
    missing: Effects = ()
    """What follows when a topic that should be answerable has no entry."""
    show: tuple[Projection, ...] = ()
    closed_until: When = Field(default_factory=dict)
    """Hidden from everybody until these facts hold: both scores are in."""
    open_while: When = Field(default_factory=dict)
    """Open only while these facts hold: the conversation runs, the visit is not done."""
    keep: Within | None = None
    """How long it must be kept."""
    write_once: bool = False
    """Nobody may change what was filled into the form (`fields`, all where none is named); what is empty can still be filled, and a
    disagreement is written beside it. A new round of a case is filled in anew.
    """
    log: bool = True
    effects: Effects = ()
    """What else follows when somebody looks who may not, once for each person, thing and hour; `holder` is whoever looked."""
    export: Export | None = None


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
