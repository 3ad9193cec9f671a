"""May this viewer take this action now? Roles and stages; clauses are asked afterwards."""

from __future__ import annotations

from typing import Any

from zhike.cases.deed import Deed
from zhike.cases.drafts import nothing_to_decide
from zhike.cases.facts import Facts
from zhike.cases.holders import may_act, superiors_of
from zhike.cases.models import Case
from zhike.cases.refusals import NotYours, Reason, Unreadable
from zhike.cases.standing_in import stands_in
from zhike.handbook.book import Book
from zhike.handbook.clauses import Gate
from zhike.handbook.common import Names, Text
from zhike.handbook.conditions import holds
from zhike.handbook.gates import scoped
from zhike.handbook.structure import Action
from zhike.org.models import Assignment
from zhike.org.principals import Viewer, resolve, staff_key
from zhike.records.completeness import words_of_lacking
from zhike.records.words import NOT_FOUND

REACHED = ("department", "staff", "record", "customer", "case")
"""Types of fields that point to something of the house."""

LATER = frozenset({"today", "weekday", "hour", "now", "actor.on_shift", "actor.persons", "case.owner_on_shift"})
"""Facts of the moment of a deed, and of who is there then: what a clause asks of them is seen when somebody acts."""

MERGED = Text(
    zh="这张工单已并入另一张，请到主单上办理。", en="This case was merged into another; go on with the one that leads."
)


EMPTIED = Text(
    zh="这张工单的内容已按保存期限删除，不能再办理。",
    en="The contents of this case were deleted when their time of keeping was over; nothing more can be done with it.",
)


def over(case: Case) -> Reason | None:
    """Why nothing is done with the case any more: it goes on elsewhere, or its contents are gone, by the clause named."""
    if case.merged_into_id is not None:
        return Reason(MERGED)
    return Reason(EMPTIED, case.emptied_by) if case.emptied_at is not None else None


def check_allowed(deed: Deed) -> None:
    """Raises NotYours when the stage, the state of the case or the viewer's roles do not offer the action."""
    reason = why_not(deed.case, deed.book, deed.action, deed.viewer, opening=deed.opening)
    if reason is not None:
        raise NotYours([reason])
    if deed.action.when and not holds(deed.action.when, deed.facts({})):
        raise NotYours([Reason(_text(deed.action, "现在还不能办理", "is not offered in this situation"))])


def why_not(case: Case, book: Book, action: Action, viewer: Viewer, *, opening: bool = False) -> Reason | None:
    """The reason `viewer` cannot take `action` now, None when he can."""
    if (ended := over(case)) is not None:
        return ended
    if not opening and not at_this_stage(case, book, action):
        stage = book.stage(case.process, case.stage).title
        return Reason(
            Text(
                zh=f"工单现在处于“{stage.zh}”，不能办理“{action.title.zh}”。",
                en=f"At stage “{stage.say('en')}” the action “{action.title.say('en')}” is not taken.",
            )
        )
    if opening and action.from_:
        return Reason(_text(action, "不是新建工单的动作", "does not open a case"))
    if not in_roles(None if opening else case, book, action.by, viewer):
        roles = "、".join(book.role(r).title.zh for r in action.by if r != "owner")
        names = ", ".join(book.role(r).title.say("en") for r in action.by if r != "owner")
        return Reason(
            Text(
                zh=f"“{action.title.zh}”由{roles or '经办人'}办理。",
                en=f"“{action.title.say('en')}” is for: {names or 'the owner'}.",
            )
        )
    return None


def forbidden_by(case: Case, book: Book, action: Action, facts: Facts) -> Reason | None:
    """The clause that refuses the action whatever is typed into its form, because a fact of the case stands against it:
    a gate, or a sanction of which there is no draft to decide.
    """
    typed = {f.id for f in book.record(action.record).fields} if action.record else set()
    for clause in book.speaking_of("gate", case.process, f"action.{action.id}"):
        if not isinstance(clause, Gate):
            continue
        asks = {*clause.when, *clause.requires.facts, clause.scope}
        if not typed.isdisjoint(asks) or f"record.{action.record}.complete" in asks:
            continue
        if not LATER.isdisjoint(asks):
            continue
        if holds(clause.when, facts) and not holds(clause.requires.facts, scoped(clause, facts)):
            more = words_of_lacking(book, case.data, clause.requires.facts)
            return Reason(clause.refuse.followed_by(more) if more else clause.refuse, clause.id)
    named = (*action.confirms, *action.revokes)
    if not named or any(facts.get(f"sanction.{name}.open") for name in named):
        return None
    if any(facts.get(f"sanction.{name}.confirmed") for name in action.revokes):
        return None
    return Reason(nothing_to_decide(book.clause(named[0]).title), named[0])


