"""Writing notices, and noting that they were read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.notices.events import NoticeTold
from zhike.notices.models import Notice, Reading
from zhike.notices.queries import addressed_to
from zhike.org.principals import SYSTEM, Viewer


@dataclass(frozen=True, slots=True)
class Tell:
    """One notice. `to` are principals; `kind` is warned, breached, missed, told or arrived."""

    at: dt.datetime
    to: Sequence[str]
    kind: str
    clause: str
    handbook: str
    subject: tuple[str, int]
    words: Text


def tell(notices: Sequence[Tell]) -> list[Notice]:
    """Write notices with one statement, in the caller's transaction. One addressed to nobody is left out."""
    written = Notice.objects.bulk_create([_notice(told) for told in notices if set(told.to) - {SYSTEM}])
    if written:
        record([_told(notice) for notice in written])
    return written


def _notice(told: Tell) -> Notice:
    kind, number = told.subject
    return Notice(
        at=told.at,
        to=sorted(set(told.to) - {SYSTEM}),
        kind=told.kind,
        clause=told.clause,
        handbook=told.handbook,
        subject_kind=kind,
        subject_id=number,
        words={"zh": told.words.zh, "en": told.words.en},
    )


def _told(notice: Notice) -> NewFact:
    subject = (notice.subject_kind, notice.subject_id)
    clauses = (notice.clause,) if notice.clause else ()
    return NewFact(NoticeTold(notice.pk, notice.kind), notice.at, subject, SYSTEM, notice.handbook, clauses, notice.to)


def mark_read(viewer: Viewer, notice_ids: Collection[int], at: dt.datetime) -> int:
    """Note that this member of staff has read these; ids that are not addressed to him are passed over. Answers how
    many were.
    """
    if viewer.staff is None:
        return 0
    mine = addressed_to(viewer).filter(pk__in=list(notice_ids)).values_list("pk", flat=True)
    return _read(viewer, list(mine), at)


def mark_all_read(viewer: Viewer, upto: int, at: dt.datetime) -> int:
    """Note that everything addressed to him up to the notice `upto` is read: what came after his page was drawn stays
    unread.
    """
    if viewer.staff is None:
        return 0
    mine = addressed_to(viewer).filter(pk__lte=upto).exclude(reading__staff=viewer.staff).values_list("pk", flat=True)
    return _read(viewer, list(mine), at)


def _read(viewer: Viewer, notice_ids: Sequence[int], at: dt.datetime) -> int:
    readings = [Reading(notice_id=number, staff=viewer.staff, at=at) for number in notice_ids]
    with transaction.atomic():
        Reading.objects.bulk_create(readings, ignore_conflicts=True)
    return len(readings)
