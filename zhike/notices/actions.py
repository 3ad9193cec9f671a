"""Writing notices, and noting that they were read."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from pydantic_core import to_json

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.notices.events import NoticeTold
from zhike.notices.models import Reading
from zhike.notices.queries import addressed_to
from zhike.org.principals import SYSTEM, Viewer


@dataclass(frozen=True, slots=True)
class Tell:
    """One notice. `to` are principals; `kind` is warned, breached, missed, told, arrived, mentioned or followed."""

    at: dt.datetime
    to: Sequence[str]
    kind: str
    clause: str
    handbook: str
    subject: tuple[str, int]
    words: Text


# The ids follow the order of the batch: nextval() is evaluated above the sort.
INSERT = """
WITH written AS (
    INSERT INTO notices_notice (at, "to", kind, clause, handbook, subject_kind, subject_id, words)
    SELECT at, "to", kind, clause, handbook, subject_kind, subject_id, words
    FROM jsonb_to_recordset(%s::jsonb) AS new(
        n int, at timestamptz, "to" text[], kind text, clause text, handbook text, subject_kind text, subject_id bigint,
        words jsonb)
    ORDER BY n
    RETURNING id
)
SELECT array_agg(id ORDER BY id) FROM written
"""


def tell(notices: Sequence[Tell]) -> list[int]:
    """Write notices with one statement, in the caller's transaction; answers with their ids.

    The product itself is told nothing, and a notice to nobody is left out. Those whom a batch tells several things hear
    of it once on the live feed.
    """
    addressed = [(told, sorted(set(told.to) - {SYSTEM})) for told in notices]
    addressed = [(told, to) for told, to in addressed if to]
    if not addressed:
        return []
    rows = [_row(n, told, to) for n, (told, to) in enumerate(addressed)]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [to_json(rows).decode()])
        (ids,) = cursor.fetchone()
    latest: dict[tuple[str, ...], NewFact] = {}
    counts = Counter(tuple(to) for _, to in addressed)
    for number, (told, to) in zip(ids, addressed, strict=True):
        latest[tuple(to)] = _told(number, told, to, counts[tuple(to)])
    record(list(latest.values()))
    return list(ids)


def _row(n: int, told: Tell, to: list[str]) -> dict[str, Any]:
    kind, number = told.subject
    return {
        "n": n,
        "at": told.at,
        "to": to,
        "kind": told.kind,
        "clause": told.clause,
        "handbook": told.handbook,
        "subject_kind": kind,
        "subject_id": number,
        "words": {"zh": told.words.zh, "en": told.words.en},
    }


def _told(number: int, told: Tell, to: list[str], count: int) -> NewFact:
    clauses = (told.clause,) if told.clause else ()
    subject = ("notice", number)
    return NewFact(NoticeTold(number, told.kind, count), told.at, subject, SYSTEM, told.handbook, clauses, to)


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
