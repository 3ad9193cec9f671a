"""Sanction clauses on a case: drafted by what happens, decided by an action that says so, never by the product."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from zhike.cases import lasting
from zhike.cases.deed import Deed
from zhike.cases.drafts import Drafts, counted, drafts_of, nothing_to_decide
from zhike.cases.events import SanctionConfirmed, SanctionDrafted, SanctionRevoked
from zhike.cases.facts import Facts
from zhike.cases.holders import may_act
from zhike.cases.models import Case
from zhike.cases.refusals import Reason
from zhike.cases.sight import who_sees
from zhike.cases.written import fact_of
from zhike.handbook.book import Book
from zhike.handbook.clauses import Sanction
from zhike.handbook.common import Effects, Text
from zhike.handbook.conditions import holds
from zhike.handbook.gates import links_left
from zhike.handbook.limits import as_moment
from zhike.handbook.sanctions import Draft, draft_of, effects_of
from zhike.journal.actions import record
from zhike.journal.ledger import Use, write_uses
from zhike.notices.actions import Tell, tell
from zhike.org.principals import staff_number

CONCERNED = "person_concerned"
"""The fact that says whose place a sanction on a ranking is about."""
MEANWHILE = Text(
    zh="{{number}}：“{title}”还没有决定，按条款先行处理。",
    en="{{number}}: “{title}” is not decided yet; the clause has this done at once.",
)
FOLLOWS = Text(
    zh="{{number}}：“{title}”已经确认，请知悉。", en="{{number}}: “{title}” was confirmed; for your attention."
)


def draft(case: Case, book: Book, events: Iterable[str], facts: Facts, *, at: dt.datetime, actor: str) -> None:
    """Draft what the sanction clauses on these events propose, and tell those who decide."""
    found = {
        clause.id: clause
        for event in events
        for clause in book.speaking_of("sanction", case.process, event)
        if isinstance(clause, Sanction)
    }
    propose(case, book, list(found.values()), facts, at=at, actor=actor)


def propose(case: Case, book: Book, clauses: Sequence[Sanction], facts: Facts, *, at: dt.datetime, actor: str) -> None:
    """Draft these, each where its own condition holds."""
    # What each counts is known before any of them writes its draft.
    counts = [(clause, *_occurrence(clause, book, facts, at)) for clause in clauses]
    for clause, known, dated in counts:
        if holds(clause.when, known):
            _write_draft(case, book, clause, draft_of(clause, known), known["person"], at, actor, dated)
            _carry_out(clause.interim, MEANWHILE, case, book, clause, known, str(known["person"] or ""), at)


def _occurrence(clause: Sanction, book: Book, facts: Facts, at: dt.datetime) -> tuple[Facts, dt.datetime]:
    """The facts with whom it concerns and which occurrence it is (`count`), and by which moment it is counted."""
    named = clause.person or (CONCERNED if clause.on.startswith("rank.") else None)
    person = facts.get(named) if named else None
    if clause.count is None:
        return {**facts, "person": person}, at
    name = clause.count.fact or "count"
    dated = as_moment(facts.get(clause.count.dated_by or ""), at) or at
    number = facts.get(name) or counted(clause, book, person, dated)
    return {**facts, name: number, "person": person}, dated


def _write_draft(
    case: Case, book: Book, clause: Sanction, made: Draft, person: Any, at: dt.datetime, actor: str, dated: dt.datetime
) -> None:
    charges = [
        {"person": charge.person, "amount": None if charge.amount is None else str(charge.amount), "points": charge.points,
         "percent": charge.percent, "to_be_decided": charge.to_be_decided,
         "lasting": charge.lasting.kept() if charge.lasting else None}
        for charge in made.charges
    ]  # fmt: skip
    proposed, deciding = list(made.propose), list(made.confirmed_by)
    event = SanctionDrafted(made.form, person, made.count, charges, proposed, deciding, dated.isoformat())
    record([fact_of(case, event, at=at, actor=actor, clauses=(clause.id,))])
    write_uses([_use(case, book, clause, "applied", at, str(person or ""))])
    words = Text(
        zh=f"{case.number}“{clause.title.zh}”待您决定。",
        en=f"{case.number}: “{clause.title.say('en')}” awaits your decision.",
    )
    to = may_act(case, book, made.confirmed_by)
    tell(
        [Tell(at=at, to=to, kind="told", clause=clause.id, handbook=book.name, subject=("case", case.pk), words=words)]
    )


def refusals(deed: Deed) -> list[Reason]:
    """Why the action may not decide what it says it decides: there is no draft, or he is the person concerned."""
    named = (*deed.action.confirms, *deed.action.revokes)
    if not named:
        return []
    drafts = _at_hand(deed)
    drafted = [name for name in named if name in drafts]
    reasons = (_why_not(deed, name, drafts) for name in drafted or named)
    found = [reason for reason in reasons if reason is not None]
    agreed = (_unagreed(deed, name, drafts) for name in deed.action.confirms if name in drafts)
    return found or [reason for reason in agreed if reason is not None]


def _at_hand(deed: Deed) -> Drafts:
    """What the action decides: drafts still undecided; where there is none of those it takes back, what was confirmed before."""
    if deed.opening:
        return {}
    undecided, confirmed = drafts_of([deed.case.pk])[deed.case.pk]
    named = (*deed.action.confirms, *deed.action.revokes)
    found = {name: undecided[name] for name in named if name in undecided}
    return found or {name: confirmed[name] for name in deed.action.revokes if name in confirmed}


def _why_not(deed: Deed, clause_id: str, drafts: dict[str, Any]) -> Reason | None:
    clause = deed.book.clause(clause_id)
    assert isinstance(clause, Sanction)
    title = clause.title
    if clause_id not in drafts:
        return Reason(nothing_to_decide(title), clause_id)
    payload = drafts[clause_id].payload
    if clause.confirm.not_party and payload["person"] in deed.persons:
        words = Text(zh="当事人不能决定对自己的处理。", en="Nobody decides what concerns himself.")
        return Reason(words, clause_id)
    deciding = [*payload["confirmers"], *([clause.confirm.instead] if clause.confirm.instead else [])]
    if not deed.viewer.holds(may_act(deed.case, deed.book, deciding)):
        names, english = (_titles(deed.book, deciding, language) for language in ("zh", "en"))
        words = Text(zh=f"“{title.zh}”由{names}决定。", en=f"“{title.say('en')}” is decided by: {english}.")
        return Reason(words, clause_id)
    return None


def _unagreed(deed: Deed, clause_id: str, drafts: Drafts) -> Reason | None:
    """Who must agree besides whoever decides (`confirm.also`), and has not: each another person, never the one it concerns."""
    clause = deed.book.clause(clause_id)
    assert isinstance(clause, Sanction)
    person = drafts[clause_id].payload["person"]
    never = (person,) if clause.confirm.not_party else ()
    given = [one for one in deed.approvals if one.get("by") not in never]
    chain = tuple((role,) for role in clause.confirm.also)
    if not links_left(chain, given, False):
        return None
    zh, en = (_titles(deed.book, clause.confirm.also, language) for language in ("zh", "en"))
    words = Text(
        zh=f"“{clause.title.zh}”要{zh}也同意才算数。",
        en=f"“{clause.title.say('en')}” stands only when {en} agree as well.",
    )
    return Reason(words, clause_id, consent=chain, by_others=True, never=never)


def _titles(book: Book, roles: Iterable[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(book.role(role).title.say(language) for role in roles)


def follow(deed: Deed) -> None:
    """Write down what the deed decided, then draft what it gives cause for."""
    if deed.action.confirms or deed.action.revokes:
        _confirm(deed)
    events = [event for event in deed.happened if deed.book.speaking_of("sanction", deed.process.id, event)]
    if events:
        draft(deed.case, deed.book, events, deed.facts(), at=deed.now, actor=deed.viewer.principal)
    lasting.follow(deed)


def _confirm(deed: Deed) -> None:
    drafts = _at_hand(deed)
    for name in (*deed.action.confirms, *deed.action.revokes):
        clause = deed.book.clause(name)
        assert isinstance(clause, Sanction)
        if name not in drafts:
            continue
        decided = SanctionConfirmed if name in deed.action.confirms else SanctionRevoked
        event = decided(drafts[name].pk, drafts[name].payload["person"])
        record([fact_of(deed.case, event, at=deed.now, actor=deed.viewer.principal, clauses=(name,))])
        if decided is SanctionConfirmed:
            write_uses([_use(deed.case, deed.book, clause, "kept", deed.now, deed.viewer.principal)])
            lasting.lay(deed, clause, drafts[name])
            person, count = str(event.person or ""), drafts[name].payload["count"]
            _carry_out(effects_of(clause, count), FOLLOWS, deed.case, deed.book, clause, deed.facts(), person, deed.now)
        else:
            lasting.lift(deed, name)


def _carry_out(
    listed: Effects, words: Text, case: Case, book: Book, clause: Sanction, facts: Facts, person: str, at: dt.datetime
) -> None:
    """What a sanction brings with it besides what it lays on somebody; `holder` of a notice is the person concerned, if he sees it."""
    if not listed:
        return
    from zhike.cases.effects import carry_out

    said = Text(zh=words.zh.format(title=clause.title.zh), en=words.say("en").format(title=clause.title.say("en")))
    number = staff_number(person)
    holders = [person] if number is not None and who_sees(case.audience, among=[number]) else []
    carry_out(listed, case, book, facts=facts, at=at, holders=holders, held_as=(), clause=clause.id, words=said)


def _use(case: Case, book: Book, clause: Sanction, outcome: str, at: dt.datetime, holder: str) -> Use:
    return Use(
        at=at, handbook=book.name, version_id=case.handbook_version_id, clause=clause.id, outcome=outcome,
        subject=("case", case.pk), holder=holder,
    )  # fmt: skip
