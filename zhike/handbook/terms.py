"""The smaller terms clauses are written in: other limits than durations, extensions, attempts, counts, tiers,
amounts, checks.

Every key a term does not know is refused, so a handbook cannot say something the engine would silently ignore.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from zhike.handbook.common import (
    ClauseId,
    Duration,
    Effects,
    Identifier,
    Model,
    Names,
    Parameter,
    Scalar,
    Unit,
    When,
    Within,
    Words,
    as_many,
)

Period = Literal["hour", "day", "week", "half_month", "month", "quarter", "year"]
Periods = Annotated[tuple[Period, ...], BeforeValidator(as_many)]
May = Annotated[tuple[Literal["see", "change", "copy", "export"], ...], BeforeValidator(as_many)]


class Citation(Model):
    """A further place in the text that says the same."""

    cites: str
    quote: str


# Limits that are not a duration from a start.


class Due(Model):
    """A limit that is a moment: a date somebody typed, an event, or a day of a period. One of `fact`, `event`,
    `every` is given.
    """

    fact: str | None = None
    """A date or moment among the facts; a date alone means the end of that day. Without a value there is no clock
    yet: it begins when the date is typed.
    """
    event: str | None = None
    """It must be done before this event, e.g. `call.ended`."""
    every: Period | None = None
    """A day of the next period: `{every: month, day: 3, working: true}` is the third working day of next month."""
    occasion: Identifier | None = None
    """The next day of a named occasion of the handbook, e.g. the weekly meeting."""
    ahead: int = Field(default=1, ge=0)
    """How many periods ahead; 0 is the running one."""
    day: int = Field(default=1, ge=-31)
    """Day of the period from 1; -1 is its last."""
    working: bool = False
    """Count working days only."""
    at: str = "24:00"
    cap: Within | None = None
    """No later than this after the start."""
    over_cap: Names = ()
    """Roles of which one must agree to a date beyond the cap: whoever types it asks, and the limit runs to that date once somebody has
    agreed. On a form that opens a case such a date is refused. Without these roles the cap counts, whatever was typed.
    """


class Cap(Model):
    """A second start that also limits: whichever is due first counts."""

    within: Within | Parameter
    starts: Names = ()
    since_fact: str | None = None
    """A moment among the facts, instead of an event."""


class Extension(Model):
    """How a limit may be extended. The deed that completes what is asked for grants it; until then the limit stands."""

    most: int = Field(default=1, ge=1)
    each: Within | None = None
    """The longest one extension may be; the whole of it where `to` is not given."""
    asks: Names = ()
    """Events that ask for it: `action.ask_for_time`. A request that breaks these rules is refused."""
    to: Identifier | None = None
    """The field of that form which names the new moment."""
    requires: tuple[Identifier, ...] = ()
    """Fields of that form that must be filled, e.g. the reason."""
    within_limit: bool = True
    """The request must come before the limit runs out."""
    after: tuple[ClauseId, ...] = ()
    """Duties that must have been met, in time, since it was asked for: the customer was told."""
    approvals: tuple[Names, ...] = ()
    """Who agrees to the first extension, the second, ...; the last entry counts for all further ones."""
    agrees: Names = ()
    """Events by which they agree: `action.agree_to_time`."""
    under: ClauseId | None = None
    """The clause that rules extensions; refusals name it instead of the limit's own."""


# Duties.


class First(Model):
    """When a recurring duty falls due for the first time."""

    after: str
    within: Within | Parameter | None = None


class Attempts(Model):
    """Tries in a row that did not reach the person."""

    of: When = Field(default_factory=dict)
    """By which facts one of the `owes` events is such a try: `{result: [no_answer, busy]}`. Whether it settles the period is for
    `owes_when`.
    """
    most: Annotated[int, Field(ge=1)] | Parameter
    apart: Within | Parameter | None = None
    """A try sooner than this after the one before is not counted."""
    different_days: bool = False
    counts_as_done: bool = False
    then: Effects = ()
    """What follows when all tries are used up."""


class Streak(Model):
    """So many of the same outcome in a row."""

    of: When
    count: int = Field(ge=2)
    then: Effects = ()


class Exempt(Model):
    """That a period need not be done: whoever holds the duty asks with a reason, somebody else grants it. Without this key nobody can."""

    approved_by: Names = ()
    """Roles of which one grants it, in the department of the subject where roles have places; where none is named, whom the holders
    report to.
    """
    when: When = Field(default_factory=dict)
    """Facts without which it can neither be asked for nor granted."""


class Completion(Model):
    """When a list that a period needs must be there, and by whom."""

    by: Names
    within: Within


# Gates.


class Signatures(Model):
    role: str
    field: Identifier
    person: str | None = None
    """A fact naming the only person who may sign here, e.g. the delegate of the agreement."""
    when: When = Field(default_factory=dict)


class Rows(Model):
    """Every row of a `rows` field must have these columns filled, and pass these tests."""

    field: Identifier
    filled: tuple[Identifier, ...] = ()
    where: When = Field(default_factory=dict)
    least: int | None = None


