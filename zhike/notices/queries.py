"""Reading notices: only what is addressed to one of the viewer's keys."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from zhike.journal.statements import array_of
from zhike.journal.stream import LAST
from zhike.notices.models import Notice, Reading
from zhike.org.principals import Viewer

MOST_COUNTED = 99
COUNT_UNREAD = """
SELECT count(*) FROM (
    SELECT FROM notices_notice AS notice WHERE notice."to" && %s::varchar[]
    AND NOT EXISTS (SELECT FROM notices_reading AS reading WHERE reading.notice_id = notice.id AND reading.staff_id = %s)
    LIMIT %s
) AS unread
"""

POSITION_AND_UNREAD = f"SELECT ({LAST}), ({COUNT_UNREAD})"


def addressed_to(viewer: Viewer) -> QuerySet[Notice]:
    """Every notice the viewer may read."""
    return Notice.objects.filter(to__overlap=sorted(viewer.keys))


def notices_of(viewer: Viewer, limit: int = 50, before: int | None = None, kind: str = "") -> list[Notice]:
    """The viewer's notices, newest first, each with `read`: whether this person has read it. `before`: id of the last
    row shown; `kind`: of that kind alone.
    """
    found = addressed_to(viewer).filter(kind=kind) if kind else addressed_to(viewer)
    found = found.annotate(read=Exists(_readings(viewer)))
    return list((found.filter(pk__lt=before) if before else found).order_by("-id")[:limit])


def unread(viewer: Viewer, limit: int = 50) -> list[Notice]:
    """What the viewer has not read yet, newest first; nothing for somebody who is not staff. One query."""
    return list(_unread(viewer).order_by("-id")[:limit])


def count_unread(viewer: Viewer, most: int = MOST_COUNTED) -> int:
    """How many are unread, counted no further than one beyond `most`. One query."""
    if viewer.staff is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(COUNT_UNREAD, [array_of(viewer.keys), viewer.staff.pk, most + 1])
        counted: int = cursor.fetchone()[0]
    return counted


def position_and_unread(viewer: Viewer, most: int = MOST_COUNTED) -> tuple[int, int]:
    """The position of the newest fact in the stream and what `count_unread` answers, at one moment. One query."""
    with connection.cursor() as cursor:
        cursor.execute(POSITION_AND_UNREAD, [array_of(viewer.keys), viewer.staff.pk if viewer.staff else 0, most + 1])
        position, counted = cursor.fetchone()
    return position, counted


def count_mentions(viewer: Viewer, most: int = MOST_COUNTED) -> int:
    """How many notes that mention the viewer he has not read, counted no further than one beyond `most`. One query."""
    return _unread(viewer).filter(kind="mentioned").order_by()[: most + 1].count()


def readings_at(viewer: Viewer, at: dt.datetime, subject: tuple[str, int] | None = None) -> QuerySet[Reading]:
    """What this person noted as read at that very moment, of one subject alone where one is named."""
    if viewer.staff is None:
        return Reading.objects.none()
    found = Reading.objects.filter(staff=viewer.staff, at=at)
    return found.filter(notice__subject_kind=subject[0], notice__subject_id=subject[1]) if subject else found


def _unread(viewer: Viewer) -> QuerySet[Notice]:
    if viewer.staff is None:
        return Notice.objects.none()
    return addressed_to(viewer).filter(~Exists(_readings(viewer)))


def _readings(viewer: Viewer) -> QuerySet[Reading]:
    return Reading.objects.filter(notice=OuterRef("pk"), staff=viewer.staff)
