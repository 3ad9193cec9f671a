"""Every name a handbook uses exists, and exists once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from zhike.handbook.amounts import Over
from zhike.handbook.book import starting_events
from zhike.handbook.catalogue import BUILT_IN_ROLES
from zhike.handbook.check.applied import check_applied
from zhike.handbook.check.findings import (
    ACTIONS,
    CALENDARS,
    CLAUSES,
    DEPARTMENTS,
    OCCASIONS,
    PARAMETERS,
    PROCESSES,
    QUEUES,
    RECORDS,
    ROLES,
    SCRIPTS,
    STAGES,
    Checker,
    Path,
    walk,
)
from zhike.handbook.clauses import (
    Access,
    ClauseBase,
    Deadline,
    Duty,
    Gate,
    Measure,
    Route,
    Sanction,
    Signatures,
    Tariff,
    Wording,
)
from zhike.handbook.common import Effect, Model, Parameter, Text, parse_duration
from zhike.handbook.source import MANIFEST, Item
from zhike.handbook.structure import Action, FieldDef, Process, Record, Role, Stage
from zhike.handbook.terms import Confirm, Due, Exempt, Extension, Needs, Ranking, Requirement
from zhike.handbook.unrun import WITHOUT_CASES

TOLD = frozenset({"superior", "holder", "owner", "customer", "everyone"})
"""Who may be told besides roles."""

Use = tuple[Path, str]


def check_names(checker: Checker) -> None:
    _check_twice(checker)
    _check_departments(checker)
    roles = _known_roles(checker)
    for part, item, model in parts(checker):
        for path, value in walk(model):
            for inner, name in _roles_in(value):
                if name not in roles and not (isinstance(value, Effect) and name in TOLD):
                    checker.unknown("role-unknown", item, name, roles, ROLES, path=(*path, *inner), subject=_id(model))
            if isinstance(value, Effect):
                _check_effect(checker, value, item, path, _id(model))
            if isinstance(value, Parameter):
                _check_parameter(checker, value, item, path, _id(model))
            if isinstance(value, Due) and value.occasion is not None:
                _check_occasion(checker, value.occasion, item, (*path, "occasion"), _id(model))
        if part == "clauses" and isinstance(model, ClauseBase):
            _check_clause(checker, model, item)
    _check_parameters(checker)
    _check_defaults(checker)
    _warn_unused_roles(checker)


def parts(checker: Checker) -> Iterator[tuple[str, Item, Model]]:
    """Every entry of the handbook's lists with its place."""
    for part in ("roles", "records", "processes", "clauses", "indicators", "scripts"):
        for one in getattr(checker.book.handbook, part):
            yield part, checker.item(part, one.id), one


def _id(model: Model) -> str:
    return str(getattr(model, "id", ""))


def _check_twice(checker: Checker) -> None:
    book = checker.book.handbook
    for part in (
        "clauses",
        "roles",
        "records",
        "processes",
        "departments",
        "calendars",
        "parameters",
        "indicators",
        "scripts",
        "occasions",
    ):
        _twice(checker, part, [one.id for one in getattr(book, part)], lambda name, part=part: checker.item(part, name))  # type: ignore[misc]
    _twice(
        checker,
        "measures",
        [c.name for c in checker.clauses if isinstance(c, Measure)],
        lambda name: _measure(checker, name),
    )
    for process in book.processes:
        item = checker.item("processes", process.id)
        _twice(checker, "stages", [stage.id for stage in process.stages], lambda _, item=item: item, process.id)  # type: ignore[misc]
        _twice(checker, "actions", [action.id for action in process.actions], lambda _, item=item: item, process.id)  # type: ignore[misc]
    for record in book.records:
        item = checker.item("records", record.id)
        _twice(checker, "fields", [field.id for field in record.fields], lambda _, item=item: item, record.id)  # type: ignore[misc]


def _measure(checker: Checker, name: str) -> Item:
    return checker.item("clauses", next(c.id for c in checker.clauses if isinstance(c, Measure) and c.name == name))


