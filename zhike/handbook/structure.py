"""Beside clauses: roles, departments, records (forms), processes, calendars, parameters, and the handbook that holds
them.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from zhike.handbook.clauses import Access, Clause, Count
from zhike.handbook.common import (
    ClauseId,
    Effects,
    Identifier,
    Model,
    Names,
    Parameter,
    Percent,
    Scalar,
    When,
    Within,
    Words,
)
from zhike.handbook.terms import Figure, Periods, Script

Screen = Literal[
    "desk",
    "board",
    "floor",
    "cases",
    "customers",
    "handbook",
    "lookup",
    "approvals",
    "quality",
    "reports",
    "administration",
]


class DepartmentKind(Model):
    """A kind of department: the hotline centre, a store, a division. The departments themselves are data of the
    company.
    """

    id: Identifier
    title: Words
    within: Identifier | None = None
    """The kind its parent department has."""


class Role(Model):
    id: Identifier
    title: Words
    at: Identifier | tuple[Identifier, ...] | None = None
    """The kind of department where it is held, or several; None: company-wide."""
    reports_to: str | None = None
    screens: tuple[Screen, ...] = ("desk", "handbook")
    external: bool = False
    """Held by people of a partner or another outside body: they see their own department's cases and nothing else of
    the house: no directory, no archive of customers, no export.
    """
    is_customer: bool = False
    is_system: bool = False
    """A part the product itself plays."""
    aliases: Names = ()
    """Other ids the same role goes by in the text."""
    relation: str | None = None
    """A fact that names the person: the owner of the customer, the manager of this project."""
    collective: bool = False
    """A body that votes: the weekly meeting, the company."""
    requires: When = Field(default_factory=dict)
    """What a person must be to act in it: a passed examination."""

    @property
    def places(self) -> tuple[str, ...]:
        """The kinds of department where it is held; none: company-wide."""
        return (self.at,) if isinstance(self.at, str) else self.at or ()


class Choice(Model):
    id: str
    title: Words
    explain: bool = False
    """Choosing it asks for words: "other, namely"."""
    value: float | None = None
    """A figure that hangs on it: points, a price class."""


class FieldDef(Model):
    """One field of a form."""

    id: Identifier
    title: Words
    type: Literal[
        "string",
        "text",
        "int",
        "decimal",
        "money",
        "bool",
        "enum",
        "multi",
        "date",
        "time",
        "datetime",
        "phone",
        "email",
        "id_number",
        "department",
        "staff",
        "customer",
        "case",
        "record",
        "rows",
        "files",
        "signature",
        "richtext",
        "daterange",
        "secret",
        "staff_or_department",
        "offset",
        "map",
        "votes",
    ]
    required: bool = False
    required_when: When = Field(default_factory=dict)
    shown_when: When = Field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    options: Identifier | None = None
    """A named list of choices of the handbook, instead of `choices`."""
    columns: tuple[FieldDef, ...] = ()
    """Columns of a `rows` field."""
    kind: Identifier | None = None
    """The department kind or record a reference points to."""
    longest: int | None = None
    least: float | None = None
    most: float | None = None
    default: Scalar = None
    help: Words | None = None
    sensitive: bool = False
    customer_sees: bool = False
    automatic: Literal["now", "actor", "number", "round", "parent"] | None = None
    """Filled by the product at the time of the action; never shown as an input."""
    computed: str | None = None
    """A named fact that gives the value; never shown as an input."""
    prefill: str | None = None
    """A fact that is offered as the first value."""
    fills: Names = ()
    """Roles that may fill it; everybody who takes the action where empty. To others it is shown as it stands; it is not asked of them,
    and refused from them.
    """
    pattern: str | None = None
    """A regular expression the whole value must match."""
    absence: bool = False
    """A reason for not having it is accepted instead of the value."""
    append_only: bool = False
    must: When = Field(default_factory=dict)
    """Tests the value must pass against other fields: `{points_used: {lte: {fact: points_before}}}`."""
    unit: str | None = None


class Record(Model):
    """A form. `kind: reference` makes it a directory that the department keeps, e.g. outlets; `kind: customer` what it keeps of each
    customer beside the archive's own fields, at most one a handbook."""

    id: Identifier
    title: Words
    kind: Literal["form", "reference", "customer"] = "form"
    fields: tuple[FieldDef, ...]
    label: str | None = None
    """The field that names a row of a reference record."""
    kept_by: Names = ()
    """Roles that may change a reference record."""
    in_conversation: Names = ()
    """Roles that fill it within a conversation, where it belongs to no action of a process."""
    complete: Names = ()
    """Fields that may come later, without which the form is saved and not complete: `record.<id>.completed` happens, gates on
    `record.<id>.complete` are asked and the fact of that name is true when none of them is lacking.
    """
    cites: str | None = None
    includes: Names = ()
    """Groups of fields shared with other records; see `groups` of the handbook."""
    unique: tuple[Names, ...] = ()
    """What together occurs once: `[[employee, year]]` is one appraisal an employee and year. Besides fields of the form `case` (also a
    conversation), `customer`, `calendar_day`, `calendar_month`, `calendar_quarter` and `calendar_year`. A correction is no second one; of
    a directory only its own fields count.
    """
    versions: bool = False
    """A correction is a new version, and `record.<id>.version` happens; the older ones stay readable on the page and on paper."""
    copies: Names = ()
    """Where a copy is kept on paper or in another department."""
    keep: Within | None = None


