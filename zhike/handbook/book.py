"""A compiled handbook: everything looked up by name, every clause found by the event it speaks of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar, cast

from zhike.handbook.calendars import Calendar
from zhike.handbook.catalogue import BUILT_IN_ROLES
from zhike.handbook.clauses import (
    Clause,
    Deadline,
    Duty,
    Gate,
    Measure,
    Route,
    Sanction,
    Tariff,
    Visibility,
    Wording,
)
from zhike.handbook.common import Effect, Model, Parameter, Scalar, Test, models_in
from zhike.handbook.conditions import holds
from zhike.handbook.structure import Action, Choice, FieldDef, Handbook, NamedFact, Process, Record, Role, Stage
from zhike.handbook.text import Section, read_sections

T = TypeVar("T")
Key = tuple[str, str | None, str]
"""Kind or index, process, event."""


def starting_events(clause: Clause) -> tuple[str, ...]:
    """The events at which a clause speaks: where it starts, refuses, routes, counts or computes."""
    match clause:
        case Deadline() | Duty():
            return clause.starts
        case Gate() | Wording() | Route():
            return clause.on
        case Sanction():
            return (clause.on,)
        case Tariff():
            return (clause.on,) if clause.on else ()
        case Measure():
            return (f"action.{clause.capture.action}",) if clause.capture else ()
        case Visibility():
            return (clause.of,)


def ending_events(clause: Clause) -> tuple[str, ...]:
    """The events that stop a deadline or settle a duty."""
    if isinstance(clause, Deadline):
        return clause.until + clause.until_all
    return clause.owes if isinstance(clause, Duty) else ()


class Book:
    """One version of one handbook, compiled for lookups. Never changes; keep it as long as you like.

    `parameters` are a manager's values for the handbook's parameters; they replace the defaults.
    A lookup of something that is not there raises KeyError naming it.
    """

    def __init__(
        self, handbook: Handbook, text: str = "", parameters: Mapping[str, Scalar] = MappingProxyType({})
    ) -> None:
        self.handbook = handbook
        self.text = text
        self.name = handbook.name
        self.version = handbook.version
        self.parameters = {parameter.id: parameter.value for parameter in handbook.parameters} | dict(parameters)
        self._clauses = {clause.id: cast(Clause, _settle(clause, self.parameters)) for clause in handbook.clauses}
        facts = {"param." + name: value for name, value in self.parameters.items()} | self.parameters
        self._in_force = {id_: clause for id_, clause in self._clauses.items() if holds(clause.applies, facts)}
        self._processes = {
            process.id: cast(Process, _settle(process, self.parameters)) for process in handbook.processes
        }
        self._index = self._build_index()
        self._found: dict[Key, tuple[Clause, ...]] = {}

    def __repr__(self) -> str:
        return f"Book({self.name} {self.version}, {len(self._clauses)} clauses)"

    def clause(self, clause_id: str) -> Clause:
        return _get(self._clauses, clause_id, "clause", self.name)

    def clauses(self, kind: str | None = None) -> tuple[Clause, ...]:
        """The clauses in force, in the order of the files; those a parameter switches off are left out."""
        return tuple(clause for clause in self._in_force.values() if kind is None or clause.kind == kind)

    def process(self, process_id: str) -> Process:
        return _get(self._processes, process_id, "process", self.name)

    def stage(self, process: str, stage_id: str) -> Stage:
        return _get(self._stages, (process, stage_id), "stage", self.name)

    def action(self, process: str, action_id: str) -> Action:
        return _get(self._actions, (process, action_id), "action", self.name)

    def actions_from(self, process: str, stage: str) -> tuple[Action, ...]:
        """The actions that may be taken at a stage, in the order of the handbook. `*` means every stage that is not
        final.
        """
        anywhere = not self.stage(process, stage).final
        actions = self.process(process).actions
        return tuple(action for action in actions if stage in action.from_ or (anywhere and "*" in action.from_))

    def entry_actions(self, process: str) -> tuple[Action, ...]:
        """The actions that open a case."""
        return tuple(action for action in self.process(process).actions if not action.from_)

    def record(self, record_id: str) -> Record:
        return _get(self._records, record_id, "record", self.name)

    def role(self, role_id: str) -> Role:
        """The role of that id, or of which it is an alias."""
        return _get(self._roles, role_id, "role", self.name)

    @cached_property
    def named_facts(self) -> tuple[NamedFact, ...]:
        """The facts this handbook puts together itself, parameters put in; see `named.with_named`."""
        made = (fact for fact in self.handbook.facts if fact.any_of or fact.first_of)
        return tuple(cast(NamedFact, _settle(fact, self.parameters)) for fact in made)

    @cached_property
    def warn(self) -> tuple[float, ...]:
        """The shares of a limit after which its holder is warned where a clause says nothing, parameters put in."""
        shares = (
            self.parameter(one.param) if isinstance(one, Parameter) else one for one in self.handbook.defaults.warn
        )
        return tuple(float(share) for share in shares if isinstance(share, int | float))

    def parameter(self, parameter_id: str) -> Scalar:
        return _get(self.parameters, parameter_id, "parameter", self.name)

    def calendar(self, calendar_id: str | None) -> Calendar | None:
        """The compiled calendar; None gives the handbook's only (or `default`) one, or None where it has none."""
        if calendar_id is None:
            return self._default_calendar
        return _get(self._calendars, calendar_id, "calendar", self.name)

    def choices(self, field: FieldDef) -> tuple[Choice, ...]:
        """The choices of a field, its own or those of the named list it refers to."""
        return _get(self.handbook.options, field.options, "options", self.name) if field.options else field.choices

    def section(self, number: str) -> Section:
        return _get(self._sections, number, "section", self.name)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The numbered sections of handbook.md, in order."""
        return tuple(self._sections.values())

    def speaking_of(self, kind: str, process: str | None, event: str) -> tuple[Clause, ...]:
        """Clauses of that kind which start, refuse, route, count or compute at the event, in the order of the
        handbook.
        """
        return self._lookup(kind, process, event)

    def stopped_by(self, process: str | None, event: str) -> tuple[Deadline, ...]:
        """Deadlines the event may stop; `limits.stops` says whether it does, where a clause sets conditions."""
        return cast("tuple[Deadline, ...]", self._lookup("stops", process, event))

    def settled_by(self, process: str | None, event: str) -> tuple[Duty, ...]:
        """Duties the event may settle."""
        return cast("tuple[Duty, ...]", self._lookup("settles", process, event))

    def unprompted(self, process: str | None) -> tuple[Duty, ...]:
        """Duties inside a case of that process that no event begins: owed from the deed on after which their `when` holds."""
        return tuple(clause for at, clause in self._unprompted if at == process) if process else ()

    @cached_property
    def _unprompted(self) -> tuple[tuple[str | None, Duty], ...]:
        owed = {effect.owe for clause in self.clauses() for effect in models_in(clause, Effect)}
        found = (clause for clause in self.clauses("duty") if isinstance(clause, Duty) and clause.owed_for == "case")
        return tuple(
            (self.process_of(clause), clause)
            for clause in found
            if not clause.starts and clause.every != "event" and clause.id not in owed
        )

    @cached_property
    def dated(self) -> tuple[tuple[Deadline, str | None], ...]:
        """Deadlines that hang on a date among the facts, each with its process."""
        found = (clause for clause in self.clauses("deadline") if isinstance(clause, Deadline))
        hang = (clause for clause in found if clause.before or (clause.due is not None and clause.due.fact))
        return tuple((clause, self.process_of(clause)) for clause in hang)

    @cached_property
    def written_once(self) -> dict[str, tuple[Visibility, ...]]:
        """{record: the clauses by which nobody changes what was filled into it}."""
        found: dict[str, tuple[Visibility, ...]] = {}
        for clause in self.clauses("visibility"):
            family, _, record = clause.of.partition(".") if isinstance(clause, Visibility) else ("", "", "")
            if isinstance(clause, Visibility) and clause.write_once and family == "record":
                found[record] = (*found.get(record, ()), clause)
        return found

    def listening_to(self, index: str, process: str | None, event: str) -> tuple[Clause, ...]:
        """Clauses by another of their events: "pauses", "resumes", "voids", "blocks"."""
        return self._lookup(index, process, event)

    def process_of(self, clause: Clause) -> str | None:
        """The process a clause speaks of: the one it names, or the only one in which its events exist; None: any, or
        none at all.
        """
        if clause.process:
            return clause.process
        known = [self._processes_with(event) for event in starting_events(clause) + ending_events(clause)]
        named = [found for found in known if found is not None]
        common = set.intersection(*named) if named else set()
        return common.pop() if len(common) == 1 else None

    def _processes_with(self, event: str) -> set[str] | None:
        """Processes in which the event's action or stage exists; None for an event of no process."""
        family, _, rest = event.partition(".")
        if family == "action":
            return {process for process, action in self._actions if action == rest}
        if family == "stage":
            return {process for process, stage in self._stages if stage == rest.rpartition(".")[0]}
        if family == "case":
            return set(self._processes)
        return None

    def _lookup(self, index: str, process: str | None, event: str) -> tuple[Clause, ...]:
        key = (index, process, event)
        if key not in self._found:
            ids = set(self._index.get(key, ())) | (set(self._index.get((index, None, event), ())) if process else set())
            self._found[key] = tuple(clause for id_, clause in self._in_force.items() if id_ in ids)
        return self._found[key]

    def _build_index(self) -> dict[Key, list[str]]:
        index: dict[Key, list[str]] = defaultdict(list)
        for clause in self._in_force.values():
            process = self.process_of(clause)
            for name, event in _indexed_events(clause):
                index[name, process, event].append(clause.id)
        return dict(index)

    @cached_property
    def _stages(self) -> dict[tuple[str, str], Stage]:
        return {(process.id, stage.id): stage for process in self._processes.values() for stage in process.stages}

    @cached_property
    def _actions(self) -> dict[tuple[str, str], Action]:
        return {(process.id, action.id): action for process in self._processes.values() for action in process.actions}

    @cached_property
    def _records(self) -> dict[str, Record]:
        return {record.id: record for record in self.handbook.records}

    @cached_property
    def _roles(self) -> dict[str, Role]:
        aliases = {alias: role for role in self.handbook.roles for alias in role.aliases}
        return BUILT_IN_ROLES | aliases | {role.id: role for role in self.handbook.roles}

    @cached_property
    def _sections(self) -> dict[str, Section]:
        return {section.number: section for section in read_sections(self.text)}

    @cached_property
    def _calendars(self) -> dict[str, Calendar]:
        return {definition.id: Calendar.of(definition) for definition in self.handbook.calendars}

    @cached_property
    def _default_calendar(self) -> Calendar | None:
        marked = [definition.id for definition in self.handbook.calendars if definition.default]
        names = marked or [definition.id for definition in self.handbook.calendars]
        return self._calendars[names[0]] if len(names) == 1 else None


