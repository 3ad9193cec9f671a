"""What a deed sets off beside its own case: a child that is opened, a parent that moves, people who are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhike.cases import effects, written
from zhike.cases.deed import Deed
from zhike.cases.events import CaseMoved
from zhike.cases.holders import audience_of, may_act, principals_for, turn_of
from zhike.cases.limits import apply_limits
from zhike.cases.models import Case
from zhike.cases.sight import who_sees
from zhike.handbook.clauses import Route
from zhike.handbook.common import Text
from zhike.handbook.decide import Decision
from zhike.notices.actions import Tell, tell

NOBODY = Text(
    zh="{number} 按“{title}”到了“{stage}”，现在没有人能接。请安排人手。",
    en="{number} has come to “{stage}” by “{title}”, and nobody there can take it. Please find somebody.",
)


def follow(deed: Deed, routes: Mapping[str, Decision]) -> None:
    """Move the parent, tell whom a route or the action names."""
    _move_parent(deed, routes.get("parent_stage"))
    _tell_recipients(deed, routes)
    _follow_lack(deed, routes)
    if deed.action.notify:
        facts = deed.facts()
        effects.carry_out(deed.action.notify, deed.case, deed.book, facts=facts, at=deed.now, holders=[], held_as=[])


def child_of(deed: Deed) -> tuple[Deed, dict[str, Any]] | None:
    """The deed that opens the child the action asks for, with the values copied into its form; None when it opens none.

    It runs in the same transaction: when a clause refuses the child, the whole deed is refused.
    """
    child = deed.action.opens
    if child is None:
        return None
    facts = deed.facts()
    values = {
        target: facts.get(source) for target, source in child.copy_fields.items() if facts.get(source) is not None
    }
    case = Case(
        handbook_version=deed.case.handbook_version, handbook=deed.book.name, process=child.process, parent=deed.case,
        customer=deed.case.customer, department=deed.case.department, source=deed.case.source, opened_at=deed.now,
        updated_at=deed.now, is_sample=deed.case.is_sample, version=0,
    )  # fmt: skip
    action = deed.book.action(child.process, child.action)
    process = deed.book.process(child.process)
    opening = Deed(
        case, deed.book, deed.version_id, process, action, deed.viewer, deed.now, opening=True, copied=frozenset(values)
    )
    return opening, values


def _move_parent(deed: Deed, decision: Decision | None) -> None:
    """A route that yields `parent_stage`, or an action's `parent`, moves the parent's case to that stage."""
    target = (
        str(decision.value if isinstance(decision.value, str) else decision.value[0])
        if decision
        else deed.action.parent
    )
    if target is None or deed.case.parent_id is None:
        return
    parent = (
        Case.objects.select_for_update(of=("self",)).select_related("department", "parent").get(pk=deed.case.parent_id)
    )
    if parent.stage == target or parent.merged_into_id is not None:
        return
    moved = Deed(
        parent, deed.book, deed.version_id, deed.book.process(parent.process), deed.action, deed.viewer, deed.now
    )
    _go(moved, target, deed, (decision.clause_id,) if decision else ())


def _go(moved: Deed, target: str, cause: Deed, clauses: tuple[str, ...]) -> None:
    case, before = moved.case, moved.case.stage
    stage = moved.book.stage(case.process, target)
    moved.happened += [f"stage.{before}.left", f"stage.{target}.entered"]
    case.stage, case.given_to, case.version, case.updated_at = target, [], case.version + 1, cause.now
    if stage.final:
        case.status, case.closed_at = Case.Status.CLOSED, cause.now
        moved.happened.append("case.closed")
    elif case.status == Case.Status.CLOSED:
        case.status, case.closed_at = Case.Status.OPEN, None
    case.holders = principals_for(case, moved.book, stage.holder)
    case.audience = audience_of(case, moved.book)
    case.save(
        update_fields=["stage", "status", "closed_at", "version", "updated_at", "holders", "given_to", "audience"]
    )
    apply_limits(moved)
    event = CaseMoved(number=case.number, stage_before=before, stage=target, because_of=cause.case.number)
    written.write_move(case, event, at=cause.now, actor=cause.viewer.principal, clauses=clauses)


def _tell_recipients(deed: Deed, routes: Mapping[str, Decision]) -> None:
    """Those a `recipients` route names, and those a route clause notifies, hear that the case has arrived."""
    notices = [
        notice for yields, decision in routes.items() if (notice := _arrival(deed, yields, decision)) is not None
    ]
    if notices:
        tell(notices)


def _follow_lack(deed: Deed, routes: Mapping[str, Decision]) -> None:
    """What a route clause says follows where nobody is in the roles to which it leads (`otherwise`)."""
    case, book = deed.case, deed.book
    for yields, decision in routes.items():
        clause = book.clause(decision.clause_id)
        if not isinstance(clause, Route) or not clause.otherwise:
            continue
        if who_sees(may_act(case, book, decision.value) if yields == "recipients" else case.holders, most=1):
            continue
        stage = book.stage(case.process, case.stage).title
        words = Text(
            zh=NOBODY.zh.format(number=case.number, stage=stage.zh, title=clause.title.zh),
            en=NOBODY.say("en").format(number=case.number, stage=stage.say("en"), title=clause.title.say("en")),
        )
        effects.carry_out(
            clause.otherwise, case, book, facts=deed.facts(), at=deed.now, holders=[], held_as=turn_of(case, book),
            clause=clause.id, words=words,
        )  # fmt: skip


def _arrival(deed: Deed, yields: str, decision: Decision) -> Tell | None:
    clause = deed.book.clause(decision.clause_id)
    roles = [*(decision.value if yields == "recipients" else ()), *(clause.notify if isinstance(clause, Route) else ())]
    if not roles:
        return None
    stage = deed.book.stage(deed.case.process, deed.case.stage).title
    words = Text(
        zh=f"{deed.case.number} 已到“{stage.zh}”，请处理。",
        en=f"{deed.case.number} has reached “{stage.say('en')}”; please act.",
    )
    to = may_act(deed.case, deed.book, roles)
    return Tell(
        at=deed.now, to=to, kind="arrived", clause=clause.id, handbook=deed.book.name, subject=deed.subject, words=words
    )  # fmt: skip