class Quorum(Model):
    """A vote: its record's rows `field`, each `{by, vote}`; an abstention is no consent."""

    field: Identifier
    needs: Literal["unanimous", "majority", "all_present"] | int
    members: str | None = None
    """The role or fact that says who may vote."""


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
    """A chain in this order; each link one role, or several of which one suffices. The action is asked for and carried out when the
    last one has agreed. Whoever asks agrees by that to a link whose role he holds, unless `distinct`.
    """
    parallel: bool = False
    """True: the links of the chain may come in any order."""
    attachments: int | None = None
    includes: dict[Identifier, tuple[Scalar, ...]] = Field(default_factory=dict)
    """Values a field of several choices must at least hold: `{told: [finance, projects, customer]}`."""
    rows: tuple[Rows, ...] = ()
    quorum: Quorum | None = None
    not_actor: Names = ()
    """Facts that name people; none of them may be the one who acts: author, reporter, respondent."""
    unless: When = Field(default_factory=dict)
    """Facts under which `not_actor` does not count: a shop with one person."""
    any_of: tuple[Requirement, ...] = ()
    """At least one of these must hold entirely."""


# Measures.


class Count(Model):
    """A set of rows that is counted: `{count: recontact, where: {satisfied: true}}`."""

    count: str
    """A record id (fillings), `cases`, `clocks`, `duties`, `calls`, `conversations`, ..."""
    where: When = Field(default_factory=dict)
    distinct: str | None = None
    """Count different values of this fact (`subject`, `filled_by`) instead of rows."""
    process: Identifier | None = None
    mature_after: Within | None = None
    """Rows younger than this are not counted yet; the page says how many. A share has it on both sides."""
    mature_since: str | None = None
    """The fact of the row its age is counted from: `closed_at`. Without a value the row is not counted yet; where none is named, the
    moment by which the row belongs to a day or month."""
    sum: str | None = None
    """Add up this fact instead of counting rows."""


class Capture(Model):
    """The datum a measure lives on must be written down: the action is refused without the field."""

    action: Identifier
    field: Identifier
    of: Identifier | None = None
    """The form it stands on, filled by an earlier action; None: the action's own."""
    refuse: Words


class Figure(Model):
    """A figure that is no share: `{median: lead_time_minutes, of: complaint_warning}`. One of the six is given."""

    median: str | None = None
    p90: str | None = None
    mean: str | None = None
    sum: str | None = None
    most: str | None = None
    count: str | None = None
    of: str
    where: When = Field(default_factory=dict)
    process: Identifier | None = None

    @property
    def how(self) -> tuple[str, str]:
        """(statistic, fact)."""
        given = [
            (name, value)
            for name in ("median", "p90", "mean", "sum", "most", "count")
            if (value := getattr(self, name))
        ]
        return given[0] if given else ("count", "id")


class Component(Model):
    """A part of a composite score."""

    measure: Identifier
    weight: float = Field(default=1.0, ge=0)
    full: float | None = Field(default=None, gt=0)
    """Full marks: what counts is this times the share of the measure's target that was reached, and the score is the sum of the marks."""


class Composite(Model):
    of: tuple[Component, ...]
    empty: Literal["spread", "zero", "block"] = "spread"
    """A part without data: its weight, or its full marks, goes to the others, it counts nothing, or there is no score."""
    round: int = 2


class Ranking(Model):
    """People in order of a measure, the best first. Everybody's rows count, whoever looks; who has none has no place."""

    among: Names
    """Whose holders are put in order: roles, or `staff` for everybody who has a figure."""
    ties: Names = ()
    """Measures that decide between equals, in order; `decided` at the end means a person does, with a reason, and until then their
    places are open.
    """
    decided_by: Names = ()
    """Roles that decide between equals, never about themselves. They see everybody's place."""
    smallest_group: int = Field(default=1, ge=1)
    """With fewer people the places are only told: nothing follows from them."""
    share_place: bool = False
    """Equals share a place, and the next is left out: 1, 1, 3."""
    seen_by: Names = ()
    """Roles that see everybody's figure and place."""
    members_see: Literal["own", "places"] = "own"
    """What those in order see besides their own figure: only their own place, or everybody's place without the figures."""


# Sanctions.


class Tally(Model):
    """How occurrences are counted. `per` and `within` say what counts together; the figure itself is a fact the
    caller gives.
    """

    per: Names = ("person",)
    within: Literal[
        "calendar_month", "calendar_quarter", "calendar_year", "rolling_year", "rolling_days", "lifetime"
    ] = "calendar_year"
    days: int | None = None
    of: Names = ()
    """Kinds of finding counted together; the clause's own where empty."""
    dated_by: str | None = None
    """The fact that dates an occurrence, e.g. when the complaint came rather than when it was upheld."""
    excludes: When = Field(default_factory=dict)
    """Occurrences left out: those revoked."""
    fact: str = "count"
    """The name of the fact that holds the count, this occurrence included."""