def _indexed_events(clause: Clause) -> Iterable[tuple[str, str]]:
    """(index, event) pairs under which a clause is found."""
    yield from ((clause.kind, event) for event in dict.fromkeys(starting_events(clause)))
    if isinstance(clause, Deadline) and clause.due is not None and clause.due.event is not None:
        # Owed until that event; see limits.as_duty.
        yield from (("settles", event) for event in dict.fromkeys(ending_events(clause)))
        yield ("falls_due", clause.due.event)
    elif isinstance(clause, Deadline):
        yield from (("stops", event) for event in dict.fromkeys(ending_events(clause)))
        yield from (("pauses", event) for event in clause.pauses)
        yield from (("resumes", event) for event in clause.resumes)
        yield from (("voids", event) for event in clause.voids)
    if isinstance(clause, Duty):
        yield from (("settles", event) for event in dict.fromkeys(clause.owes))
        if clause.due is not None and clause.due.event is not None:
            yield ("falls_due", clause.due.event)
    if isinstance(clause, Duty | Sanction):
        yield from (("blocks", event) for event in clause.blocks)


def _settle(value: Any, parameters: Mapping[str, Scalar]) -> Any:
    """The same clause with the parameters its conditions compare with put in. Limits keep theirs; `limits.limit_of`
    reads them.
    """
    if isinstance(value, Test):
        settled = {name: _put(getattr(value, name), parameters) for name in value.model_fields_set}
        return Test(**settled) if any(isinstance(r, Parameter) for r in value.references) else value
    if isinstance(value, Model):
        changed = {name: new for name, old in value if (new := _settle(old, parameters)) is not old}
        return value.model_copy(update=changed) if changed else value
    if isinstance(value, dict):
        new = {name: _settle(one, parameters) for name, one in value.items()}
        return new if any(new[name] is not value[name] for name in value) else value
    if isinstance(value, tuple):
        items = tuple(_settle(one, parameters) for one in value)
        return items if any(one is not other for one, other in zip(items, value, strict=True)) else value
    return value


def _put(value: Any, parameters: Mapping[str, Scalar]) -> Any:
    return parameters.get(value.param) if isinstance(value, Parameter) else value


def _get(found: Mapping[Any, T], key: Any, what: str, handbook: str) -> T:
    try:
        return found[key]
    except KeyError:
        name = " / ".join(key) if isinstance(key, tuple) else key
        raise KeyError(f"handbook {handbook} has no {what} {name!r}") from None
