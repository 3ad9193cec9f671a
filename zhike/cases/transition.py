"""Where a deed leads: the stage, the department, the holder, the parent's stage, who else is told.

Route clauses decide what actions leave open.
"""

from __future__ import annotations

from typing import Any

from zhike.cases.deed import Deed
from zhike.cases.facts import Facts
from zhike.cases.holders import audience_of, principals_for, turn_of
from zhike.cases.titles import AND, SIGN
from zhike.handbook.conditions import holds
from zhike.handbook.decide import Decision, decide
from zhike.handbook.decision import Undecided
from zhike.handbook.structure import FieldDef
from zhike.journal.statements import row
from zhike.org.models import Assignment, Department, Staff
from zhike.org.principals import department_at

BY_ID = "WHERE id = %s"
YIELDS = ("stage", "holder", "department", "parent_stage", "recipients", "agent")


def route(deed: Deed) -> dict[str, Decision]:
    """What the route clauses on this action yield, by what they yield. Each decision is kept with the deed."""
    facts = deed.facts()
    found: dict[str, Decision] = {}
    if deed.book.speaking_of("route", deed.process.id, deed.event):
        for yields in YIELDS:
            decision = decide(deed.book, "route", facts, on=deed.event, process=deed.process.id, yields=yields)
            if decision is not None:
                found[yields] = decision
                deed.decisions.append(decision)
    return found


def move(deed: Deed, routes: dict[str, Decision]) -> None:
    """Change the case row (in memory): department, stage, status, round, holders, audience; note the events that came about."""
    case, action = deed.case, deed.action
    _set_department(deed, routes.get("department"))
    target = _first(routes.get("stage")) or _branch(deed) or action.to or case.stage
    deed.stage_before = case.stage
    holder = routes.get("holder")
    if action.new_round:
        case.round += 1
    if holder or action.new_round or target != case.stage:
        case.given_to = []
    deed.happened += [deed.event, *deed.of_the_form()]
    if target != case.stage:
        _enter(deed, target)
    _take(deed)
    case.holders = principals_for(case, deed.book, _names(holder) or turn_of(case, deed.book))
    if deed.viewer.staff is not None and deed.viewer.principal not in case.audience:
        case.audience = [*case.audience, deed.viewer.principal]
    case.audience = audience_of(case, deed.book)


def _branch(deed: Deed) -> str | None:
    """The first branch of the action whose facts hold."""
    if not deed.action.branches:
        return None
    facts = deed.facts()
    return next((branch.to for branch in deed.action.branches if holds(branch.when, facts)), None)


def _enter(deed: Deed, target: str) -> None:
    case = deed.case
    if deed.opening:
        deed.happened.insert(0, "case.opened")
    else:
        deed.happened.append(f"stage.{case.stage}.left")
    case.stage = target
    deed.happened.append(f"stage.{target}.entered")
    final = deed.book.stage(case.process, target).final
    if final and case.status != case.Status.CLOSED:
        case.status, case.closed_at = case.Status.CLOSED, deed.now
        deed.happened.append("case.closed")
    elif not final and case.status == case.Status.CLOSED:
        case.status, case.closed_at = case.Status.OPEN, None
        deed.happened.append("case.reopened")


def _take(deed: Deed) -> None:
    """The actor becomes the owner where the action says so, or when a member of staff opens the case."""
    case, staff = deed.case, deed.viewer.staff
    if deed.action.owner_from and deed.values.get(deed.action.owner_from):
        named = Staff.objects.get(pk=deed.values[deed.action.owner_from])
        case.owner, case.owner_role = named, role_in_case(deed, named)
        return
    if staff is None or not (deed.action.takes or (deed.opening and case.owner_id is None)):
        return
    case.owner = staff
    case.owner_role = next((role for role in deed.action.by if deed.viewer.in_role(deed.book.name, role)), "")


def role_in_case(deed: Deed, staff: Staff) -> str:
    """The role in which somebody would own the case: of those he holds the first that acts where it then stands; "" for none."""
    held = set(Assignment.objects.filter(staff=staff, handbook=deed.book.name).values_list("role", flat=True))
    coming = deed.book.actions_from(deed.process.id, deed.case.stage) if deed.case.stage else ()
    acting = [role for action in coming for role in action.by]
    return next((role for role in (*acting, *sorted(held)) if role in held), "")


def closes(deed: Deed) -> bool:
    """Whether the deed would lead to a final stage, before anything is done."""
    try:
        decision = decide(
            deed.book, "route", deed.facts(), on=deed.event, process=deed.process.id, yields="stage"
        )  # fmt: skip
    except Undecided:
        return False
    target = _first(decision) or _branch(deed) or deed.action.to
    return target is not None and deed.book.stage(deed.process.id, target).final


def _set_department(deed: Deed, decision: Decision | None) -> None:
    """The department the form names; none where the form has the field and it was left empty."""
    if deed.action.department_from:
        named = deed.values.get(deed.action.department_from)
        deed.case.department = row(Department, BY_ID, [named]) if named else None
    kind = _first(decision)
    if kind and deed.case.department is not None:
        found = department_at(deed.case.department, kind)
        if found and found != deed.case.department_id:
            deed.case.department = row(Department, BY_ID, [found])


def _names(decision: Decision | None) -> tuple[str, ...]:
    if decision is None:
        return ()
    value = decision.value
    return (value,) if isinstance(value, str) else tuple(value)


def _first(decision: Decision | None) -> str | None:
    return next(iter(_names(decision)), None)


def summary(deed: Deed, facts: Facts) -> str:
    """The title of the case: its summary fields in Chinese, shortened to 200 characters."""
    record = deed.book.record(deed.process.record)
    texts: list[str] = []
    by_id = {f.id: f for f in record.fields}
    for name in deed.process.summary:
        value = facts.get(name)
        if value in (None, "", []):
            continue
        known = by_id.get(name.rpartition(".")[2])
        texts.append(_shown(deed, known, value))
    return (SIGN.join(texts) or deed.process.title.zh)[:200]


def _shown(deed: Deed, known: FieldDef | None, value: Any) -> str:
    if known is None:
        return " ".join(str(value).split())
    if known.type == "department":
        place = deed.case.department
        found = place if place and place.pk == value else row(Department, BY_ID, [value])
        return found.name if found else str(value)
    titles = {c.id: c.title.zh for c in deed.book.choices(known)} if known.type in ("enum", "multi") else {}
    several = value if isinstance(value, list | tuple) else [value]
    return AND.join(" ".join(str(titles.get(str(one), one)).split()) for one in several)