def _twice(checker: Checker, part: str, ids: list[str], place: Callable[[str], Item], subject: str = "") -> None:
    for name in sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        checker.note(
            "id-twice",
            place(name),
            Text(zh=f"“{name}”在 {part} 里用了不止一次。", en=f"{name} is used more than once among the {part}."),
            Text(zh="给其中一个换名。", en="Give one of them another id."),
            subject=subject or name,
        )


def _check_departments(checker: Checker) -> None:
    known = {kind.id for kind in checker.book.handbook.departments}
    for kind in checker.book.handbook.departments:
        if kind.within is not None and kind.within not in known:
            checker.unknown(
                "department-unknown",
                checker.item("departments", kind.id),
                kind.within,
                known,
                DEPARTMENTS,
                subject=kind.id,
            )
    for role in checker.book.handbook.roles:
        for at in (place for place in role.places if place not in known):
            item = checker.item("roles", role.id)
            checker.note(
                "role-nobody",
                item,
                Text(
                    zh=f"岗位“{role.title.zh}”设在“{at}”，没有这种部门，没有人能担任。",
                    en=f"The role {role.id} is held at {at}; no department is of that kind, so nobody holds it.",
                ),
                _department_remedy(at, known),
                path=("at",),
                subject=role.id,
            )


def _department_remedy(name: str, known: Iterable[str]) -> Text:
    from zhike.handbook.problems import suggest

    return suggest(name, known, DEPARTMENTS)


def _known_roles(checker: Checker) -> set[str]:
    declared = {name for role in checker.book.handbook.roles for name in (role.id, *role.aliases)}
    return declared | set(BUILT_IN_ROLES)


def _roles_in(value: object) -> Iterator[Use]:
    """(path inside the value, role) for every role a value names itself."""
    match value:
        case Role():
            yield from _one("reports_to", value.reports_to)
        case Stage():
            yield from _many("holder", value.holder)
        case Action():
            yield from _many("by", value.by)
        case Access() | Signatures() | Confirm():
            yield from _one("role", value.role)
            if isinstance(value, Confirm):
                yield from _one("instead", value.instead)
                yield from _many("also", value.also)
                yield from (((("by_consequence", name), role)) for name, role in value.by_consequence.items())
        case FieldDef():
            yield from _many("fills", value.fills)
        case Record():
            yield from _many("kept_by", value.kept_by)
            yield from _many("in_conversation", value.in_conversation)
        case Effect():
            told = (value.notify,) if isinstance(value.notify, str) else value.notify or ()
            yield from _many("notify", tuple(name for name in told if name not in TOLD))
            yield from _one("reassign", value.reassign)
        case Requirement() | Needs() | Extension():
            yield from ((("approvals", n), role) for n, link in enumerate(value.approvals) for role in link)
        case Over():
            yield from _many("approval", value.approval)
        case Exempt():
            yield from _many("approved_by", value.approved_by)
        case Ranking():
            yield from _many("among", tuple(name for name in value.among if name != "staff"))
            yield from _many("decided_by", value.decided_by)
            yield from _many("seen_by", value.seen_by)
        case ClauseBase():
            yield from _roles_of_clause(value)
        case _:
            return


def _roles_of_clause(clause: ClauseBase) -> Iterator[Use]:
    yield from _one("judged_by", clause.judged_by)
    match clause:
        case Deadline():
            yield from _many("holder", clause.holder)
            yield from _many("charged_to", clause.charged_to)
        case Duty():
            yield from _many("holder", tuple(role for role in clause.holder if "." not in role))
            yield from _many("list_due", clause.list_due.by if clause.list_due else ())
        case Gate() if not _is_of_talks(clause):
            yield from _many("send_to", clause.send_to)
        case Route():
            yield from _many("notify", clause.notify)
            if clause.yields in ("holder", "recipients"):
                yield from _many("to", clause.to)
                yield from _many("other", clause.other)
                yield from ((("table", row), role) for row, names in clause.table.items() for role in names)
        case Sanction():
            yield from ((("parties", n), party.role) for n, party in enumerate(clause.parties) if party.role)


