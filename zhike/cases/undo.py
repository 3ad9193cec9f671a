"""Taking back the action just taken, for a short while, by whoever took it, and only whole: while nobody was told, no limit ran out
and no colleague went on from it.

Nothing is removed from the journal. The case, its clocks and its duties go back to the image taken before the action, the filling and
the ledger's lines are noted as undone, and a fact of its own says so.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from zhike.cases import freezing
from zhike.cases.events import DeedUndone
from zhike.cases.images import go_back, run_out_by
from zhike.cases.models import Case, LastDeed
from zhike.cases.refusals import Impossible, NotFound, NotYours, Reason
from zhike.cases.written import fact_of
from zhike.clocks.actions import overtake
from zhike.clocks.queries import open_clocks
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.journal.actions import record
from zhike.journal.ledger import undo_uses
from zhike.journal.models import Fact
from zhike.org.handbooks import book_of
from zhike.org.principals import SYSTEM, Viewer
from zhike.records.actions import undo_filling

WITHIN = dt.timedelta(minutes=10)
"""A slip is noticed at once; what is noticed later is put right by another action, which the handbook offers."""

TAKEN = "case.action_taken"
RESTORED = frozenset(
    {
        TAKEN, "case.closed", "case.reopened", "clock.started", "clock.stopped", "clock.cancelled", "clock.paused",
        "clock.resumed", "clock.extended", "clock.redated", "clock.reassigned", "duty.owed", "duty.met", "duty.ended",
    }
)  # fmt: skip
"""What an action does to its own case and an image brings back."""
FIRED = frozenset({"clock.warned", "clock.target_passed", "clock.breached", "duty.missed"})
BESIDE = frozenset({"case.access_denied", "case.refused", "case.printed", "case.followed", "case.unfollowed"})
"""What changes nothing, whoever did it."""
OWN = frozenset({"case.note_added", "case.files_added", "case.linked", "case.unlinked"})
"""What stands beside the action where it is the same person's; a colleague's shows that he worked with it."""

NOTHING = Text(zh="没有可以撤销的办理。", en="There is nothing to undo.")
NOT_HIS = Text(zh="只有办理的人自己可以撤销。", en="Only whoever did it can undo it.")
TOO_LATE = Text(
    zh="办理已经超过 10 分钟，不能再撤销。", en="It was done more than 10 minutes ago and can no longer be undone."
)
WENT_ON = Text(zh="在这之后工单又有了变化。", en="The case changed since.")
COLLEAGUE = Text(zh="同事已经接着办了。", en="A colleague went on from it.")
LIMIT_FIRED = Text(zh="在这之后有时限到期或提醒。", en="A limit ran out or gave warning since.")
TOLD = Text(zh="已经通知了别人，收不回来。", en="Others were told already, which cannot be taken back.")
OPENED = Text(zh="它引出了另一张工单，不能单独撤销。", en="It opened another case and cannot be undone alone.")
MOVED = Text(zh="它带动了另一张工单，不能单独撤销。", en="It moved another case and cannot be undone alone.")
FOLLOWED = Text(zh="它带来了不能收回的结果。", en="It led to something that cannot be taken back.")

# What happened on the case, whom it told and what moved beside it since the image was taken.
SINCE = """
SELECT last.at, last.actor, last.action, last.version,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'type', type, 'actor', actor, 'payload', payload) ORDER BY id), '[]')
        FROM journal_fact WHERE subject_kind = 'case' AND subject_id = last.case_id AND id > (last.before->>'fact')::bigint),
    EXISTS (SELECT FROM notices_notice WHERE id > (last.before->>'notice')::bigint
        AND subject_kind = 'case' AND subject_id = last.case_id),
    EXISTS (SELECT FROM journal_fact WHERE subject_kind = 'case' AND subject_id = %(parent)s
        AND id > (last.before->>'fact')::bigint AND type = 'case.moved' AND payload->>'because_of' = %(number)s)
