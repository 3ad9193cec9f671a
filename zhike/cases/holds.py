"""A case that is not to be deleted although it has been kept long enough: somebody said why, and somebody ends it."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from zhike.cases.allowed import over
from zhike.cases.events import CaseHeld, CaseHoldEnded
from zhike.cases.models import Case, Hold
from zhike.cases.refusals import Impossible, NotYours, Reason, Unreadable
from zhike.cases.written import fact_of
from zhike.handbook.common import Text
from zhike.journal.actions import record
from zhike.lib.text import clean_line
from zhike.org.principals import Viewer

LONGEST_WHY = 200
NOT_HIS = Text(
    zh="暂停删除由管理员或负责人办理。", en="A deletion is put off by an administrator or somebody in charge."
)
SAY_WHY = Text(zh="请写明为什么要保留，最多200字。", en="Say why it has to be kept, 200 characters at most.")
HELD_ALREADY = Text(zh="这张工单已经暂停删除。", en="The deletion of this case is put off already.")


def may_hold(case: Case, viewer: Viewer) -> bool:
    """An administrator, or somebody to whom the board is open; both only where they see the case, and nobody from outside."""
    if viewer.staff is None or viewer.is_external or not viewer.holds(case.audience):
        return False
    return viewer.is_admin or "board" in viewer.screens


def hold_of(case: Case) -> Hold | None:
    """The hold that stands. One query."""
    return Hold.objects.filter(case=case, ended_at=None).first()


def hold_case(case: Case, why: str, *, by: Viewer, now: dt.datetime) -> Hold:
    """Raises NotYours, Unreadable without a reason, Impossible where it is held or emptied already."""
    if not may_hold(case, by):
        raise NotYours([Reason(NOT_HIS)])
    said = clean_line(why)
    if not said or len(said) > LONGEST_WHY:
        raise Unreadable.of({"why": SAY_WHY})
    with transaction.atomic():
        locked = Case.objects.select_for_update().get(pk=case.pk)
        if locked.emptied_at is not None and (gone := over(locked)):
            raise Impossible([gone])
        try:
            with transaction.atomic():
                hold = Hold.objects.create(case=case, at=now, by=by.principal, why=said)
        except IntegrityError:
            raise Impossible([Reason(HELD_ALREADY)]) from None
        record([fact_of(case, CaseHeld(said), at=now, actor=by.principal)])
    return hold


def end_hold(case: Case, *, by: Viewer, now: dt.datetime) -> None:
    """Doing it twice is doing it once. Raises NotYours."""
    if not may_hold(case, by):
        raise NotYours([Reason(NOT_HIS)])
    with transaction.atomic():
        ended = Hold.objects.filter(case=case, ended_at=None).update(ended_at=now, ended_by=by.principal)
        if ended:
            record([fact_of(case, CaseHoldEnded(), at=now, actor=by.principal)])