def _one(key: str, name: str | None) -> Iterator[Use]:
    if name is not None and name != "superior":
        yield (key,), name


def _many(key: str, names: tuple[str, ...]) -> Iterator[Use]:
    yield from (((key,), name) for name in names)


def _check_effect(checker: Checker, effect: Effect, item: Item, path: Path, subject: str) -> None:
    given = [
        name for name in type(effect).model_fields if name not in ("say", "when") and getattr(effect, name) is not None
    ]
    if len(given) != 1:
        checker.note(
            "effect-unclear",
            item,
            Text(
                zh=f"一项后果只写一件事，这里有 {len(given)} 件。",
                en=f"An effect says one thing; this one says {', '.join(given) or 'nothing'}.",
            ),
            Text(zh="每件事写成列表中单独的一项。", en="Write each thing as an entry of its own."),
            path=path,
            subject=subject,
        )
    known = {clause.id for clause in checker.clauses}
    named = [effect.owe] if effect.owe else []
    named += [effect.apply] if isinstance(effect.apply, str) else list(effect.apply or ())
    for clause in named:
        if clause not in known:
            checker.unknown("clause-unknown", item, clause, known, CLAUSES, path=path, subject=subject)
    if effect.apply is not None:
        check_applied(checker, effect, item, path, subject)
    if effect.opens is not None:
        check_opened(checker, effect.opens, item, path, subject)
    if effect.act is not None:
        _check_taken(checker, effect.act, item, path, subject)
    if isinstance(effect.reopen, str):
        _check_reopened(checker, effect.reopen, item, path, subject)
    if effect.reassign is not None:
        _check_receiver(checker, effect.reassign, item, path, subject)


def _check_taken(checker: Checker, name: str, item: Item, path: Path, subject: str) -> None:
    """What the product does by itself is an action of the clause's process that `system` may take; a conversation has no actions."""
    spoken = next((clause for clause in checker.clauses if clause.id == subject), None)
    if spoken is not None and all(event.startswith(WITHOUT_CASES) for event in starting_events(spoken) or [""]):
        words = Text(zh="会话和在岗状态没有动作可办。", en="A conversation and a presence have no actions.")
        remedy = Text(zh="要结束会话，写 close: <结果>。", en="To end the conversation write `close: <outcome>`.")
        checker.note("action-not-taken", item, words, remedy, path=(*path, "act"), subject=subject)
        return
    process = checker.book.process_of(spoken) if spoken is not None else None
    processes = [one for one in checker.book.handbook.processes if process in (None, one.id)]
    actions = {action.id: action for one in processes for action in one.actions}
    if name not in actions:
        checker.unknown("action-unknown", item, name, actions, ACTIONS, path=(*path, "act"), subject=subject)
    elif "system" not in actions[name].by:
        checker.note(
            "action-not-taken",
            item,
            Text(zh=f"系统不能办理“{name}”。", en=f"The product may not take {name}."),
            Text(zh="在这个动作的 by 里加上 system。", en="Add `system` to its `by`."),
            path=(*path, "act"),
            subject=subject,
        )


def _processes_of(checker: Checker, subject: str) -> list[Process]:
    """The process a clause is about, or that an action belongs to; every one where the clause names none."""
    spoken = next((clause for clause in checker.clauses if clause.id == subject), None)
    wanted = checker.book.process_of(spoken) if spoken is not None else subject
    every = checker.book.handbook.processes
    return [one for one in every if one.id == wanted] or list(every)


def _check_reopened(checker: Checker, name: str, item: Item, path: Path, subject: str) -> None:
    """A case goes on at a stage of its process at which it is not over."""
    stages = {stage.id for process in _processes_of(checker, subject) for stage in process.stages if not stage.final}
    if name not in stages:
        checker.unknown("stage-unknown", item, name, stages, STAGES, path=(*path, "reopen"), subject=subject)


