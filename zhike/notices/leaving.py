"""Unread notices to somebody in person are shown to his successor too; successors are told what came to them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from django.db import connection

from zhike.handbook.common import Text
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.notices.actions import Tell, tell
from zhike.org.events import StaffLeft
from zhike.org.holdings import Handover, Holding, Subject, register_holding
from zhike.org.models import Staff
from zhike.org.principals import staff_key

UNREAD = """
FROM notices_notice AS notice WHERE notice."to" @> ARRAY[%(key)s]::varchar[]
AND NOT EXISTS (SELECT FROM notices_reading AS reading WHERE reading.notice_id = notice.id AND reading.staff_id = %(who)s)
"""
COUNT = f"SELECT count(*) {UNREAD}"
SHOW = f"""
UPDATE notices_notice SET "to" = array_append("to", %(heir)s) WHERE id IN (SELECT notice.id {UNREAD})
AND NOT "to" @> ARRAY[%(heir)s]::varchar[]
"""  # noqa: S608 - only texts of this module


def unread_of(staff_id: int, _covered: Collection[Subject], _now: dt.datetime) -> Iterable[Holding]:
    """All of them are one row. One query."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": staff_key(staff_id), "who": staff_id})
        (count,) = cursor.fetchone()
    words = Text(zh=f"{count} 条没有读过的通知", en=f"{count} unread notices")
    return [Holding("notice", staff_id, words, optional=True)] if count else []


def show_to_heir(rows: Sequence[Holding], handover: Handover) -> None:
    for row in rows:
        heir = handover.given.get(row.key)
        if heir is not None:
            who: dict[str, str | int] = {"key": staff_key(row.id), "who": row.id, "heir": staff_key(heir.pk)}
            with connection.cursor() as cursor:
                cursor.execute(SHOW, who)


@reacts_to(StaffLeft)
def tell_successors(events: Sequence[Recorded[StaffLeft]]) -> None:
    """One notice a successor, however much came to him."""
    for event in events:
        counts = Counter(row["to"] for row in event.payload.handed)
        name = Staff.objects.filter(pk=event.subject[1]).values_list("name", flat=True)[0]
        tell([_told(event, heir, count, name) for heir, count in sorted(counts.items())])


def _told(event: Recorded[StaffLeft], heir: int, count: int, name: str) -> Tell:
    words = Text(
        zh=f"{name}已离职，{count} 件事交给您接手，请到工作台查看。",
        en=f"{name} has left; {count} things are yours now. See your desk.",
    )
    return Tell(event.at, [staff_key(heir)], "told", "", "", event.subject, words)


register_holding("notice", Text(zh="通知", en="Notices"), rank=40, find=unread_of, give=show_to_heir)
