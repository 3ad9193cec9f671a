"""Writing notices, and noting that they were read."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from pydantic_core import to_json

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.gates import current_audiences
from zhike.notices.events import NoticeTold
from zhike.notices.models import Reading
from zhike.notices.queries import addressed_to, readings_at
from zhike.org.handbooks import viewer
from zhike.org.principals import SYSTEM, Viewer, staff_key, staff_number
from zhike.org.substitution import substitutes_at


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

    The product itself is told nothing, and a notice to nobody is left out. What is told to somebody who is away is told to his
    substitute too, where he may see what it is about by his own rights. Those whom a batch tells several things hear
    of it once on the live feed.
    """
    addressed = [(told, sorted(set(told.to) - {SYSTEM})) for told in notices]
    addressed = [(told, to) for told, to in addressed if to]
    if not addressed:
        return []
    addressed = _with_substitutes(addressed)
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


def _with_substitutes(addressed: list[tuple[Tell, list[str]]]) -> list[tuple[Tell, list[str]]]:
    """One query where somebody is told in person; more only while one of those is away."""
    people = {staff_number(person) for _, to in addressed for person in to} - {None}
    at = max(told.at for told, _ in addressed)
    standing = substitutes_at([number for number in people if number is not None], at)
    if not standing:
        return addressed
    away = {staff_key(absent): viewer(substitute) for absent, substitute in standing.items()}
    audiences = current_audiences({told.subject for told, to in addressed if not away.keys().isdisjoint(to)})
    return [
        (
            told,
            sorted(
                {*to, *(away[p].principal for p in to if p in away and _sees(away[p], audiences.get(told.subject)))}
            ),
        )
        for told, to in addressed
    ]


def _sees(substitute: Viewer, audience: Collection[str] | None) -> bool:
    return audience is not None and substitute.holds(audience)


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
    unread. Answers how many were.
    """
    return _read_upto(viewer, Q(pk__lte=upto), at)


def mark_subject_read(viewer: Viewer, subject: tuple[str, int], upto: int, at: dt.datetime) -> int:
    """The same for what is told about one subject."""
    kind, number = subject
    return _read_upto(viewer, Q(pk__lte=upto, subject_kind=kind, subject_id=number), at)


def unmark_read(viewer: Viewer, at: dt.datetime, subject: tuple[str, int] | None = None) -> int:
    """Take back what he marked at that very moment, of one subject alone where one is named. Answers how many are unread again."""
    taken, _ = readings_at(viewer, at, subject).delete()
    return taken


def _read_upto(viewer: Viewer, which: Q, at: dt.datetime) -> int:
    if viewer.staff is None:
        return 0
    mine = addressed_to(viewer).filter(which).exclude(reading__staff=viewer.staff).values_list("pk", flat=True)
    return _read(viewer, list(mine), at)


def _read(viewer: Viewer, notice_ids: Sequence[int], at: dt.datetime) -> int:
    readings = [Reading(notice_id=number, staff=viewer.staff, at=at) for number in notice_ids]
    with transaction.atomic():
        Reading.objects.bulk_create(readings, ignore_conflicts=True)
    return len(readings)