class Public(Model):
    """What the customer is told while the case stands here."""

    step: Literal[1, 2, 3, 4]
    words: Words


class Stage(Model):
    id: Identifier
    title: Words
    holder: Names = ()
    """Whose turn it is."""
    final: bool = False
    public: Public | None = None


class OpenChild(Model):
    """The action opens a case of another process under this one."""

    process: Identifier
    action: Identifier
    copy_fields: dict[str, str] = Field(default_factory=dict, alias="copy")
    """target field -> fact of this case."""


class Branch(Model):
    """One of several next stages, taken when its facts hold: `{when: {satisfied: false}, to: daily_loop}`."""

    when: When
    to: Identifier


class Action(Model):
    """Something a person does: a verb on a button."""

    id: Identifier
    title: Words
    by: Names
    """Roles; `customer`, `owner`, `system` are allowed."""
    from_: Names = Field(default=(), alias="from")
    """Stages; empty: an entry action, it opens the case. `*`: every stage that is not final."""
    record: Identifier | None = None
    """The form that is filled with it."""
    to: Identifier | None = None
    """The next stage; None: stays, unless a route clause on this action says otherwise."""
    branches: tuple[Branch, ...] = ()
    """Next stages that depend on the facts, where the process and not a clause decides; the first that holds goes
    before `to`.
    A route clause on this action goes before both."""
    when: When = Field(default_factory=dict)
    """Facts of the case under which the action is offered at all."""
    opens: OpenChild | None = None
    parent: Identifier | None = None
    """The stage the parent case moves to along with this action."""
    new_round: bool = False
    department_from: Identifier | None = None
    """A `department` field that sets the responsible department."""
    owner_from: Identifier | None = None
    """A `staff` field that names the case's new owner: the one it is dispatched to."""
    takes: bool = False
    """The actor becomes the case's owner."""
    notify: Effects = ()
    confirms: tuple[ClauseId, ...] = ()
    """Sanction clauses whose drafts on this case it decides; of several those that are drafted. Refused while there is none, and to
    the person concerned.
    """
    revokes: tuple[ClauseId, ...] = ()
    """Sanction clauses whose drafts on this case it takes back; what was taken back counts for no later one."""
    tone: Literal["primary", "plain", "danger"] = "plain"
    confirm: Words | None = None
    customer_sees: bool = False


class Repeats(Model):
    """What makes two cases the same matter. The fact `case.occurrence` counts them, this one included."""

    same: Names
    """Fields of the main form, or `department`: the responsible one."""
    within: Within
    """How long before the case its like are counted."""


class Process(Model):
    id: Identifier
    title: Words
    number: str
    """Number pattern: `{prefix}` letters then date and sequence, e.g. "FW{yymmdd}-{seq}"."""
    record: Identifier
    """The main form; the title of the case is built from `summary`."""
    summary: Names = ()
    stages: tuple[Stage, ...]
    actions: tuple[Action, ...]
    portal: bool = False
    """Customers may open it from the portal."""
    related: Identifier | None = None
    """The process whose case is the parent."""
    customer: dict[Literal["phone", "name", "email"], Identifier] = Field(default_factory=dict)
    """Which fields of the opening form say who the customer is."""
    person: Identifier | None = None
    """The `staff` field of the main form that says which colleague the case is about: his training, his leave. What it says are facts
    at the gates of his presence, as `<process>.<record>.<field>`.
    """
    visible_to: tuple[Access, ...] = ()
    """Who may see a case where no visibility clause speaks; empty: the roles that act in it."""
    repeats: Repeats | None = None


class Calendar(Model):
    id: Identifier
    title: Words
    weekly: dict[str, tuple[str, ...]]
    """Day or range of days -> windows: `{mon-fri: ["09:00-12:00", "13:30-18:00"], sat: ["22:00-06:00"]}`."""
    holidays: str | None = None
    """A holiday table, e.g. `cn`."""
    days_off: tuple[dt.date, ...] = ()
    """Further days off: a stock-taking, the company's own holiday."""
    extra_workdays: tuple[dt.date, ...] = ()
    """Further days that are worked; one without windows in the week works like the first day that has some."""
    zone: str = "Asia/Shanghai"
    default: bool = False
    """The calendar meant where a clause names none and the handbook has several."""