class Tier(Model):
    """What the n-th occurrence costs or earns. One of fine, reward, points, percent, amount_of, decided is usual;
    none is a warning.
    """

    from_: float = Field(alias="from")
    fine: float | None = None
    reward: float | None = None
    points: float | None = None
    percent: float | None = None
    amount_of: str | None = None
    """A fact that is the amount: that month's commission."""
    most_of: str | None = None
    """A fact the amount may not exceed."""
    decided: bool = False
    """The text names no amount: the one who confirms decides it, with a reason."""
    replaces: bool = False
    propose: Names = ()
    lasts: Within | None = None
    """How long what it proposes lasts: a week of standing by. It ends by itself, or when the sanction is taken back."""
    starts: Names = ()
    """Events from which it lasts; where none is named, from when the sanction is confirmed."""
    until: When = Field(default_factory=dict)
    """It goes on after its time until these facts hold: until the examination is passed. Without `lasts`, only until then."""
    choose_one: bool = False
    """Exactly one of `propose` must be chosen."""
    effects: Effects = ()
    """What else follows once the sanction is confirmed at this count."""
    words: Words | None = None


class Confirm(Model):
    """Who turns the draft into a decision."""

    role: str
    not_party: bool = True
    instead: str | None = None
    """The role that decides where the usual one is a party."""
    by_consequence: dict[str, str] = Field(default_factory=dict)
    """Another role for some consequences: `{dismissal: general_manager}`."""
    also: Names = ()
    """Roles that must agree as well, e.g. legal, in this order: the decision is asked for and stands when the last of them has agreed, each
    another person than whoever decides.
    """
    viewed_by_person: bool = False
    """The person concerned must have seen the statement first."""


class Appeal(Model):
    within: Within = Duration(amount=3, unit=Unit.working_day)
    to: str | None = None
    silence: Literal["stands", "lapses"] = "stands"


class Party(Model):
    """Somebody else who bears a consequence for the same finding."""

    role: str | None = None
    fact: str | None = None
    same_as: str | None = None
    """The person whose sanction this one equals."""
    tiers: tuple[Tier, ...] = ()


# Wordings.


class Check(Model):
    """Something software looks for in what was said or is about to be sent."""

    contains_any: Names = ()
    contains_all: tuple[Names, ...] = ()
    """Points that must be covered; each by any of its synonyms."""
    contains_none: Names = ()
    first: Within | None = None
    """Only in the first seconds."""
    turns: tuple[str, ...] = ()
    """Who speaks in which order: `[agent.greets, customer, agent.names_company]`."""
    before_sending: bool = False
    """The message is held back until it is changed; otherwise a finding is drafted afterwards."""
    verdict: Literal["hint", "warn", "fail"] = "warn"
    """The hardest verdict software may give; a person decides the rest."""
    suggest: Words | None = None


class Step(Model):
    """A node of a script: what is said, what is asked, where each answer leads, what it records or starts."""

    id: Identifier
    say: Words | None = None
    ask: Identifier | None = None
    """The field the answer is kept in."""
    answers: dict[str, str | None] = Field(default_factory=dict)
    """Answer -> next step; `*` for any other; None ends."""
    next: str | None = None
    opens: str | None = None
    """A record or action this step leads to."""
    discloses: bool = False
    """Says something only the right person may hear; not reached before identity is confirmed."""
    when: When = Field(default_factory=dict)


class Script(Model):
    id: Identifier
    title: Words
    steps: tuple[Step, ...]
    record: Identifier | None = None
    """Where the answers and the path are kept."""
    when: When = Field(default_factory=dict)


# Visibility.


class Access(Model):
    """Who may: a role, and where he must stand."""

    role: str
    at: Literal["anywhere", "case_department", "above_case_department", "own_department"] = "anywhere"
    person: str | None = None
    """A fact that names the only person: whoever is assigned to the visit."""
    when: When = Field(default_factory=dict)
    """Facts under which this access holds: only while the task is open."""


class Needs(Model):
    """Consent that opens what is otherwise closed, for one purpose and for a time."""

    approvals: tuple[Names, ...] = ()
    parallel: bool = False
    purpose: Literal["required", "optional"] = "optional"
    reason: bool = False
    expires: Within | None = None
    delivery: Annotated[tuple[Literal["view", "copy", "extract"], ...], BeforeValidator(as_many)] = ("view",)
    aggregate_only: bool = False


class Export(Model):
    """What a visibility clause `of: process.<id>` says of taking its cases out to a file."""

    watermark: bool = False
    """Every file bears who took it out, when and by which filter, whether a clause asks for it or not."""
    encrypt: bool = False
    """Nothing is taken out as long as the product cannot encrypt the file."""
    approval: Names = ()
    """Roles of which one must agree before; a chain is said by a gate on `export.cases`."""
    forbidden: bool = False


class Projection(Model):
    """What is shown instead of a field: the last digits, a mask, a word that follows from it."""

    field: Identifier
    as_: Literal["mask", "last4", "hidden", "yes_no", "fact"] = Field(alias="as")
    fact: str | None = None
    to: Names = ()
    """Roles that see only this; everybody who is not named under `to` of the clause where empty."""
