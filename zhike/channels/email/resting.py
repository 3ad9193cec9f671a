"""A mailbox whose folder cannot be read: tried ever more seldom, and after its own patience no more until somebody looks at it.

In the machine's time (`wall`): a server is away in real time, whatever the product's clock says.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from zhike.channels.email.events import MailboxGivenUp
from zhike.channels.email.models import Mailbox
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.notices.actions import Tell, tell
from zhike.org.models import Staff
from zhike.org.principals import SYSTEM, staff_key

FIRST_WAIT, LONGEST_WAIT = 5.0, 900.0
"""Seconds before the next attempt: 5, 10, 20 ... 900."""
GIVEN_UP = Text(
    zh="邮箱 {address} 连续 {hours} 小时收不到信，已停止尝试。请检查后在邮箱页面上重新开始。",
    en="The mailbox {address} could not be read for {hours} hours and is tried no more. Look at it and begin again on its page.",
)


def pause(failures: int) -> float:
    """Seconds before the next attempt after so many in a row that failed; a moment after a good one.

    >>> [pause(number) for number in (0, 1, 2, 5, 50)]
    [0.2, 5.0, 10.0, 80.0, 900.0]
    """
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures - 1, 10)) if failures else 0.2


def note_fault(number: int, why: str, *, now: dt.datetime, wall: dt.datetime) -> float | None:
    """The folder cannot be read; shown beside the mailbox. Seconds before the next attempt, None where there is to be none."""
    with transaction.atomic():
        row = Mailbox.objects.select_for_update(of=("self",)).select_related("inbox").filter(pk=number).first()
        if row is None:
            return None
        row.failures, row.read_fault = row.failures + 1, why[:300]
        row.failing_since = row.failing_since or wall
        seconds: float | None = pause(row.failures)
        if row.patience and wall - row.failing_since >= dt.timedelta(hours=row.patience):
            row.gave_up_at, seconds = wall, None
            _tell_given_up(row, now)
        row.next_try_at = wall + dt.timedelta(seconds=seconds) if seconds is not None else None
        row.save(update_fields=["failures", "read_fault", "failing_since", "gave_up_at", "next_try_at"])
    return seconds


def _tell_given_up(row: Mailbox, now: dt.datetime) -> None:
    subject = ("mailbox", row.pk)
    record([NewFact(MailboxGivenUp(row.address), at=now, subject=subject, actor=SYSTEM, handbook=row.inbox.handbook)])
    administrators = Staff.objects.filter(is_admin=True, is_active=True).order_by("pk").values_list("pk", flat=True)
    words = Text(
        zh=GIVEN_UP.zh.format(address=row.address, hours=row.patience),
        en=GIVEN_UP.say("en").format(address=row.address, hours=row.patience),
    )
    to = [staff_key(each) for each in administrators]
    tell([Tell(at=now, to=to, kind="told", clause="", handbook=row.inbox.handbook, subject=subject, words=words)])


def note_good(number: int, now: dt.datetime) -> None:
    """The folder was looked through."""
    Mailbox.objects.filter(pk=number).update(
        read_at=now, read_fault="", failures=0, failing_since=None, next_try_at=None, gave_up_at=None
    )


ANEW = {"failures": 0, "failing_since": None, "next_try_at": None, "gave_up_at": None}
"""Columns of a mailbox that is tried as if it had never failed."""
