"""One answer for every question: no two clauses match the same facts, and no facts are left without one."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, islice, product

from zhike.handbook.check.facts import domain_of, known_facts
from zhike.handbook.check.fields import form_of
from zhike.handbook.check.findings import Checker
from zhike.handbook.clauses import Clause, Deadline, Gate, Route, Tariff
from zhike.handbook.common import Scalar, Text, When
from zhike.handbook.conditions import holds, may_overlap
from zhike.handbook.structure import Action, FieldDef, Process

Question = tuple[str, ...]
LARGEST_TABLE = 20_000
"""Combinations of choices that are tried when coverage is checked."""


def check_answers(checker: Checker) -> None:
    groups: dict[Question, list[Clause]] = defaultdict(list)
    for clause in checker.book.clauses():
        for question in _questions(checker, clause):
            groups[question].append(clause)
    noted: set[frozenset[str]] = set()
    for question, clauses in groups.items():
        for one, other in combinations(clauses, 2):
            pair = frozenset({one.id, other.id})
            if pair not in noted and not _told_apart(one, other):
                _check_pair(checker, one, other, question, noted, pair)
    for process in checker.book.handbook.processes:
        for action in process.actions:
            _check_coverage(checker, process, action)


def _questions(checker: Checker, clause: Clause) -> list[Question]:
    """What a clause answers; two clauses with a question in common must not match the same facts."""
    process = checker.book.process_of(clause) or "*"
    match clause:
        case Route():
            return [("route", process, event, clause.yields) for event in clause.on]
        case Tariff():
            return [("tariff", process, clause.on or "*", clause.yields)]
        case Deadline():
            ends = ",".join(sorted({*clause.until, *clause.until_all}))
            holder = ",".join(sorted(clause.holder))
            counted = f"{clause.since_fact or ''}/{clause.before or ''}"
            return [("deadline", process, event, ends, holder, counted) for event in clause.starts]
        case _:
            return []


def _told_apart(one: Clause, other: Clause) -> bool:
    if one.id in (*other.overrides, *other.yields_to) or other.id in (*one.overrides, *one.yields_to):
        return True
    if isinstance(one, Route) and isinstance(other, Route) and one.precedence != other.precedence:
        return True
    if isinstance(one, Deadline) and isinstance(other, Deadline):
        return one.until_when != other.until_when
    return False


def _check_pair(
    checker: Checker, one: Clause, other: Clause, question: Question, noted: set[frozenset[str]], pair: frozenset[str]
) -> None:
    domains = _domains(checker, one, question)
    example = may_overlap(one.when, other.when, domains)
    if example is None:
        return
    noted.add(pair)
    facts = ", ".join(f"{name}={value}" for name, value in example.items())
    item = checker.item("clauses", one.id)
    place = f"{item.file}:{item.line}"
    what = question[2]
    checker.note_clause(
        "two-answers",
        other,
        Text(
            zh=f"与 {one.id}（{place}）对“{what}”同时作答" + (f"，例如 {facts}。" if facts else "。"),
            en=f"It answers {what} together with {one.id} ({place})"
            + (f", for example when {facts}." if facts else "."),
        ),
        Text(
            zh="用 when 把两条分开，或用 overrides、precedence 写明哪条优先。",
            en="Tell the two apart with `when`, or say which goes first with `overrides` or `precedence`.",
        ),
    )


def _domains(checker: Checker, clause: Clause, question: Question) -> dict[str, frozenset[Scalar]]:
    known = _facts_at(checker, clause, question[2])
    found: dict[str, frozenset[Scalar]] = {}
    for name in known:
        domain = domain_of(checker, name, known)
        if domain is not None:
            found[name] = domain | {None}
    return found


def _facts_at(checker: Checker, clause: Clause, event: str) -> dict[str, FieldDef | None]:
    process = next((p for p in checker.book.handbook.processes if p.id == checker.book.process_of(clause)), None)
    action = next((a for a in process.actions if f"action.{a.id}" == event), None) if process else None
    return known_facts(checker, process, action)


def _check_coverage(checker: Checker, process: Process, action: Action) -> None:
    """An action without a next stage of its own must find one in the route clauses, whatever is chosen on the form."""
    if action.to is not None:
        return
    event = f"action.{action.id}"
    routes = [
        clause
        for clause in checker.book.speaking_of("route", process.id, event)
        if isinstance(clause, Route) and clause.yields == "stage"
    ]
    whens = [clause.when for clause in routes] + [branch.when for branch in action.branches]
    if not whens:
        if not action.from_:
            _note_no_stage(checker, process, action)
        return
    if any(not when for when in whens):
        return
    gap = _gap(checker, process, action, whens)
    if gap is not None:
        _note_gap(checker, process, action, routes, gap)


def _gap(checker: Checker, process: Process, action: Action, whens: list[When]) -> dict[str, Scalar] | None:
    """A combination of facts for which no condition holds; `{}` where the facts cannot be listed at all."""
    known = known_facts(checker, process, action)
    names = sorted({name for when in whens for name in when})
    domains: list[list[Scalar]] = []
    for name in names:
        domain = domain_of(checker, name, known)
        if domain is None:
            return {}
        domains.append(sorted(domain, key=str) + ([] if _is_always_given(checker, process, action, name) else [None]))
    for values in islice(product(*domains), LARGEST_TABLE):
        facts = dict(zip(names, values, strict=True))
        if not any(holds(when, facts) for when in whens):
            return facts
    return None


def _is_always_given(checker: Checker, process: Process, action: Action, name: str) -> bool:
    """Whether the fact has a value whenever the action is taken: required on its form, asked for by a gate, or not on
    it at all.
    """
    field = form_of(checker, action).get(name)
    if field is None or field.required or field.default is not None or field.computed is not None:
        return True
    gates = checker.book.speaking_of("gate", process.id, f"action.{action.id}")
    if any(isinstance(gate, Gate) and not gate.when and name in gate.requires.fields for gate in gates):
        return True
    captured = checker.book.speaking_of("measure", process.id, f"action.{action.id}")
    return any(getattr(measure, "capture", None) and measure.capture.field == name for measure in captured)  # type: ignore[union-attr]


def _note_no_stage(checker: Checker, process: Process, action: Action) -> None:
    checker.note(
        "action-no-stage",
        checker.item("processes", process.id),
        Text(
            zh=f"动作“{action.title.zh}”开始一件工单，但没有写明到哪个阶段。",
            en=f"The action {action.id} opens a case but leads to no stage.",
        ),
        Text(zh="写 to: <阶段>，或写一条流转条款。", en="Write `to: <stage>`, or a route clause on it."),
        path=("actions", process.actions.index(action)),
        subject=process.id,
    )


def _note_gap(checker: Checker, process: Process, action: Action, routes: list[Route], gap: dict[str, Scalar]) -> None:
    ids = ", ".join(clause.id for clause in routes) or "branches"
    facts = ", ".join(f"{name}={'-' if value is None else value}" for name, value in gap.items())
    where = (
        Text(zh=f"例如 {facts} 时", en=f"for example when {facts}")
        if facts
        else Text(zh="条件不成立时", en="when their conditions fail")
    )
    checker.note(
        "no-answer",
        checker.item("clauses", routes[0].id) if routes else checker.item("processes", process.id),
        Text(
            zh=f"动作“{action.title.zh}”由 {ids} 决定去处，{where.zh}没有一条适用。",
            en=f"{ids} decide where the action {action.id} leads; {where.en} none applies.",
        ),
        Text(
            zh="补一条流转，或给这个动作写 to: <阶段>。",
            en="Add a route for the rest, or give the action a `to: <stage>`.",
        ),
        subject=routes[0].id if routes else process.id,
    )