FROM cases_lastdeed AS last WHERE last.case_id = %(case)s
"""


@dataclass(frozen=True, slots=True)
class Undoable:
    """The last action on a case, what came of it, and why it cannot be undone; no reasons: it can."""

    action: str
    deed: dict[str, Any] | None
    """The fact that it was taken."""
    reasons: tuple[Reason, ...]


def last_deed(case: Case, viewer: Viewer, now: dt.datetime) -> Undoable | None:
    """The action this viewer took last on the case a short while ago; None where it was not he, or longer ago, or the case changed
    since. One query, none where nothing happened to the case lately."""
    if viewer.staff is None or now - case.updated_at > WITHIN:
        return None
    found = _since(case)
    if found is None or found["actor"] != viewer.principal or now - found["at"] > WITHIN or _is_undone(found["facts"]):
        return None
    if case.version != found["version"] + 1:
        return None
    return _judged(case, viewer, now, found)


def _since(case: Case) -> dict[str, Any] | None:
    with connection.cursor() as cursor:
        cursor.execute(SINCE, {"case": case.pk, "parent": case.parent_id or 0, "number": case.number})
        row = cursor.fetchone()
    if row is None:
        return None
    at, actor, action, version, facts, told, moved = row
    facts = json.loads(facts) if isinstance(facts, str) else facts
    return {
        "at": at,
        "actor": actor,
        "action": action,
        "version": version,
        "facts": facts,
        "told": told,
        "moved": moved,
    }


def _is_undone(facts: Iterable[dict[str, Any]]) -> bool:
    return any(fact["type"] == DeedUndone.event_type for fact in facts)


def _judged(case: Case, viewer: Viewer, now: dt.datetime, found: dict[str, Any]) -> Undoable:
    book = book_of(case.handbook_version_id)
    deed = next((f for f in found["facts"] if f["type"] == TAKEN and f["payload"]["action"] == found["action"]), None)
    words = [NOTHING] if deed is None or _is_undone(found["facts"]) else list(_why_not(case, book, viewer, now, found))
    return Undoable(found["action"], deed, tuple(Reason(each) for each in words))


def _why_not(case: Case, book: Book, viewer: Viewer, now: dt.datetime, found: dict[str, Any]) -> Iterable[Text]:
    if now - found["at"] > WITHIN:
        yield TOO_LATE
    facts = [fact for fact in found["facts"] if fact["type"] not in BESIDE]
    others = [f for f in facts if f["actor"] not in (viewer.principal, SYSTEM) and f["type"] not in FIRED]
    if others:
        yield COLLEAGUE
    elif case.version != found["version"] + 1:
        yield WENT_ON
    if any(fact["type"] in FIRED for fact in facts):
        yield LIMIT_FIRED
    if found["told"]:
        yield TOLD
    if book.action(case.process, found["action"]).opens is not None:
        yield OPENED
    if found["moved"]:
        yield MOVED
    if any(f["type"] not in RESTORED | FIRED | OWN for f in facts if f not in others):
        yield FOLLOWED


def undo_deed(case_id: int, *, by: Viewer, now: dt.datetime) -> Case:
    """Take back the last action on the case; answers with the case as it was before, one version on.

    Raises NotFound, NotYours for somebody else's, Impossible with every reason why it cannot be undone whole.
    """
    with transaction.atomic():
        case = _locked(case_id, now)
        found = _since(case)
        if found is None or not by.holds(case.audience):
            raise NotFound(case.number)
        if by.staff is None or found["actor"] != by.principal:
            raise NotYours([Reason(NOT_HIS)])
        undoable = _judged(case, by, now, found)
        before = LastDeed.objects.get(pk=case_id).before
        reasons = [*undoable.reasons, *_too_late_for_limits(case, before, now)]
        if reasons or undoable.deed is None:
            raise Impossible(reasons or [Reason(NOTHING)])
        _undo(case, undoable.deed, before, by, now)
        return Case.objects.select_related("parent", "department", "owner", "customer").get(pk=case_id)


def _locked(case_id: int, now: dt.datetime) -> Case:
    """The row under a lock, after what ran out before has followed."""
    rows = Case.objects.select_for_update(of=("self",)).select_related("department", "parent")
    case = rows.get(pk=case_id)
    late = [clock.pk for clock in open_clocks(("case", case_id)) if clock.next_at and clock.next_at <= now]
    return rows.get(pk=case_id) if late and overtake(late, now) else case


def _too_late_for_limits(case: Case, before: dict[str, Any], now: dt.datetime) -> list[Reason]:
    book, found = book_of(case.handbook_version_id), []
    for clause in run_out_by(before, now):
        title = book.clause(clause).title
        words = Text(
            zh=f"“{title.zh}”的时限已经过了，撤销会立即超时。",
            en=f"“{title.say('en')}” has run out since and would be overdue at once.",
        )
        found.append(Reason(words, clause))
    return found


def _undo(case: Case, deed: dict[str, Any], before: dict[str, Any], by: Viewer, now: dt.datetime) -> None:
    filling = deed["payload"].get("filling")
    back = go_back(case, before, by=by.principal, now=now, why=DeedUndone.event_type)
    freezing.rekey(back)
    if filling is not None:
        undo_filling(int(filling), by=by.principal, at=now)
    event = DeedUndone(int(deed["id"]), str(deed["payload"]["action"]), filling)
    (fact,) = record([fact_of(back, event, at=now, actor=by.principal)])
    undo_uses(("case", case.pk), int(before["use"]), fact.id)
    LastDeed.objects.filter(pk=case.pk).delete()


def undone_deeds(facts: Iterable[Fact]) -> set[int]:
    """Of a case's facts, the ids of actions that were undone."""
    return {int(fact.payload["deed"]) for fact in facts if fact.type == DeedUndone.event_type}
