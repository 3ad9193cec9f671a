"""What a deed leaves in the journal and in the clause ledger."""

from __future__ import annotations

import datetime as dt

from zhike.cases.deed import Deed
from zhike.cases.events import (
    AccessDenied,
    ActionRefused,
    ActionTaken,
    CaseClosed,
    CaseMoved,
    CaseOpened,
    CaseReopened,
    OwnerChanged,
)
from zhike.cases.holders import visibility_of
from zhike.cases.models import Case
from zhike.cases.refusals import Refused
from zhike.handbook.book import Book
from zhike.handbook.decide import Decision
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.journal.ledger import Use, write_uses
from zhike.org.principals import Viewer


def fact_of(case: Case, event: Event, *, at: dt.datetime, actor: str, clauses: tuple[str, ...] = ()) -> NewFact:
    return NewFact(
        event=event, at=at, subject=("case", case.pk), actor=actor, handbook=case.handbook, clauses=clauses,
        audience=tuple(case.audience),
    )  # fmt: skip


def write_deed(deed: Deed) -> None:
    """The facts of one deed and its applied clauses, with one statement."""
    case, actor = deed.case, deed.viewer.principal
    clauses = tuple(dict.fromkeys(d.clause_id for d in deed.decisions))
    taken = ActionTaken(
        number=case.number, process=case.process, action=deed.action.id, stage_before=deed.stage_before, stage=case.stage,
        round=case.round, filling=deed.filling, because=deed.because(), in_place_of=deed.in_place_of,
    )  # fmt: skip
    events: list[Event] = []
    if deed.opening:
        events.append(CaseOpened(number=case.number, process=case.process, stage=case.stage, source=case.source))
    events.append(taken)
    if "case.closed" in deed.happened:
        events.append(CaseClosed(number=case.number))
    if "case.reopened" in deed.happened:
        events.append(CaseReopened(number=case.number))
    record([fact_of(case, event, at=deed.now, actor=actor, clauses=clauses) for event in events], _uses(deed))


def _uses(deed: Deed) -> list[Use]:
    uses = [_use(deed, decision, "applied") for decision in deed.decisions]
    clause = visibility_of(deed.book, deed.process.id) if deed.opening else None
    if clause is not None:
        uses.append(
            Use(
                deed.now,
                deed.book.name,
                deed.version_id,
                clause.id,
                "applied",
                deed.subject,
                detail={"audience": deed.case.audience},
            )
        )
    return uses


def _use(deed: Deed, decision: Decision, outcome: str) -> Use:
    return Use(
        at=deed.now, handbook=deed.book.name, version_id=deed.version_id, clause=decision.clause_id, outcome=outcome,
        subject=deed.subject, holder=deed.viewer.principal,
        detail={"action": deed.action.id, "because": decision.because.zh, "facts": decision.facts},
    )  # fmt: skip


def write_refusal(deed: Deed, refused: Refused) -> None:
    """A refused deed leaves a fact and a ledger line for each clause that refused it; the case itself is untouched."""
    subject = deed.subject if not deed.opening else ("version", deed.version_id)
    _write_refusal(deed.case, deed.book, deed.version_id, subject, deed.action.id, refused, deed.viewer, deed.now)


def write_turned_away(case: Case, book: Book, what: str, refused: Refused, by: Viewer, now: dt.datetime) -> None:
    """The same for what people do to a case without an action of the handbook: `merge`, `split`."""
    _write_refusal(case, book, case.handbook_version_id, ("case", case.pk), what, refused, by, now)


def _write_refusal(
    case: Case,
    book: Book,
    version_id: int,
    subject: tuple[str, int],
    what: str,
    refused: Refused,
    by: Viewer,
    now: dt.datetime,
) -> None:
    event = ActionRefused(
        process=case.process,
        action=what,
        words=[{"zh": r.words.zh, "en": r.words.en} for r in refused.reasons],
        fields=list(refused.fields),
    )
    record(
        [
            NewFact(
                event=event, at=now, subject=subject, actor=by.principal, handbook=book.name,
                clauses=tuple(refused.clauses), audience=tuple(case.audience),
            )
        ]
    )  # fmt: skip
    write_uses(
        [
            Use(
                at=now, handbook=book.name, version_id=version_id, clause=reason.clause, outcome="refused",
                subject=subject, holder=by.principal,
                detail={"action": what, "words": reason.words.zh, "fields": list(reason.fields)},
            )
            for reason in refused.reasons
            if reason.clause
        ]
    )  # fmt: skip


def write_move(case: Case, event: CaseMoved, *, at: dt.datetime, actor: str, clauses: tuple[str, ...]) -> None:
    events: list[Event] = [event]
    record([fact_of(case, e, at=at, actor=actor, clauses=clauses) for e in events])


def write_owner(case: Case, before: int | None, by: str, now: dt.datetime) -> None:
    record([fact_of(case, OwnerChanged(owner=case.owner_id, before=before), at=now, actor=by)])


def write_denial(case: Case, book: Book, clause: str, by: Viewer, now: dt.datetime) -> None:
    """Somebody tried to open a case that a visibility clause keeps from him."""
    clauses = (clause,) if clause else ()
    record([fact_of(case, AccessDenied(number=case.number), at=now, actor=by.principal, clauses=clauses)])
    if clause:
        write_uses(
            [
                Use(
                    at=now, handbook=book.name, version_id=case.handbook_version_id, clause=clause, outcome="refused",
                    subject=("case", case.pk), holder=by.principal, detail={"viewer": by.principal},
                )
            ]
        )  # fmt: skip
