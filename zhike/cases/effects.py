"""What follows from a breach, a missed duty or an action: the effects a handbook lists, carried out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from zhike.cases import sanctions
from zhike.cases.events import ChildCalledFor, Deemed, FindingMade
from zhike.cases.facts import Facts, facts_of
from zhike.cases.freezing import freeze, unfreeze
from zhike.cases.holders import may_act, superiors_of
from zhike.cases.limits import begin
from zhike.cases.models import Case
from zhike.cases.reassigning import ByClause, reassign
from zhike.cases.reopening import reopen
from zhike.cases.written import fact_of
from zhike.duties.actions import Owe, owe
from zhike.handbook.book import Book
from zhike.handbook.clauses import Clause, Deadline, Duty, Sanction
from zhike.handbook.common import Effect, Text
from zhike.handbook.conditions import holds
from zhike.handbook.named import with_named
from zhike.journal.actions import record
from zhike.notices.actions import Tell, tell
from zhike.org.principals import SYSTEM, resolve


def carry_out(
    listed: Iterable[Effect],
    case: Case,
    book: Book,
    *,
    facts: Facts,
    at: dt.datetime,
    holders: Sequence[str],
    held_as: Sequence[str],
    clause: str = "",
    words: Text | None = None,
    kind: str = "told",
) -> list[Tell]:
    """Carry out the effects that hold, and send the notices among them. Answers with what was told."""
    notices = collect(
        listed, case, book, facts=facts, at=at, holders=holders, held_as=held_as, clause=clause, words=words, kind=kind
    )
    if notices:
        tell(notices)
    return notices


def collect(
    listed: Iterable[Effect],
    case: Case,
    book: Book,
    *,
    facts: Facts,
    at: dt.datetime,
    holders: Sequence[str],
    held_as: Sequence[str],
    clause: str = "",
    words: Text | None = None,
    kind: str = "told",
    person: str = "",
) -> list[Tell]:
    """Carry out every effect but the notices, which are returned so that a batch can be written at once.

    `person`: whom a finding is about and a case that is opened concerns, where it is somebody else than the case says.
    """
    listed = list(listed)
    notices: list[Tell] = []
    for effect in listed:
        if effect.when and not holds(effect.when, facts):
            continue
        if effect.owe:
            _owe(effect.owe, case, book, at)
        if effect.finding:
            _find(FindingMade(effect.finding, person), case, book, clause, facts, at)
        for name in (effect.apply,) if isinstance(effect.apply, str) else effect.apply or ():
            _apply(book.clause(name), case, book, clause, facts, at)
        if effect.deem:
            record([fact_of(case, Deemed(effect.deem), at=at, actor=SYSTEM, clauses=(clause,) if clause else ())])
        if effect.reassign:
            told = {
                role for one in listed for role in ((one.notify,) if isinstance(one.notify, str) else one.notify or ())
            }
            by_clause = ByClause(clause, tuple(holders), tuple(held_as))
            notices += reassign(case, book, effect.reassign, by_clause, at=at, told=told)
        if effect.reopen:
            notices += reopen(case, book, effect.reopen, clause, at=at)
        if effect.freeze:
            freeze(case, effect.freeze, clause, at=at)
        if effect.unfreeze:
            unfreeze(case, effect.unfreeze, clause, at=at)
        if effect.opens:
            called = ChildCalledFor(effect.opens, next((one.finding for one in listed if one.finding), ""), person)
            record([fact_of(case, called, at=at, actor=SYSTEM, clauses=(clause,) if clause else ())])
        if effect.notify:
            said = (
                effect.say or words or Text(zh=f"{case.number} 需要您知悉。", en=f"{case.number} needs your attention.")
            )
            to = _addressees(effect, case, book, holders, held_as)
            if to:
                notices.append(_tell(case, to, kind, clause, book, said, at))
    return notices


def _tell(case: Case, to: list[str], kind: str, clause: str, book: Book, said: Text, at: dt.datetime) -> Tell:
    return Tell(
        at=at, to=to, kind=kind, clause=clause, handbook=book.name, subject=("case", case.pk),
        words=Text(zh=said.zh.replace("{number}", case.number), en=said.say("en").replace("{number}", case.number)),
    )  # fmt: skip


def _addressees(effect: Effect, case: Case, book: Book, holders: Sequence[str], held_as: Sequence[str]) -> list[str]:
    names = (effect.notify,) if isinstance(effect.notify, str) else tuple(effect.notify or ())
    found: list[str] = []
    for name in names:
        if name == "superior":
            found += superiors_of(case, book, holders, held_as)
        elif name == "holder":
            found += list(holders)
        else:
            found += may_act(case, book, [name])
    return list(dict.fromkeys(found))


def _find(made: FindingMade, case: Case, book: Book, clause: str, facts: Facts, at: dt.datetime) -> None:
    record([fact_of(case, made, at=at, actor=SYSTEM, clauses=(clause,) if clause else ())])
    event = f"finding.{made.finding}"
    if book.speaking_of("sanction", case.process, event):
        sanctions.draft(case, book, [event], facts or facts_of(case, book), at=at, actor=SYSTEM)


def _apply(clause: Clause, case: Case, book: Book, because: str, facts: Facts, at: dt.datetime) -> None:
    """The clause named follows, where its own condition holds: a sanction is drafted, a duty owed, a limit begins."""
    ended = case.status == Case.Status.CLOSED and not getattr(clause, "survives_close", True)
    if ended or book.process_of(clause) not in (None, case.process):
        return
    known = facts or with_named(book, facts_of(case, book))
    match clause:
        case Sanction():
            sanctions.propose(case, book, [clause], known, at=at, actor=SYSTEM)
        case Duty() if holds(clause.when, known):
            _owe(clause.id, case, book, at)
        case Deadline():
            begin(case, book, clause, now=at, mark=f"{because}/{at.isoformat()}")
        case _:
            return


def _owe(clause_id: str, case: Case, book: Book, at: dt.datetime) -> None:
    clause = book.clause(clause_id)
    if isinstance(clause, Duty):
        holders = [resolve(book, role, case.department) for role in clause.holder]
        owe(
            [
                Owe(
                    book=book, version_id=case.handbook_version_id, clause=clause, subject=("case", case.pk), holders=holders,
                    at=at, audience=tuple(case.audience),
                )
            ]
        )  # fmt: skip