class Occasion(Model):
    """A named day or series of days: the weekly meeting, a festival, the anniversary, an activity week."""

    id: Identifier
    title: Words
    dates: tuple[dt.date, ...] = ()
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] | None = None
    yearly: str | None = None
    """"06-18": the same day every year."""
    at: str | None = None


class NamedFact(Model):
    """A fact this handbook rests on that is computed in Python, beside those of the engine's catalogue, or that is
    put together from facts that exist.
    """

    name: str
    type: Literal["string", "int", "decimal", "bool", "date", "datetime", "list"]
    means: Words
    choices: tuple[str, ...] = ()
    any_of: tuple[When, ...] = ()
    """A yes or no: whether one of these conditions holds."""
    first_of: Names = ()
    """The value of the first of these facts that has one."""


class Indicator(Model):
    """A figure that the department derives and no clause owns: on-time rate, coverage, lead time. Same shape as a
    measure clause.
    """

    id: Identifier
    title: Words
    numerator: Count | None = None
    denominator: Count | None = None
    value: Figure | None = None
    """For a figure that is no share: `{median: lead_time_minutes, of: complaint_warning}`."""
    target: str | None = None
    periods: Periods = ("day", "month")
    empty: str = "—"
    note: Words | None = None


class ParameterDef(Model):
    """A value a manager may change without touching the text."""

    id: Identifier
    title: Words
    value: Scalar
    derived: bool = True
    clause: str | None = None
    """The clause it belongs to."""
    choices: tuple[str, ...] = ()
    """For a parameter that chooses a meaning rather than a number: `[calendar, rolling]`."""
    type: Literal["string", "int", "decimal", "bool", "duration", "time"] | None = None
    least: float | str | None = None
    most: float | str | None = None
    """The bounds of a manager's value, both included: a number, or a length of time such as `30m`."""
    unit: Words | None = None
    """What a number counts: cases, percent."""


class Defaults(Model):
    warn: tuple[Percent | Parameter, ...] = ()
    """Shares of a limit after which its holder is warned, where the clause says nothing; see `Book.warn`."""
    breach: Effects = ()
    missed: Effects = ()


class Queue(Model):
    """Where contacts wait for somebody to answer them. Route clauses say what goes here and who is chosen."""

    id: Identifier
    title: Words
    media: Names = ("webchat",)
    """What waits here: webchat, email, sms, wechat, phone, visit, letter."""
    answered_by: Names
    """Roles."""
    seats: Names = ()
    """Places in their order, where a rotation goes by places rather than people: A, B, C, D."""
    capacity: dict[str, Parameter | int] = Field(default_factory=dict)
    """How many one agent has in hand at the same time, by medium; one of a medium not named."""
    offer: Within | Parameter | None = None
    """How long something is offered to one agent before it goes back; none: until he answers."""
    calendar: Identifier | None = None
    """When it is answered; outside it a contact becomes a message. None: always."""
    ready_after_close: bool = True
    """Whether an agent is free again at once, or first in wrap-up."""
    wrap_up: Within | Parameter | None = None
    """How long the wrap-up after a close lasts at most; then he is ready again by himself. None: until he says so."""


class Handbook(Model):
    """One department's handbook, as loaded. Lists keep the order of the files."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: Words
    version: str
    effective: dt.date
    zone: str = "Asia/Shanghai"
    builds_on: tuple[str, ...] = ()
    """Handbooks whose clauses hold here too, by name; see decisions/0015."""
    leaves_out: dict[str, str] = Field(default_factory=dict)
    """Clauses of those handbooks that do not hold here -> why."""
    defaults: Defaults = Defaults()
    unclaused: dict[str, str] = Field(default_factory=dict)
    """Section number -> why it has no clause."""
    departments: tuple[DepartmentKind, ...] = ()
    roles: tuple[Role, ...] = ()
    options: dict[str, tuple[Choice, ...]] = Field(default_factory=dict)
    records: tuple[Record, ...] = ()
    processes: tuple[Process, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    parameters: tuple[ParameterDef, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    queues: tuple[Queue, ...] = ()
    clauses: tuple[Clause, ...] = ()
    scripts: tuple[Script, ...] = ()
    groups: dict[str, tuple[FieldDef, ...]] = Field(default_factory=dict)
    """Groups of fields that several records include."""
    occasions: tuple[Occasion, ...] = ()
    facts: tuple[NamedFact, ...] = ()
    aliases: dict[str, str] = Field(default_factory=dict)
    """Words of the text that mean the same thing: spelling in the text -> the word the product uses."""
    names: dict[str, Words] = Field(default_factory=dict)
    """What people read for a name that no list of the handbook has: a kind of finding, a consequence, a piece of evidence."""
