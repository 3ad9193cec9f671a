"""A folder looked through: every mail after the last one is taken up, in its order, and the place noted after each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from zhike.channels.email.imap import Folder, Stopped
from zhike.channels.email.models import Mailbox
from zhike.channels.email.receiving import Taken, take
from zhike.channels.email.resting import note_good
from zhike.lib.clock import Source

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
Take = Callable[..., Taken]


def look_through(mailbox: Mailbox, folder: Folder, clock: Source, stopped: Stopped = lambda: False) -> int:
    """Take up what is new; answers how many mails were. Read or unread makes no difference: others may read the folder too.

    A folder that was made anew (another UIDVALIDITY) is gone through from `since` on; what was taken before is known by its digest.
    """
    count = 0
    for uid in _new(mailbox, folder):
        if stopped():
            break
        if (data := folder.fetch(uid)) is not None:
            count += not take(mailbox, data, now=clock()).again
        _keep_place(mailbox, folder.uidvalidity, max(uid, mailbox.last_uid))
    else:
        # Nothing new: a folder made anew, or one that is looked at for the first time, is known from here on.
        if mailbox.uidvalidity != folder.uidvalidity:
            _keep_place(mailbox, folder.uidvalidity, mailbox.last_uid)
    note_good(mailbox.pk, clock())
    return count


def _new(mailbox: Mailbox, folder: Folder) -> list[int]:
    if mailbox.uidvalidity == folder.uidvalidity:
        return folder.after(mailbox.last_uid)
    mailbox.last_uid = 0
    return folder.since(_day(mailbox.since))


def _day(at: dt.datetime) -> str:
    """The day as IMAP writes it; servers compare days in their own zone, so it is the day before.

    >>> _day(dt.datetime(2025, 3, 3, tzinfo=dt.UTC))
    '2-Mar-2025'
    """
    day = at.astimezone(dt.UTC).date() - dt.timedelta(days=1)
    return f"{day.day}-{MONTHS[day.month - 1]}-{day.year}"


def _keep_place(mailbox: Mailbox, uidvalidity: int, uid: int) -> None:
    mailbox.uidvalidity, mailbox.last_uid = uidvalidity, uid
    Mailbox.objects.filter(pk=mailbox.pk).update(uidvalidity=uidvalidity, last_uid=uid)