def _check_receiver(checker: Checker, role: str, item: Item, path: Path, subject: str, key: str = "reassign") -> None:
    """Whoever is given the work can act on it somewhere in the process."""
    acting = {name for one in _processes_of(checker, subject) for action in one.actions for name in action.by}
    acting = (acting | {"owner", "superior"}) - {"system", "customer"}
    if role in acting or role not in {*(one.id for one in checker.book.handbook.roles), "system", "customer"}:
        return
    checker.note(
        "reassign-cannot-act",
        item,
        Text(
            zh=f"“{role}”在流程里没有动作，接了也办不了。",
            en=f"{role} takes no action of the process and could not go on with it.",
        ),
        Text(
            zh="改派给能办理的岗位，或在动作的 by 里写上它。",
            en="Reassign it to a role that acts in the process, or name the role in the `by` of an action.",
        ),
        path=(*path, key),
        subject=subject,
    )


def check_opened(checker: Checker, name: str, item: Item, path: Path, subject: str) -> None:
    """What a clause opens by itself has an entry the system may take."""
    processes = {process.id: process for process in checker.book.handbook.processes}
    if name not in processes:
        checker.unknown("process-unknown", item, name, processes, PROCESSES, path=(*path, "opens"), subject=subject)
    elif not any("system" in action.by for action in processes[name].actions if not action.from_):
        checker.note(
            "process-no-entry",
            item,
            Text(zh=f"“{name}”没有由系统建立的动作。", en=f"{name} has no entry action that the system takes."),
            Text(zh="给一个开始动作写 by: system。", en="Write `by: system` on an entry action."),
            path=(*path, "opens"),
            subject=subject,
        )


def _check_parameter(checker: Checker, reference: Parameter, item: Item, path: Path, subject: str) -> None:
    known = {parameter.id for parameter in checker.book.handbook.parameters}
    if reference.param not in known:
        checker.unknown("parameter-unknown", item, reference.param, known, PARAMETERS, path=path, subject=subject)
    elif path and path[-1] == "within":
        _check_duration(checker, reference.param, item, path, subject)


def _check_duration(checker: Checker, name: str, item: Item, path: Path, subject: str) -> None:
    try:
        value = parse_duration(checker.book.parameter(name))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        checker.note(
            "parameter-no-duration",
            item,
            Text(
                zh=f"参数“{name}”用作时限，但它的值不是时长。",
                en=f"The parameter {name} is used as a limit, but its value is no duration.",
            ),
            Text(
                zh='写成 value: "30m"、"3 working days" 之类。', en='Give it a value such as "30m" or "3 working days".'
            ),
            path=path,
            subject=subject,
        )


def _check_occasion(checker: Checker, name: str, item: Item, path: Path, subject: str) -> None:
    known = {occasion.id for occasion in checker.book.handbook.occasions}
    if name not in known:
        checker.unknown("occasion-unknown", item, name, known, OCCASIONS, path=path, subject=subject)


