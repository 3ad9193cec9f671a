"""A duplicate goes under the case that leads: its clocks end without a verdict, its story is told there, its number leads there.

It can be undone for as long as nothing of it has left the house; then the duplicate is again what it was.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from zhike.cases import attempts, written
from zhike.cases.allowed import EMPTIED, may_steer
from zhike.cases.events import CaseAbsorbed, CaseMerged, CaseMergeUndone
from zhike.cases.facts import facts_of
from zhike.cases.holders import audience_of
from zhike.cases.images import customer_changed, go_back, image_of, run_out_by
from zhike.cases.models import Case, Merge, Note
from zhike.cases.refusals import CaseError, Impossible, NotFound, NotYours, Reason, Refused
from zhike.cases.standing import standing_of
from zhike.cases.written import fact_of
from zhike.clocks.actions import cancel_clocks, overtake
from zhike.clocks.queries import open_clocks
from zhike.duties.actions import release
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.decide import judge
from zhike.handbook.named import with_named
from zhike.journal.actions import record
from zhike.journal.models import Fact
from zhike.notices.models import Notice
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer

EVENT = CaseMerged.event_type
TO_MERGE = Text(zh="合并工单", en="merge the case")
NOT_YOURS = Text(
    zh="轮到您办理、或者您能交出去的工单，您才能合并。",
    en="You can merge a case that waits for you, or that you could hand over.",
)
UNSEEN = Text(zh="主单您看不到，不能并入。", en="You may not see the case that would lead.")
SAME = Text(zh="不能并入自己，请填写另一张工单的单号。", en="A case is not merged into itself; name another one.")
CLOSED = Text(
    zh="办结的工单不再合并，可以把它关联为重复。", en="A closed case is not merged; link it as a duplicate instead."
)
LEADS_NOTHING = Text(
    zh="主单已经办结，并进去就没有人办了；可以把这张关联为重复。",
    en="The case that would lead is closed and nobody would act; link this one as a duplicate instead.",
)
ALREADY = Text(zh="其中一张已经并入别的工单。", en="One of them was merged already.")
LEADS = Text(
    zh="已有工单并入这一张，请以它为主单，把另一张并进来。",
    en="Another case was merged into this one; let it lead instead.",
)
CHILD = Text(
    zh="它是由另一张工单引出的，不能单独并入；请合并引出它的那一张。",
    en="It was opened by another case and moves it; merge that one.",
)
FAMILY = Text(
    zh="它引出的工单还没有办结，办结以后再合并。", en="A case it opened is still open; merge it when that is closed."
)


class Differs(CaseError):
    """The two cases differ in something that a duplicate should share; whoever means it says so again."""


def differences(dropped: Case, leading: Case) -> list[Reason]:
    """What two cases of one matter would have in common, and these have not."""
    found: list[Text] = []
    if dropped.handbook != leading.handbook:
        found.append(Text(zh="两张工单不属于同一部制度。", en="They run under different handbooks."))
    elif dropped.process != leading.process:
        found.append(Text(zh="两张工单不是同一种流程。", en="They are of different processes."))
    if dropped.customer_id != leading.customer_id:
        words = "两张工单不是同一位顾客的；合并后这位顾客看不到主单。"
        found.append(Text(zh=words, en="They are of different customers; this one will not see the leading case."))
    return [Reason(words) for words in found]


def merge_cases(dropped_id: int, leading_id: int, *, by: Viewer, now: dt.datetime, confirmed: bool = False) -> Case:
    """Put `dropped` under `leading`; answers with the dropped one as it now is.

    Raises NotYours, Impossible, Differs (unless `confirmed`), Refused: a clause stands against it, which is written down.
    """
    try:
        with transaction.atomic():
            dropped, leading = _locked(dropped_id, leading_id, now)
            book = book_of(dropped.handbook_version_id)
            _check(dropped, leading, book, by)
            reasons = differences(dropped, leading)
            if reasons and not confirmed:
                raise Differs(reasons)
            _ask_clauses(dropped, book)
            _merge(dropped, leading, book, by, now)
            return dropped
    except Refused as refused:
        with transaction.atomic():
            written.write_turned_away(dropped, book, "merge", refused, by, now)
            attempts.follow_turned_away(dropped, book, TO_MERGE, refused, by, now)
        raise


def _locked(dropped_id: int, leading_id: int, now: dt.datetime) -> tuple[Case, Case]:
    """Both rows, locked in the order of their ids, after what ran out before has followed."""
    ids = sorted({dropped_id, leading_id})
    rows = Case.objects.select_for_update(of=("self",)).select_related("department", "parent", "owner")
    found = {case.pk: case for case in rows.filter(pk__in=ids).order_by("pk")}
    late = [c.pk for number in ids for c in open_clocks(("case", number)) if c.next_at and c.next_at <= now]
    if late and overtake(late, now):
        found = {case.pk: case for case in rows.filter(pk__in=ids).order_by("pk")}
    return found[dropped_id], found[leading_id]


def _check(dropped: Case, leading: Case, book: Book, by: Viewer) -> None:
    if not may_steer(dropped, book, by):
        raise NotYours([Reason(NOT_YOURS)])
    if not by.holds(leading.audience):
        raise NotYours([Reason(UNSEEN)])
    wrong = _why_not(dropped, leading)
    if wrong is not None:
        raise Impossible([Reason(wrong)])


def _why_not(dropped: Case, leading: Case) -> Text | None:
    if dropped.pk == leading.pk:
        return SAME
    if dropped.merged_into_id is not None or leading.merged_into_id is not None:
        return ALREADY
    if dropped.status == Case.Status.CLOSED:
        return CLOSED
    if leading.status == Case.Status.CLOSED:
        return LEADS_NOTHING
    if dropped.parent_id is not None:
        return CHILD
    if dropped.absorbed.exists():
        return LEADS
    return FAMILY if dropped.children.filter(status=Case.Status.OPEN).exists() else None


def _ask_clauses(dropped: Case, book: Book) -> None:
    """The gates on `case.merged`, and whatever stands against closing the case: a duplicate is no way around either."""
    blocked = book.listening_to("blocks", dropped.process, "case.closed")
    facts = with_named(book, facts_of(dropped, book) | standing_of(book, [dropped.pk])[dropped.pk])
    asked = [EVENT, *(["case.closed"] if blocked else [])]
    found = judge(book, facts, on=asked, process=dropped.process, form={})
    if found.refusals:
        raise Refused([Reason(r.words, r.decision.clause_id, (), r.decision) for r in found.refusals])


def _merge(dropped: Case, leading: Case, book: Book, by: Viewer, now: dt.datetime) -> None:
    Merge.objects.create(dropped=dropped, leading=leading, at=now, by=by.principal, before=image_of(dropped))
    subject = ("case", dropped.pk)
    release(subject, now, by.principal)
    cancel_clocks(subject, at=now, by=by.principal, why=EVENT)
    dropped.merged_into, dropped.status, dropped.closed_at = leading, Case.Status.CLOSED, now
    dropped.holders, dropped.next_due_at = [], None
    # Whoever held it keeps sight of it, so that the old number still leads him somewhere.
    dropped.audience = sorted({*dropped.audience, *audience_of(dropped, book), by.principal})
    dropped.updated_at, dropped.version = now, dropped.version + 1
    dropped.save(
        update_fields=[
            "merged_into", "status", "closed_at", "holders", "next_due_at", "audience", "updated_at", "version",
        ]
    )  # fmt: skip
    _touch(leading, now)
    record(
        [
            fact_of(dropped, CaseMerged(leading.pk, leading.number), at=now, actor=by.principal),
            fact_of(leading, CaseAbsorbed(dropped.pk, dropped.number), at=now, actor=by.principal),
        ]
    )


def _touch(case: Case, now: dt.datetime) -> None:
    case.updated_at, case.version = now, case.version + 1
    case.save(update_fields=["updated_at", "version"])


def undo_merge(dropped_id: int, *, by: Viewer, now: dt.datetime) -> Case:
    """The duplicate is a case of its own again, as it was. Raises NotFound where it is not merged, NotYours, Impossible."""
    merge = Merge.objects.filter(dropped_id=dropped_id, undone_at=None).first()
    if merge is None:
        raise NotFound(str(dropped_id))
    with transaction.atomic():
        dropped, leading = _locked(dropped_id, merge.leading_id, now)
        merge = Merge.objects.select_for_update().filter(pk=merge.pk, undone_at=None).first()
        if merge is None:
            raise NotFound(str(dropped_id))
        if by.staff is None or not by.holds(dropped.audience) or not _may_undo(merge, leading, by):
            raise NotYours([Reason(NOT_YOURS)])
        if dropped.emptied_at is not None or leading.emptied_at is not None:
            raise Impossible([Reason(EMPTIED, dropped.emptied_by or leading.emptied_by)])
        reasons = _left_the_house(merge, dropped, leading, now)
        if reasons:
            raise Impossible(reasons)
        dropped = go_back(dropped, merge.before, by=by.principal, now=now, why=CaseMergeUndone.event_type)
        merge.undone_at, merge.undone_by = now, by.principal
        merge.save(update_fields=["undone_at", "undone_by"])
        _touch(leading, now)
        record(
            [
                fact_of(dropped, CaseMergeUndone(leading.pk, leading.number), at=now, actor=by.principal),
                fact_of(leading, CaseMergeUndone(dropped.pk, dropped.number), at=now, actor=by.principal),
            ]
        )
    return dropped


def _may_undo(merge: Merge, leading: Case, by: Viewer) -> bool:
    return merge.by == by.principal or may_steer(leading, book_of(leading.handbook_version_id), by)


def _left_the_house(merge: Merge, dropped: Case, leading: Case, now: dt.datetime) -> list[Reason]:
    """Why it can no longer be undone: the customer heard or did something, the leading case went on, a limit would have run out."""
    found: list[Text] = []
    both, since = [dropped.pk, leading.pk], merge.before["fact"]
    if Note.objects.filter(case_id__in=both, internal=False, at__gte=merge.at).exists():
        found.append(Text(zh="合并以后已经和顾客通过话。", en="Words were exchanged with the customer since."))
    told = Notice.objects.filter(pk__gt=merge.before["notice"], subject_kind="case", subject_id__in=both)
    if any(person.startswith("customer:") for to in told.values_list("to", flat=True) for person in to):
        found.append(Text(zh="合并以后已经通知了顾客。", en="The customer was told something since."))
    if Fact.objects.filter(subject_kind="case", subject_id=leading.pk, pk__gt=since, type="case.action_taken").exists():
        found.append(Text(zh="主单在合并以后已经往下办了。", en="The leading case went on since."))
    if customer_changed(dropped, merge.before):
        found.append(Text(zh="顾客档案在合并以后变过。", en="The customer's file was merged since."))
    book = book_of(dropped.handbook_version_id)
    for clause in run_out_by(merge.before, now):
        title = book.clause(clause).title
        words = Text(
            zh=f"“{title.zh}”的时限已经过了，撤销会立即超时。", en=f"“{title.say('en')}” would be overdue at once."
        )
        found.append(words)
    return [Reason(words) for words in found]
