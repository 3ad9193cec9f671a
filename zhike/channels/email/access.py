"""Who may see which mail. One in a conversation is seen by whoever sees the conversation; one that is kept aside by those who answer
mails of its handbook, their superiors, and administrators, who look after the mailboxes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from zhike.channels.email.models import Mail, Mailbox, Outgoing
from zhike.conversations.access import roles_of
from zhike.conversations.models import Medium
from zhike.handbook.structure import Queue
from zhike.org.handbooks import book_of, in_force
from zhike.org.principals import Viewer, role_key


class NotFound(LookupError):
    """No such mail or mailbox, or not for this viewer: the same answer for both."""


def check_right(viewer: Viewer) -> None:
    """Raises NotFound for who keeps no mailboxes."""
    if not viewer.is_admin:
        raise NotFound("mailboxes")


def mailbox_for(viewer: Viewer, number: int, *, lock: bool = False) -> Mailbox:
    """The mailbox with its inbox. Raises NotFound."""
    check_right(viewer)
    rows = Mailbox.objects.select_related("inbox")
    found = (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=number).first()
    if found is None:
        raise NotFound(number)
    return found


def visible_mails(viewer: Viewer, now: dt.datetime) -> QuerySet[Mail]:
    """Every mail this viewer may see, unordered."""
    rows = Mail.objects.select_related("mailbox__inbox", "conversation")
    seen = Q(conversation__audience__overlap=sorted(viewer.keys))
    aside = Q(conversation=None)
    if not viewer.is_admin:
        aside &= Q(mailbox__inbox__handbook__in=handbooks_answered_by(viewer, now))
    return rows.filter(seen | aside)


def mail_for(viewer: Viewer, number: int, now: dt.datetime) -> Mail:
    """The mail. Raises NotFound."""
    found = visible_mails(viewer, now).filter(pk=number).first()
    if found is None:
        raise NotFound(number)
    return found


def outgoing_for(viewer: Viewer, number: int) -> Outgoing:
    """A mail of ours in a conversation he may see. Raises NotFound."""
    rows = Outgoing.objects.select_related("message__conversation", "mailbox__inbox")
    found = rows.filter(pk=number, message__conversation__audience__overlap=sorted(viewer.keys)).first()
    if found is None:
        raise NotFound(number)
    return found


def handbooks_answered_by(viewer: Viewer, now: dt.datetime) -> Sequence[str]:
    """Handbooks in which he answers mails, or is the superior of those who do."""
    return [version.name for version in in_force(now) if _answers_mails(viewer, version.pk)]


def _answers_mails(viewer: Viewer, version: int) -> bool:
    book = book_of(version)
    queues: list[Queue | None] = [queue for queue in book.handbook.queues if Medium.EMAIL in queue.media]
    return any(role_key(book.name, role) in viewer.keys for queue in queues or [None] for role in roles_of(queue, book))