def _check_clause(checker: Checker, clause: ClauseBase, item: Item) -> None:
    calendars = {calendar.id for calendar in checker.book.handbook.calendars} | {"by_department", "by_holder"}
    calendar = getattr(clause, "calendar", None)
    if calendar is not None and calendar not in calendars:
        checker.unknown("calendar-unknown", item, calendar, calendars, CALENDARS, path=("calendar",), subject=clause.id)
    if isinstance(clause, Gate):
        _check_sent_on(checker, clause, item)
    clauses = {one.id for one in checker.clauses}
    other = clause.limit_of if isinstance(clause, Duty) else None
    if other is not None and other not in clauses:
        checker.unknown("clause-unknown", item, other, clauses, CLAUSES, path=("limit_of",), subject=clause.id)
    rules = clause.extend if isinstance(clause, Deadline) else None
    for key, name in [("after", one) for one in rules.after] + [("under", rules.under)] if rules else []:
        if name is not None and name not in clauses:
            checker.unknown("clause-unknown", item, name, clauses, CLAUSES, path=("extend", key), subject=clause.id)
    for name in clause.overrides if not checker.book.handbook.builds_on else ():
        if name not in clauses:
            checker.unknown("clause-unknown", item, name, clauses, CLAUSES, path=("overrides",), subject=clause.id)
    if isinstance(clause, Wording) and clause.script is not None:
        scripts = {script.id for script in checker.book.handbook.scripts}
        if clause.script not in scripts and clause.ask is None:
            checker.unknown(
                "script-unknown", item, clause.script, scripts, SCRIPTS, path=("script",), subject=clause.id
            )
    if isinstance(clause, Tariff) and clause.quotable_after is not None:
        records = {record.id for record in checker.book.handbook.records}
        if clause.quotable_after not in records:
            checker.unknown(
                "record-unknown",
                item,
                clause.quotable_after,
                records,
                RECORDS,
                path=("quotable_after",),
                subject=clause.id,
            )


def _is_of_talks(gate: Gate) -> bool:
    """Whether it is about conversations alone, which go to queues where cases go to roles."""
    return all(event.startswith(("conversation.", "record.")) for event in gate.on)


def _check_sent_on(checker: Checker, gate: Gate, item: Item) -> None:
    queues = {queue.id for queue in checker.book.handbook.queues}
    for name in gate.send_to:
        if not _is_of_talks(gate):
            _check_receiver(checker, name, item, (), gate.id, "send_to")
        elif name not in queues:
            checker.unknown("queue-unknown", item, name, queues, QUEUES, path=("send_to",), subject=gate.id)


def _check_defaults(checker: Checker) -> None:
    """A parameter that stands for a share of a limit exists and is a number from 1 to 99."""
    item = checker.source.values.get("defaults", Item(None, MANIFEST, 0))
    for reference in checker.book.handbook.defaults.warn:
        if not isinstance(reference, Parameter):
            continue
        value = checker.book.parameters.get(reference.param)
        if reference.param not in checker.book.parameters:
            known = checker.book.parameters
            checker.unknown("parameter-unknown", item, reference.param, known, PARAMETERS, path=("warn",))
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 100:
            checker.note(
                "parameter-no-share",
                item,
                Text(
                    zh=f"参数“{reference.param}”用作提醒的百分比，但它的值不在 1 到 99 之间。",
                    en=f"The parameter {reference.param} is used as a share in percent, but its value is not from 1 to 99.",
                ),
                Text(zh="写成 value: 80 之类。", en="Give it a value such as 80."),
                path=("warn",),
                subject=reference.param,
            )


def _check_parameters(checker: Checker) -> None:
    clauses = {clause.id for clause in checker.clauses} | {
        clause.part_of for clause in checker.clauses if clause.part_of
    }
    for parameter in checker.book.handbook.parameters:
        if parameter.clause is not None and parameter.clause not in clauses:
            item = checker.item("parameters", parameter.id)
            checker.unknown(
                "clause-unknown", item, parameter.clause, clauses, CLAUSES, path=("clause",), subject=parameter.id
            )


def _warn_unused_roles(checker: Checker) -> None:
    used = {name for _, _, model in parts(checker) for _, value in walk(model) for _, name in _roles_in(value)}
    for role in checker.book.handbook.roles:
        if (
            role.id not in used
            and not used & set(role.aliases)
            and role.id not in BUILT_IN_ROLES
            and not role.collective
        ):
            checker.note(
                "role-unused",
                checker.item("roles", role.id),
                Text(
                    zh=f"岗位“{role.title.zh}”没有任何条款、动作或阶段用到。",
                    en=f"No clause, action or stage names the role {role.id}.",
                ),
                Text(zh="写明它做什么，或删去。", en="Say what it does, or delete it."),
                subject=role.id,
                severity="warning",
            )
