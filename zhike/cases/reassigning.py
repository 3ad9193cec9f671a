"""What follows is that others have the work (`reassign`): from then on it is their turn, until the stage changes.

Those whose turn it was hand it over with their limits that are still open and with what they owe; whoever let a limit run out has it
against him all the same. Work is never given to nobody: where nobody could go on from there it stays with those who have it, and their
superiors are told, or the administrators where there are none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from copy import copy
from dataclasses import dataclass

from zhike.cases.allowed import at_this_stage, over
from zhike.cases.events import CaseNotReassigned, CaseReassigned
from zhike.cases.holders import audience_of, principals_for, superiors_of, turn_of
from zhike.cases.models import Case
from zhike.cases.sight import who_sees
from zhike.cases.written import fact_of, write_owner
from zhike.clocks.actions import readdress_clocks, reassign_clock
from zhike.clocks.models import Clock
from zhike.clocks.queries import undecided_clocks
from zhike.duties.actions import hand_over_owed
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.journal.actions import record
from zhike.notices.actions import Tell
from zhike.org.models import Staff
from zhike.org.principals import SYSTEM, role_of, staff_key

GIVEN = Text(zh="{number} 改由您处理，请接手。", en="{number} is yours from now on; please go on with it.")
NOBODY = Text(
    zh="{number} 要转给{to}，但现在没有人能接，仍由原来的人处理。请安排人手。",
    en="{number} was to go to {to}, but nobody there can take it: it stays with those who have it. Please find somebody.",
)
NOT_THERE = Text(
    zh="{number} 要转给{to}，但这个岗位在“{stage}”没有事可办，仍由原来的人处理。请查看。",
    en="{number} was to go to {to}, who have nothing to do at “{stage}”: it stays with those who have it. Please look at it.",
)


@dataclass(frozen=True, slots=True)
class ByClause:
    """Because of which clause ("" for an action), and who held what ran out or was missed."""

    clause: str = ""
    holders: tuple[str, ...] = ()
    held_as: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        return (self.clause,) if self.clause else ()


def reassign(
    case: Case, book: Book, to: str, because: ByClause, *, at: dt.datetime, told: Collection[str] = ()
) -> list[Tell]:
    """Give the work on a case the caller holds to `to`: a role, `owner`, or `superior` of the holders. Answers with whom to tell.

    `told`: whom the same clause notifies anyway.
    """
    if over(case) is not None or book.stage(case.process, case.stage).final:
        return _left(case, [to], "over", because, at)
    roles = _receivers(case, book, to, because)
    if not any(_may_go_on(case, book, role) for role in roles):
        return [_alarm(case, book, roles or [to], NOT_THERE, "cannot_act", because, at)]
    turn, giving = _turn_with(case, book, roles, because)
    then = _without_owner(case) if case.owner_role in roles else case
    after, new = principals_for(then, book, turn), principals_for(then, book, roles)
    if after == case.holders:
        return []
    if not who_sees(new, most=1):
        return [_alarm(case, book, roles, NOBODY, "nobody", because, at)]
    before, owner = list(case.holders), case.owner_id
    case.owner_id, case.owner_role, case.given_to, case.holders = then.owner_id, then.owner_role, turn, after
    _save(case, book, at)
    if case.owner_id != owner:
        write_owner(case, owner, SYSTEM, at)
    _hand_over(case, giving, new, roles, at)
    event = CaseReassigned(roles, before, list(case.holders))
    record([fact_of(case, event, at=at, actor=SYSTEM, clauses=because.named)])
    if set(told) & {*roles, to}:
        return []
    return [_tell(case, book, new, "told", GIVEN, because, at, roles)]


def _receivers(case: Case, book: Book, to: str, because: ByClause) -> list[str]:
    if to == "owner":
        return ["owner"] if case.owner_id else []
    if to == "superior":
        above = superiors_of(case, book, because.holders or case.holders, because.held_as or turn_of(case, book))
        return list(dict.fromkeys(role_of(principal) for principal in above))
    return [to]


def _may_go_on(case: Case, book: Book, role: str) -> bool:
    """Whether the role has anything to do where the case stands."""
    acting = {*(["owner", case.owner_role] if role == "owner" else [role])}
    actions = book.process(case.process).actions
    return any(at_this_stage(case, book, action) and not acting.isdisjoint(action.by) for action in actions)


def _turn_with(case: Case, book: Book, roles: list[str], because: ByClause) -> tuple[list[str], list[str]]:
    """The roles whose turn it is from here on, and the principals who give up theirs: those who held what ran out, else all."""
    late = [principal for principal in case.holders if principal in because.holders]
    giving = late or ([] if because.holders else list(case.holders))
    named = [(role, principal) for role in turn_of(case, book) for principal in principals_for(case, book, [role])]
    stay = [role for role, principal in named if principal in case.holders and principal not in giving]
    return list(dict.fromkeys([*stay, *roles])), list(dict.fromkeys([*giving, *because.holders]))


def _without_owner(case: Case) -> Case:
    """The same case as if nobody owned it: the role that has it back is everybody in it."""
    same = copy(case)
    same.owner_id, same.owner_role = None, ""
    return same


def _save(case: Case, book: Book, at: dt.datetime) -> None:
    case.audience = audience_of(case, book)
    case.version, case.updated_at = case.version + 1, at
    case.save(
        update_fields=["owner", "owner_role", "given_to", "holders", "audience", "version", "updated_at"]
    )  # fmt: skip


def _hand_over(case: Case, giving: Iterable[str], new: list[str], roles: list[str], at: dt.datetime) -> None:
    subject = ("case", case.pk)
    for principal in giving:
        if principal in new:
            continue
        for clock in undecided_clocks(subject, principal):
            holders = [each for each in clock.holders if each != principal and each not in new] + new
            reassign_clock(clock.pk, holders, at=at, by=SYSTEM, held_as=_held_as(clock, principal, roles))
        hand_over_owed(subject, principal, new[0])
    readdress_clocks(subject, case.audience)


def _held_as(clock: Clock, gone: str, roles: list[str]) -> str:
    """The roles it is held in: those of whoever keeps it with the new ones."""
    kept = clock.held_as.split(",") if set(clock.holders) != {gone} else []
    return ",".join(dict.fromkeys([*(role for role in kept if role != role_of(gone)), *roles]))


def _left(case: Case, roles: list[str], why: str, because: ByClause, at: dt.datetime) -> list[Tell]:
    record([fact_of(case, CaseNotReassigned(roles, why), at=at, actor=SYSTEM, clauses=because.named)])
    return []


def _alarm(case: Case, book: Book, roles: list[str], words: Text, why: str, because: ByClause, at: dt.datetime) -> Tell:
    """Said and told: those above who would have had it, or above those who have it, and who are there; else the administrators."""
    _left(case, roles, why, because, at)
    held = [role for role in (*roles, *turn_of(case, book)) if role not in ("owner", "superior", "customer", SYSTEM)]
    above = superiors_of(case, book, because.holders, [*because.held_as, *held])
    if not who_sees(above, most=1):
        people = Staff.objects.filter(is_admin=True, is_active=True).order_by("pk")
        above = [staff_key(number) for number in people.values_list("pk", flat=True)]
    return _tell(case, book, above, "told", words, because, at, roles)


def _tell(
    case: Case, book: Book, to: list[str], kind: str, words: Text, because: ByClause, at: dt.datetime, roles: list[str]
) -> Tell:
    stage = book.stage(case.process, case.stage).title
    titles = [book.role(role).title for role in roles if role not in ("owner", "superior")]
    said = Text(
        zh=words.zh.format(number=case.number, to="、".join(t.zh for t in titles) or "上级", stage=stage.zh),
        en=words.say("en").format(
            number=case.number, to=", ".join(t.say("en") for t in titles) or "the superior", stage=stage.say("en")
        ),
    )
    return Tell(
        at=at, to=to, kind=kind, clause=because.clause, handbook=book.name, subject=("case", case.pk), words=said
    )
