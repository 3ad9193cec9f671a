"""Processes: every stage can be reached and left, every name in them exists, every event a clause names can happen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zhike.handbook.catalogue import EVENTS
from zhike.handbook.check.findings import (
    ACTIONS,
    CLAUSES,
    DEPARTMENTS,
    PROCESSES,
    QUEUES,
    RECORDS,
    STAGES,
    Checker,
    Path,
)
from zhike.handbook.check.findings import EVENTS as EVENT_WORDS
from zhike.handbook.check.tiers import tiers_of
from zhike.handbook.clauses import Clause, Deadline, Duty, Route, Sanction
from zhike.handbook.common import Text
from zhike.handbook.problems import suggest
from zhike.handbook.source import Item
from zhike.handbook.structure import Action, Process, Stage

Edge = tuple[str, str]


def check_processes(checker: Checker) -> None:
    sound = True
    for process in checker.book.handbook.processes:
        sound &= _check_process_names(checker, process)
    for clause in checker.clauses:
        _check_events(checker, clause)
        if isinstance(clause, Route):
            sound &= _check_route(checker, clause)
    if sound:
        for process in checker.book.handbook.processes:
            _check_ways(checker, process)


# Names


def _check_process_names(checker: Checker, process: Process) -> bool:
    item = checker.item("processes", process.id)
    before = len(checker.findings.errors)
    records = {record.id for record in checker.book.handbook.records}
    processes = {one.id for one in checker.book.handbook.processes}
    if process.record not in records:
        checker.unknown("record-unknown", item, process.record, records, RECORDS, path=("record",), subject=process.id)
    if process.related is not None and process.related not in processes:
        checker.unknown(
            "process-unknown", item, process.related, processes, PROCESSES, path=("related",), subject=process.id
        )
    for index, action in enumerate(process.actions):
        _check_action(checker, process, action, item, ("actions", index), records)
    return len(checker.findings.errors) == before


def _check_action(
    checker: Checker, process: Process, action: Action, item: Item, path: Path, records: set[str]
) -> None:
    stages = {stage.id for stage in process.stages}
    targets = [("to", action.to), *(("branches", branch.to) for branch in action.branches)]
    for key, name in [*targets, *(("from", name) for name in action.from_ if name != "*")]:
        if name is not None and name not in stages:
            checker.unknown("stage-unknown", item, name, stages, STAGES, path=(*path, key), subject=process.id)
    if action.record is not None and action.record not in records:
        checker.unknown(
            "record-unknown", item, action.record, records, RECORDS, path=(*path, "record"), subject=process.id
        )
    if action.opens is not None:
        _check_child(checker, process, action, item, (*path, "opens"))
    if action.parent is not None and action.parent not in _names_in_parent(checker, process):
        known = _names_in_parent(checker, process)
        checker.unknown("stage-unknown", item, action.parent, known, STAGES, path=(*path, "parent"), subject=process.id)


def _names_in_parent(checker: Checker, process: Process) -> set[str]:
    parent = next((one for one in checker.book.handbook.processes if one.id == process.related), None)
    return {stage.id for stage in parent.stages} if parent else set()


def _check_child(checker: Checker, process: Process, action: Action, item: Item, path: Path) -> None:
    assert action.opens is not None
    processes = {one.id: one for one in checker.book.handbook.processes}
    child = processes.get(action.opens.process)
    if child is None:
        checker.unknown(
            "process-unknown",
            item,
            action.opens.process,
            processes,
            PROCESSES,
            path=(*path, "process"),
            subject=process.id,
        )
        return
    entries = {one.id for one in child.actions if not one.from_}
    if action.opens.action not in entries:
        checker.unknown(
            "action-unknown", item, action.opens.action, entries, ACTIONS, path=(*path, "action"), subject=process.id
        )


def _check_route(checker: Checker, clause: Route) -> bool:
    """The target of a route exists; roles are checked elsewhere."""
    targets = [(("to",), name) for name in clause.to] + [(("other",), name) for name in clause.other]
    targets += [(("table", row), name) for row, names in clause.table.items() for name in names]  # type: ignore[misc]
    if (
        not targets
        and clause.to_fact is None
        and clause.strategy is None
        and not clause.notify
        and clause.yields != "agent"
    ):
        checker.note_clause(
            "route-nowhere",
            clause,
            Text(zh="这条流转没有写明去哪里。", en="This route does not say where to."),
            Text(zh="写 to、table 或 strategy。", en="Write `to`, `table` or `strategy`."),
        )
    found = _targets(checker, clause)
    if found is None:
        return True
    known, what = found
    unknown = [(path, name) for path, name in targets if name not in known]
    for path, name in unknown:
        checker.unknown(
            "target-unknown", checker.item("clauses", clause.id), name, known, what, path=path, subject=clause.id
        )
    return not unknown


def _targets(checker: Checker, clause: Route) -> tuple[set[str], Text] | None:
    book = checker.book.handbook
    process = next((one for one in book.processes if one.id == checker.book.process_of(clause)), None)
    match clause.yields:
        case "stage" if process is not None:
            return {stage.id for stage in process.stages}, STAGES
        case "parent_stage" if process is not None:
            return _names_in_parent(checker, process), STAGES
        case "department":
            return {kind.id for kind in book.departments}, DEPARTMENTS
        case "process":
            return {one.id for one in book.processes}, PROCESSES
        case "queue":
            return {queue.id for queue in book.queues}, QUEUES
        case _:
            return None


# Events


def events_of(clause: Clause) -> Iterator[tuple[Path, str]]:
    """Every event a clause names, with the key it stands under."""
    keys = ("starts", "until", "until_all", "pauses", "resumes", "voids", "owes", "blocks", "on")
    for key in keys:
        value = getattr(clause, key, ())
        names = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
        yield from (((key,), name) for name in names)
    if isinstance(clause, Deadline | Duty):
        due = clause.due
        yield from ((("due", "event"), name) for name in ((due.event,) if due and due.event else ()))
    if isinstance(clause, Deadline) and clause.cap:
        yield from ((("cap", "starts"), name) for name in clause.cap.starts)
    if isinstance(clause, Deadline) and clause.extend:
        yield from ((("extend", "asks"), name) for name in clause.extend.asks)
        yield from ((("extend", "agrees"), name) for name in clause.extend.agrees)
    if isinstance(clause, Sanction):
        yield from (((*path, "starts"), name) for path, tier in tiers_of(clause) for name in tier.starts)


def _check_events(checker: Checker, clause: Clause) -> None:
    item = checker.item("clauses", clause.id)
    processes = {process.id for process in checker.book.handbook.processes}
    if clause.process is not None and clause.process not in processes:
        checker.unknown(
            "process-unknown", item, clause.process, processes, PROCESSES, path=("process",), subject=clause.id
        )
        return
    for path, event in events_of(clause):
        family, _, rest = event.partition(".")
        if family not in EVENTS or not rest:
            checker.unknown("event-unknown", item, event, _examples(checker), EVENT_WORDS, path=path, subject=clause.id)
        elif family in ("action", "stage", "case"):
            _check_process_event(checker, clause, event, item, path)
        else:
            _check_other_event(checker, clause, family, rest, item, path)


def _check_process_event(checker: Checker, clause: Clause, event: str, item: Item, path: Path) -> None:
    chosen = [one for one in checker.book.handbook.processes if clause.process in (None, one.id)]
    known = {name for process in chosen for name in _events_in(process)}
    if event not in known:
        checker.unknown("event-unknown", item, event, known, EVENT_WORDS, path=path, subject=clause.id)
        return
    having = [process.id for process in chosen if event in _events_in(process)]
    if clause.process is None and len(having) > 1 and checker.book.process_of(clause) is None:
        checker.note_clause(
            "process-missing",
            clause,
            Text(
                zh=f"“{event}”在几个流程里都有：{'、'.join(having)}。",
                en=f"{event} exists in several processes: {', '.join(having)}.",
            ),
            Text(zh="用 process: 写明是哪一个。", en="Say which one with `process:`."),
            path,
        )


def _events_in(process: Process) -> set[str]:
    stages = {f"stage.{stage.id}.{what}" for stage in process.stages for what in ("entered", "left")}
    return stages | {f"action.{action.id}" for action in process.actions} | {f"case.{what}" for what in EVENTS["case"]}


def _check_other_event(checker: Checker, clause: Clause, family: str, rest: str, item: Item, path: Path) -> None:
    name, _, what = rest.rpartition(".") if family in ("clock", "duty", "record") else (rest, "", "")
    if family in ("clock", "duty"):
        known = {f"{one.id}" for one in checker.clauses if isinstance(one, Deadline if family == "clock" else Duty)}
        if name not in known:
            checker.unknown("clause-unknown", item, name or rest, known, CLAUSES, path=path, subject=clause.id)
    if family in ("record", "lookup"):
        known = {record.id for record in checker.book.handbook.records}
        if name not in known:
            checker.unknown("record-unknown", item, name or rest, known, RECORDS, path=path, subject=clause.id)
    forms = EVENTS[family]
    if (
        "*" not in forms
        and family != "finding"
        and family != "lookup"
        and not any(form.endswith(what or rest) for form in forms)
    ):
        shown = [f"{family}.{form}" for form in forms]
        checker.note_clause(
            "event-unknown",
            clause,
            Text(zh=f"没有“{family}.{rest}”这个事件。", en=f"There is no event {family}.{rest}."),
            suggest(f"{family}.{rest}", shown, EVENT_WORDS),
            path,
        )


def _examples(checker: Checker) -> set[str]:
    found = {name for process in checker.book.handbook.processes for name in _events_in(process)}
    return found or {"case.opened", "case.closed"}


# Ways through a process


def _check_ways(checker: Checker, process: Process) -> None:
    entered, edges = _edges(checker, process)
    if not entered:
        checker.note(
            "process-no-entry",
            checker.item("processes", process.id),
            Text(
                zh=f"流程“{process.title.zh}”没有开始的动作。",
                en=f"No action opens a case of the process {process.id}.",
            ),
            Text(zh="写一个没有 from 的动作，并写明 to。", en="Write an action without `from` that says its `to`."),
            subject=process.id,
        )
        return
    reached = _closure(entered, edges)
    for index, stage in enumerate(process.stages):
        if stage.id not in reached:
            _note_stage(checker, process, index, *_unreached(stage))
        if not stage.final:
            _check_way_out(checker, process, index, stage, edges)


def _check_way_out(checker: Checker, process: Process, index: int, stage: Stage, edges: set[Edge]) -> None:
    beyond = _closure({stage.id}, edges)
    if beyond == {stage.id}:
        _note_stage(checker, process, index, *_no_way_out(stage))
    elif not beyond & {one.id for one in process.stages if one.final}:
        _note_stage(checker, process, index, *_no_end(stage))


Finding = tuple[str, Text, Text]


def _unreached(stage: Stage) -> Finding:
    return (
        "stage-unreached",
        Text(zh=f"没有动作或流转通到阶段“{stage.title.zh}”。", en=f"No action or route leads to the stage {stage.id}."),
        Text(
            zh="在某个动作的 to、branches 或流转条款里写上它，或删去。",
            en="Name it in the `to` or `branches` of an action or in a route, or delete it.",
        ),
    )


def _no_way_out(stage: Stage) -> Finding:
    return (
        "stage-no-way-out",
        Text(zh=f"阶段“{stage.title.zh}”没有出路。", en=f"Nothing leads out of the stage {stage.id}."),
        Text(
            zh="写一个从这里出发、通到别处的动作；真的结束了就写 final: true。",
            en="Write an action from here to somewhere else; if it is the end, say `final: true`.",
        ),
    )


def _no_end(stage: Stage) -> Finding:
    return (
        "process-no-end",
        Text(
            zh=f"从阶段“{stage.title.zh}”走不到任何结束。",
            en=f"From the stage {stage.id} no final stage can be reached.",
        ),
        Text(zh="让某条路通到一个 final: true 的阶段。", en="Let some way lead to a stage with `final: true`."),
    )


def _note_stage(checker: Checker, process: Process, index: int, code: str, message: Text, remedy: Text) -> None:
    item = checker.item("processes", process.id)
    checker.note(code, item, message, remedy, path=("stages", index), subject=process.id)


def _edges(checker: Checker, process: Process) -> tuple[set[str], set[Edge]]:
    """(stages a new case may stand at, moves from stage to stage)."""
    routes = _routed(checker, process)
    entered: set[str] = set()
    edges: set[Edge] = set()
    everywhere = [stage.id for stage in process.stages if not stage.final]
    for action in process.actions:
        targets = {name for name in (action.to, *(branch.to for branch in action.branches)) if name}
        targets |= routes.get(f"action.{action.id}", set())
        if not action.from_:
            entered |= targets
        sources = everywhere if "*" in action.from_ else action.from_
        edges |= {(source, target) for source in sources for target in targets}
    for target in _moved_by_children(checker, process):
        edges |= {(source, target) for source in everywhere}
    for event, targets in routes.items():
        if not event.startswith("action."):
            edges |= {(source, target) for source in everywhere for target in targets}
    return entered, edges


def _routed(checker: Checker, process: Process) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for clause in checker.book.clauses("route"):
        if isinstance(clause, Route) and clause.yields == "stage" and checker.book.process_of(clause) == process.id:
            for event in clause.on:
                found.setdefault(event, set()).update(_all_targets(clause))
    return found


def _all_targets(clause: Route) -> Iterable[str]:
    return (*clause.to, *clause.other, *(name for names in clause.table.values() for name in names))


def _moved_by_children(checker: Checker, process: Process) -> set[str]:
    """Stages into which another process moves a case of this one."""
    children = [one for one in checker.book.handbook.processes if one.related == process.id]
    found = {action.parent for child in children for action in child.actions if action.parent}
    for clause in checker.book.clauses("route"):
        from_child = checker.book.process_of(clause) in {child.id for child in children}
        if isinstance(clause, Route) and clause.yields == "parent_stage" and from_child:
            found.update(_all_targets(clause))
    return found


def _closure(begin: set[str], edges: set[Edge]) -> set[str]:
    reached, fresh = set(begin), set(begin)
    while fresh:
        fresh = {target for source, target in edges if source in fresh} - reached
        reached |= fresh
    return reached
