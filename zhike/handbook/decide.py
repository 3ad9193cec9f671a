"""The questions asked of a handbook: which one clause answers, and may this happen?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from zhike.handbook.book import Book
from zhike.handbook.clauses import Clause, Gate, Measure, Route, Sanction, Tariff, Visibility, Wording
from zhike.handbook.common import Facts, Text
from zhike.handbook.conditions import holds
from zhike.handbook.decision import Decision, Judgement, NoAnswer, Refusal, TwoAnswers, decision_of
from zhike.handbook.gates import open_duty_refusal, refusal_of_capture, refusal_of_gate, refusal_of_wording
from zhike.handbook.sanctions import draft_of
from zhike.handbook.tariffs import amount_of
from zhike.handbook.visibilities import sight_of

__all__ = ["Decision", "Judgement", "NoAnswer", "Refusal", "TwoAnswers", "decide", "judge", "matching"]

OPTIONAL = frozenset({"recipients", "holder", "department", "parent_stage", "agent"})
"""What a route may yield besides the way itself: where no clause matches, the stage's own holder, the department and
the parent stay, and nobody is proposed.
"""

STANDING = ("duty", "sanction")
"""Kinds that block by what stands open; `when` was asked when it came to be owed or drafted."""


def matching(
    book: Book, kind: str, facts: Facts, *, on: str | None, process: str | None = None, yields: str | None = None
) -> tuple[Clause, ...]:
    """The clauses that speak of the event and whose conditions hold, less those another overrides or precedes."""
    found = [clause for clause in _asked(book, kind, on, process, yields) if holds(clause.when, facts)]
    if len(found) < 2:
        return tuple(found)
    ids = {clause.id for clause in found}
    overridden = {id_ for clause in found for id_ in clause.overrides}
    left = [clause for clause in found if clause.id not in overridden and not ids & set(clause.yields_to)]
    highest = max((_precedence(clause) for clause in left), default=0)
    return tuple(clause for clause in left if _precedence(clause) == highest)


def decide(
    book: Book, kind: str, facts: Facts, *, on: str | None = None, process: str | None = None, yields: str | None = None
) -> Decision | None:
    """The answer of the one clause that matches; None where no clause speaks of the event at all.

    A route answers with a stage, process, queue or department kind (str) or with roles (tuple), a tariff with an
    `Amount`, a sanction
    with a `Draft`, a visibility with a `Sight`, every other kind with its clause. Raises TwoAnswers, and NoAnswer
    where clauses speak but none for these facts, unless there is a way on: an
    action with `to` or `branches` of its own, recipients told besides.
    """
    found = matching(book, kind, facts, on=on, process=process, yields=yields)
    if len(found) == 1:
        return _answer(found[0], facts)
    if len(found) > 1:
        raise TwoAnswers(_two_words(found, on), [clause.id for clause in found])
    asked = _asked(book, kind, on, process, yields)
    if not asked or _may_stay_open(book, kind, on, process, yields):
        return None
    raise NoAnswer(_none_words(asked, facts, on), [clause.id for clause in asked])


def judge(
    book: Book,
    facts: Facts,
    *,
    on: str | Sequence[str],
    process: str | None = None,
    form: Mapping[str, Any] | None = None,
    form_fields: Collection[str] | None = None,
) -> Judgement:
    """May this happen? Asks the gates, the wordings that must be stated, the measures that must be captured and the
    duties that
    block it; every refusal at once, so that nobody is sent away twice.

    `form` holds the values of the form at hand where they are not among the facts by their own names; `form_fields`
    are the ids of the
    fields on it: a refusal names only those.
    """
    values = facts if form is None else form
    decisions: list[Decision] = []
    refusals: list[Refusal] = []
    for clause in _judging(book, (on,) if isinstance(on, str) else on, process):
        if clause.kind not in STANDING and not holds(clause.when, facts):
            continue
        refusal = _refusal(clause, facts, values, form_fields)
        if refusal is None:
            decisions.append(decision_of(clause, clause.kind, "allowed", facts))
            continue
        decisions.append(refusal.decision)
        if refusal.decision.value == "refused":
            refusals.append(refusal)
    return Judgement(not refusals, tuple(decisions), tuple(refusals))


def _judging(book: Book, events: Sequence[str], process: str | None) -> list[Clause]:
    found: dict[str, Clause] = {}
    for event in events:
        for kind in ("gate", "wording", "measure"):
            found.update((clause.id, clause) for clause in book.speaking_of(kind, process, event))
        found.update((clause.id, clause) for clause in book.listening_to("blocks", process, event))
    return list(found.values())


def _refusal(clause: Clause, facts: Facts, values: Facts, form_fields: Collection[str] | None) -> Refusal | None:
    match clause:
        case Gate():
            return refusal_of_gate(clause, facts, values, form_fields)
        case Wording():
            return refusal_of_wording(clause, facts, values)
        case Measure():
            return refusal_of_capture(clause, facts, values)
        case _:
            return open_duty_refusal(clause, facts)


def _asked(book: Book, kind: str, on: str | None, process: str | None, yields: str | None) -> tuple[Clause, ...]:
    asked = book.speaking_of(kind, process, on) if on is not None else book.clauses(kind)
    if yields is None:
        return asked
    return tuple(clause for clause in asked if getattr(clause, "yields", None) == yields)


def _precedence(clause: Clause) -> int:
    return clause.precedence if isinstance(clause, Route) else 0


def _answer(clause: Clause, facts: Facts) -> Decision:
    match clause:
        case Route():
            return decision_of(
                clause, "route", target_of(clause, facts), facts, [name for name in (clause.by, clause.to_fact) if name]
            )
        case Tariff():
            amount = amount_of(clause, facts)
            return decision_of(clause, "tariff", amount, facts, amount.used)
        case Sanction():
            return decision_of(clause, "sanction", draft_of(clause, facts), facts, ["person"])
        case Visibility():
            return sight_of(clause, facts)
        case _:
            return decision_of(clause, clause.kind, clause, facts)


def target_of(clause: Route, facts: Facts) -> str | tuple[str, ...]:
    """Where a route clause leads under these facts: one name, or several for roles. Raises NoAnswer for a gap in its
    table.
    """
    names = _target_names(clause, facts)
    if clause.yields in ("holder", "recipients", "agent"):
        return names
    return names[0] if names else ()


def _target_names(clause: Route, facts: Facts) -> tuple[str, ...]:
    if clause.to_fact is not None:
        value = facts.get(clause.to_fact)
        return tuple(map(str, value)) if isinstance(value, list | tuple) else (() if value is None else (str(value),))
    if clause.by is None:
        return clause.to
    value = facts.get(clause.by)
    row = clause.table.get(_key(value), clause.other)
    if not row:
        raise NoAnswer(
            Text(
                zh=f"{clause.id} 的表里没有“{clause.by}”为“{value}”的一行。补上这一行，或写明 other。",
                en=f"The table of {clause.id} has no row for {clause.by} = {value!r}. Add the row, or an `other`.",
            ),
            [clause.id],
        )
    return row


def _key(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _may_stay_open(book: Book, kind: str, on: str | None, process: str | None, yields: str | None) -> bool:
    if yields in OPTIONAL:
        return True
    if kind != "route" or yields not in (None, "stage") or process is None or not (on or "").startswith("action."):
        return False
    action = book.action(process, (on or "").removeprefix("action."))
    return bool(action.to or action.branches)


def _two_words(found: Sequence[Clause], on: str | None) -> Text:
    ids = ", ".join(clause.id for clause in found)
    return Text(zh=f"对“{on}”有多条条款同时作答：{ids}。", en=f"Several clauses answer {on} for the same facts: {ids}.")


def _none_words(asked: Sequence[Clause], facts: Facts, on: str | None) -> Text:
    names = sorted({name for clause in asked for name in clause.when})
    given = ", ".join(f"{name}={facts.get(name)!r}" for name in names) or "-"
    ids = ", ".join(clause.id for clause in asked)
    return Text(
        zh=f"对“{on}”，{ids} 都不适用于当前情况（{given}）。",
        en=f"For {on} none of {ids} applies to the facts at hand ({given}).",
    )