def at_this_stage(case: Case, book: Book, action: Action) -> bool:
    if action.from_ == ("*",):
        return not book.stage(case.process, case.stage).final
    return case.stage in action.from_


def in_roles(case: Case | None, book: Book, roles: Names, viewer: Viewer) -> bool:
    """Whether `viewer` acts in one of `roles` on this case, or in the place of somebody who does; None: a case about to be opened."""
    if case is None:
        return _may_open(book, roles, viewer)
    takers = may_act(case, book, roles)
    return viewer.holds(takers) or stands_in(case, book, viewer) in takers


def _may_open(book: Book, roles: Names, viewer: Viewer) -> bool:
    """Before a case exists there is no responsible department: holding the role anywhere is enough; a customer needs no account."""
    if "customer" in roles and viewer.staff is None:
        return True
    return any(viewer.in_role(book.name, role) for role in roles) or viewer.principal in roles


def may_hand_over(case: Case, book: Book, viewer: Viewer) -> bool:
    """Whether `viewer` may give the case to a colleague: its owner, somebody in the owner's role, or a superior of his."""
    if over(case) is not None or case.owner_id is None or not case.owner_role or not viewer.holds(case.audience):
        return False
    peers = [staff_key(case.owner_id), resolve(book, case.owner_role, case.department)]
    return viewer.holds([*peers, *superiors_of(case, book, [], [case.owner_role])])


def may_own(case: Case, book: Book, viewer: Viewer) -> bool:
    """Whether the case can be handed to `viewer`: he holds the owner's role, where the case's department has it."""
    return viewer.holds([resolve(book, case.owner_role, case.department)])


def check_reach(deed: Deed) -> None:
    """A partner names nobody outside his own departments in a form: to him the house has no directory to try names on.

    Nor does anybody name an owner who holds no role here. Raises Unreadable with the same words as for what does not exist.
    """
    _check_owner(deed)
    if not deed.viewer.is_external or deed.action.record is None or (deed.opening and deed.case.parent_id):
        return
    chosen = {
        f.id: (f.type, deed.values[f.id])
        for f in deed.book.record(deed.action.record).fields
        if f.type in REACHED and f.automatic is None and deed.values.get(f.id)
    }
    near = _near(deed.viewer, {kind: {value for k, value in chosen.values() if k == kind} for kind in REACHED})
    wrong = {name: NOT_FOUND[kind] for name, (kind, value) in chosen.items() if value not in near[kind]}
    if wrong:
        raise Unreadable.of(wrong)


def _check_owner(deed: Deed) -> None:
    """Whoever the form names as the owner holds a role of the handbook and still works here."""
    field = deed.action.owner_from
    named = deed.values.get(field) if field else None
    if field is None or named is None:
        return
    held = Assignment.objects.filter(staff_id=named, handbook=deed.book.name, staff__is_active=True)
    if not held.exists():
        raise Unreadable.of({field: NOT_FOUND["staff"]})


def _near(viewer: Viewer, wanted: dict[str, set[Any]]) -> dict[str, set[Any]]:
    """Of what a partner named, what lies within his reach; entries of directories never do."""
    near: dict[str, set[Any]] = {"department": wanted["department"] & viewer.places, "record": set(), "customer": set()}
    people = Assignment.objects.filter(staff_id__in=wanted["staff"], department_id__in=viewer.places)
    near["staff"] = set(people.values_list("staff_id", flat=True)) if wanted["staff"] else set()
    cases = Case.objects.filter(number__in=wanted["case"], audience__overlap=sorted(viewer.keys))
    near["case"] = set(cases.values_list("number", flat=True)) if wanted["case"] else set()
    return near


def may_steer(case: Case, book: Book, viewer: Viewer) -> bool:
    """Whether `viewer` may merge or split the case: one whose turn it is, or one who could hand it over."""
    if viewer.staff is None or not viewer.holds(case.audience):
        return False
    return viewer.holds(case.holders) or may_hand_over(case, book, viewer)


def _text(action: Action, zh: str, en: str) -> Text:
    return Text(zh=f"“{action.title.zh}”{zh}。", en=f"“{action.title.say('en')}” {en}.")
