"""What an attempt leaves behind that a gate refused: a finding about whoever tried, and what else the clause says follows.

The deed is taken back; this is written with its refusal. Asking whether something may be done, for a button or a list, is no attempt and
leaves nothing, nor does what the product tries by itself, nor a deed that others had agreed to and that fell through afterwards.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from django.db import connection

from zhike.cases.deed import Deed
from zhike.cases.effects import collect
from zhike.cases.events import ChildCalledFor, FindingMade
from zhike.cases.facts import Facts, facts_of, with_moment
from zhike.cases.holders import principals_for
from zhike.cases.models import Case
from zhike.cases.reassigning import ByClause, reassign
from zhike.cases.refusals import CaseError, Refused
from zhike.cases.sight import who_sees
from zhike.cases.standing import standing_of
from zhike.handbook.book import Book
from zhike.handbook.clauses import Clause, Gate
from zhike.handbook.common import Effect, Text
from zhike.handbook.conditions import holds
from zhike.handbook.gates import after_refusal
from zhike.handbook.named import with_named
from zhike.journal.actions import NewFact, record
from zhike.notices.actions import Tell, tell
from zhike.org.principals import SYSTEM, SYSTEM_VIEWER, Viewer, resolve

CLAIM = """
INSERT INTO cases_submission (key, at, case_id, answer) VALUES (%s, %s, %s, '{}')
ON CONFLICT (key) DO NOTHING RETURNING key
"""
TRIED = Text(
    zh="{name}要办“{action}”，按“{title}”没有办成。", en="{name} tried “{action}”; “{title}” did not allow it."
)
NOBODY = Text(zh="顾客", en="The customer")


@dataclass(frozen=True)
class Attempt:
    """Who tried what. `roles`: the roles in which he did; `said`: what he tried, with `{title}` for the clause's; `key`: of the press of
    the button; `facts` as they were when he tried.
    """

    book: Book
    version_id: int
    said: Text
    by: Viewer
    roles: Sequence[str]
    now: dt.datetime
    facts: Callable[[Case | None], Facts]
    key: str = ""

    @property
    def person(self) -> str:
        """The colleague who tried; "" for a customer, of whom nothing is found."""
        return self.by.principal if self.by.staff is not None else ""


def follow(deed: Deed, refused: Refused, key: str = "") -> None:
    """What follows from a refused action, in the caller's transaction: the one in which the refusal is written down.

    Once for each clause and press of the button: a repeated one with the same `key` adds nothing.
    """
    roles = [role for role in deed.action.by if deed.viewer.in_role(deed.book.name, role)]
    said = put(TRIED, name=name_of(deed.viewer), action=deed.action.title)
    tried = Attempt(
        deed.book, deed.version_id, said, deed.viewer, roles, deed.now,
        lambda case: replace(deed, case=case or deed.case, standing=None, happened=[]).facts(), key,
    )  # fmt: skip
    _follow(tried, None if deed.opening else deed.case.pk, refused.clauses)


def follow_turned_away(case: Case, book: Book, what: Text, refused: Refused, by: Viewer, now: dt.datetime) -> None:
    """The same for what people do to a case without an action of the handbook: to merge and to split it."""

    def facts(found: Case | None) -> Facts:
        known = facts_of(found or case, book) | standing_of(book, [case.pk], now)[case.pk]
        return with_named(book, with_moment(known, book, by, now))

    roles = [role for role in [case.owner_role] if by.in_role(book.name, role)]
    said = put(TRIED, name=name_of(by), action=what)
    _follow(Attempt(book, case.handbook_version_id, said, by, roles, now, facts), case.pk, refused.clauses)


def name_of(viewer: Viewer) -> Text:
    return Text(zh=viewer.staff.name, en=viewer.staff.name) if viewer.staff is not None else NOBODY


def put(words: Text, **parts: Text) -> Text:
    """The words with these parts put in, in both languages; what is named by no part stays."""
    zh, en = words.zh, words.say("en")
    for name, part in parts.items():
        zh, en = zh.replace(f"{{{name}}}", part.zh), en.replace(f"{{{name}}}", part.say("en"))
    return Text(zh=zh, en=en)


def _follow(tried: Attempt, case_id: int | None, clauses: Iterable[str]) -> None:
    if tried.by.principal == SYSTEM:
        return
    for gate in _gates(tried.book, clauses):
        if _is_first(tried, gate, case_id):
            carry_out(tried, gate, after_refusal(gate), case_id)


def carry_out(tried: Attempt, clause: Clause, listed: Iterable[Effect], case_id: int | None) -> None:
    """What the clause says follows, on the case as it now is, or without one."""
    case = None
    if case_id is not None:
        rows = Case.objects.select_for_update(of=("self",)).select_related("department", "parent", "owner")
        case = rows.get(pk=case_id)
    facts = tried.facts(case)
    effects = [one for one in listed if holds(one.when, facts) and (tried.person or not one.finding)]
    told = _on_case(tried, clause, effects, case, facts) if case else _without_case(tried, clause, effects)
    if told:
        tell(told)


def _gates(book: Book, clauses: Iterable[str]) -> Iterator[Gate]:
    known = {clause.id: clause for clause in book.clauses("gate")}
    for name in dict.fromkeys(clauses):
        gate = known.get(name)
        if isinstance(gate, Gate) and (after_refusal(gate) or gate.send_to):
            yield gate


def _is_first(tried: Attempt, gate: Gate, case_id: int | None) -> bool:
    """Claim the press of the button for the clause and the case; a twin waits here for the first to commit. Without a key each counts."""
    if not tried.key:
        return True
    press = hashlib.sha256(f"{gate.id}/{case_id}/{tried.key}".encode()).hexdigest()[:40]
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [f"{tried.by.principal}/tried/{press}"[:80], tried.now, case_id])
        return cursor.fetchone() is not None


def _on_case(tried: Attempt, clause: Clause, listed: Sequence[Effect], case: Case, facts: Facts) -> list[Tell]:
    holders = [tried.person] if tried.person else []
    words = put(Text(zh="{number}：{said}", en="{number}: {said}"), said=put(tried.said, title=clause.title))
    given = [one.reassign for one in listed if one.reassign]
    told = collect(
        [one for one in listed if not one.reassign], case, tried.book, facts=facts, at=tried.now, holders=holders,
        held_as=tried.roles, clause=clause.id, words=words, person=tried.person,
    )  # fmt: skip
    if isinstance(clause, Gate) and clause.send_to:
        given.append(_first_there(case, tried.book, clause.send_to))
    # Whoever tried did not let anything run out: all who have the work give it up.
    told += [one for role in given for one in reassign(case, tried.book, role, ByClause(clause.id), at=tried.now)]
    for effect in listed:
        if effect.act:
            _take(case, effect.act, tried.now)
    return told


def _first_there(case: Case, book: Book, roles: Sequence[str]) -> str:
    """Of the roles a refused thing goes to the first in which somebody is; the first of all where nobody is in any."""
    there = (role for role in roles if who_sees(principals_for(case, book, [role]), most=1))
    return next(there, roles[0])


def _take(case: Case, action: str, now: dt.datetime) -> None:
    """The product takes the action the clause names; where the case does not offer it, there is nothing to do."""
    from zhike.cases.actions import take_action

    with suppress(CaseError):
        take_action(case.pk, action, {}, by=SYSTEM_VIEWER, now=now)


def _without_case(tried: Attempt, clause: Clause, listed: Sequence[Effect]) -> list[Tell]:
    """No case came about: people are told, the finding is noted, and a case about whoever tried may be opened."""
    book, subject = tried.book, ("version", tried.version_id)
    above = _superiors(tried)
    told: list[Tell] = []
    for effect in listed:
        if effect.finding:
            made = FindingMade(effect.finding, tried.person)
            record([NewFact(made, tried.now, subject, SYSTEM, book.name, (clause.id,), above)])
        if effect.opens:
            called = ChildCalledFor(
                effect.opens, next((one.finding for one in listed if one.finding), ""), tried.person
            )
            record([NewFact(called, tried.now, subject, SYSTEM, book.name, (clause.id,), above)])
        if to := _told(tried, effect, above):
            words = effect.say or put(tried.said, title=clause.title)
            told.append(Tell(tried.now, to, "told", clause.id, book.name, subject, words))
    return told


def _told(tried: Attempt, effect: Effect, above: Sequence[str]) -> list[str]:
    names = (effect.notify,) if isinstance(effect.notify, str) else tuple(effect.notify or ())
    found: list[str] = []
    for name in names:
        if name == "superior":
            found += above
        elif name == "holder":
            found += [tried.person] if tried.person else []
        elif name not in ("owner", "customer"):
            found.append(resolve(tried.book, name, None))
    return list(dict.fromkeys(found))


def _superiors(tried: Attempt) -> list[str]:
    bosses = (tried.book.role(role).reports_to for role in tried.roles)
    return list(dict.fromkeys(resolve(tried.book, boss, None) for boss in bosses if boss))
