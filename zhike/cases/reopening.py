"""What follows is that a case which was over goes on (`reopen`): back at the stage it was closed from, or at the one the effect names.

For its limits and duties it is as if somebody had opened it again: those that begin with the stage, or with `case.reopened`, begin
anew; what ended with the case stays ended, what was kept or broken stays so, and what survived its end runs on.
"""

from __future__ import annotations

import datetime as dt

from zhike.cases import sanctions
from zhike.cases.allowed import over
from zhike.cases.events import CaseReopened
from zhike.cases.facts import facts_of
from zhike.cases.holders import audience_of, principals_for, turn_of
from zhike.cases.limits import happen
from zhike.cases.models import Case
from zhike.cases.written import fact_of, write_owner
from zhike.clocks.actions import readdress_clocks
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.named import with_named
from zhike.journal.actions import record
from zhike.journal.models import Fact
from zhike.notices.actions import Tell
from zhike.org.principals import SYSTEM

WORDS = Text(
    zh="{number} 已重新打开，回到“{stage}”，请继续处理。",
    en="{number} was opened again, at “{stage}”; please go on with it.",
)
MOVES = ("case.action_taken", "case.moved")


def reopen(case: Case, book: Book, to: str | bool, clause: str, *, at: dt.datetime) -> list[Tell]:
    """Open a case the caller holds again; one that is not closed, or goes on elsewhere, is left alone. Answers with whom to tell."""
    if case.status != Case.Status.CLOSED or over(case) is not None:
        return []
    before, clauses = case.stage, (clause,) if clause else ()
    case.stage = to if isinstance(to, str) else _closed_from(case, book)
    case.status, case.closed_at, case.given_to = Case.Status.OPEN, None, []
    owner = _let_go_of_who_left(case)
    case.holders = principals_for(case, book, turn_of(case, book))
    case.audience = audience_of(case, book)
    case.version, case.updated_at = case.version + 1, at
    case.save(
        update_fields=[
            "stage", "status", "closed_at", "given_to", "owner", "owner_role", "holders", "audience", "version", "updated_at",
        ]
    )  # fmt: skip
    if owner is not None:
        write_owner(case, owner, SYSTEM, at)
    readdress_clocks(("case", case.pk), case.audience)
    events = [f"stage.{before}.left", f"stage.{case.stage}.entered", "case.reopened"]
    happen(case, *events, now=at, mark=f"reopened/{clause}")
    record([fact_of(case, CaseReopened(case.number, case.stage), at=at, actor=SYSTEM, clauses=clauses)])
    _draft(case, book, events, at)
    return [_tell(case, book, clause, at)]


def _closed_from(case: Case, book: Book) -> str:
    """The stage it stood at before it was closed last; where it was never at another, the first at which something can be done."""
    rows = Fact.objects.filter(
        subject_kind="case", subject_id=case.pk, type__in=MOVES, payload__stage=case.stage
    )  # fmt: skip
    for payload in rows.order_by("-id").values_list("payload", flat=True)[:50]:
        if payload["stage_before"] not in ("", case.stage):
            return str(payload["stage_before"])
    return next(stage.id for stage in book.process(case.process).stages if not stage.final)


def _let_go_of_who_left(case: Case) -> int | None:
    """Whoever owned it may have left since: then it is everybody's in his role. Answers with the owner it no longer has."""
    owner = case.owner
    if owner is None or owner.is_active:
        return None
    case.owner, case.owner_role = None, ""
    return int(owner.pk)


def _draft(case: Case, book: Book, events: list[str], at: dt.datetime) -> None:
    heard = [event for event in events if book.speaking_of("sanction", case.process, event)]
    if heard:
        sanctions.draft(case, book, heard, with_named(book, facts_of(case, book)), at=at, actor=SYSTEM)


def _tell(case: Case, book: Book, clause: str, at: dt.datetime) -> Tell:
    stage = book.stage(case.process, case.stage).title
    words = Text(
        zh=WORDS.zh.format(number=case.number, stage=stage.zh),
        en=WORDS.say("en").format(number=case.number, stage=stage.say("en")),
    )
    return Tell(
        at=at, to=case.holders, kind="told", clause=clause, handbook=book.name, subject=("case", case.pk), words=words
    )
