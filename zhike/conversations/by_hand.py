"""Visits, letters and calls without a line of ours, written down by whoever received them: the same timeline as everything else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from zhike.conversations.actions import Incoming, receive, say, set_customer
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Inbox, Medium
from zhike.customers.models import Customer
from zhike.org.principals import Viewer

MEDIA = (Medium.VISIT, Medium.LETTER, Medium.PHONE)


@dataclass(frozen=True, slots=True)
class Contact:
    """What somebody wrote down. `phone` in E.164 or ""; `said` what the customer wanted, `answered` what he was told.

    `files` are tokens of what came along, such as the letter itself. `happened_at`: when it was, where it is written down later;
    it is shown, and limits still run from the writing down, because only then the house knows.
    """

    handbook: str
    medium: str
    key: str
    said: str
    answered: str = ""
    name: str = ""
    phone: str = ""
    subject: str = ""
    customer: Customer | None = None
    files: Sequence[str] = ()
    happened_at: dt.datetime | None = None


def write_down(contact: Contact, viewer: Viewer, *, now: dt.datetime) -> Conversation:
    """A conversation of whoever writes it down. The same key again, also at the same time, gives the same one."""
    with transaction.atomic():
        _one_at_a_time(contact.key)
        address = _address(contact, viewer)
        if (found := _known(contact, address)) is not None:
            return found
        received = receive(_inbox(contact, now), _incoming(contact, address), now=now)
        conversation = accept(received.conversation, viewer, now=now)
        if contact.customer is not None and conversation.customer_id != contact.customer.pk:
            set_customer(conversation, contact.customer, by=viewer, now=now, how="by_hand")
        if contact.answered.strip():
            say(conversation, viewer, words=contact.answered, key=f"{contact.key}/answer", now=now)
    return conversation


def _one_at_a_time(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"write_down/{key}"])


def _known(contact: Contact, address: str) -> Conversation | None:
    """The one this very press of the button made before."""
    ours = Conversation.objects.filter(address__inbox_medium=contact.medium, address__value=address)
    return ours.filter(messages__key=contact.key).first()


def _address(contact: Contact, viewer: Viewer) -> str:
    """Somebody without a number is nobody known: each contact has an address of its own then."""
    if contact.phone:
        return contact.phone
    return f"customer:{contact.customer.pk}" if contact.customer else f"unnamed:{viewer.principal}:{contact.key}"


def _inbox(contact: Contact, now: dt.datetime) -> Inbox:
    return Inbox.objects.get_or_create(
        key=f"by-hand:{contact.handbook}:{contact.medium}",
        defaults={
            "medium": contact.medium, "name": Medium(contact.medium).label, "handbook": contact.handbook, "created_at": now,
        },
    )[0]  # fmt: skip


def _incoming(contact: Contact, address: str) -> Incoming:
    return Incoming(
        address=address,
        key=contact.key,
        words=contact.said,
        name=contact.name or (contact.customer.name if contact.customer else ""),
        subject=contact.subject,
        contact={"phone": contact.phone} if contact.phone else {},
        files=contact.files,
        facts={"source": "by_hand"} | ({"happened_at": contact.happened_at.isoformat()} if contact.happened_at else {}),
    )
