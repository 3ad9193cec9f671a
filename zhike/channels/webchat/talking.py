"""What a visitor writes, and what he sees: his own conversation, without notes, without anybody's number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from zhike.channels.webchat.forms import Introduction, introduction
from zhike.channels.webchat.hours import Hours, hours_of
from zhike.channels.webchat.settings import WebchatSettings
from zhike.channels.webchat.visitors import customer_of, digest_of
from zhike.conversations.actions import Incoming, Received, close, mark_read, receive
from zhike.conversations.estimate import place_of
from zhike.conversations.models import Address, Conversation, Inbox, Message
from zhike.conversations.passing import tell_passing
from zhike.conversations.visiting import recognise
from zhike.customers.models import Customer
from zhike.handbook.common import Text
from zhike.journal.statements import array_of
from zhike.lib.content import is_picture
from zhike.records.models import Attachment

PAGE = 100
"""Messages told at once."""
Shown = dict[str, Any]
READ_BY_HOUSE = """
SELECT conversation_id, max(seq) FROM conversations_mark
WHERE conversation_id = ANY(%s) AND principal LIKE 'staff:%%' GROUP BY conversation_id
"""


class NobodyThere(Exception):
    """It is outside the hours of the queue he would wait in, or a clause lets nobody begin now."""

    def __init__(self, hours: Hours) -> None:
        super().__init__("closed")
        self.hours = hours


class OtherPerson(Exception):
    """This browser's visitor is another customer than the token says: he begins anew, with a secret of his own."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of a visitor: which inbox, the secret his browser keeps, and his address once he has written."""

    inbox: Inbox
    settings: WebchatSettings
    secret: str
    address: Address | None


@dataclass(frozen=True, slots=True)
class Said:
    """One message, with what goes along with the first."""

    words: str
    key: str
    files: Sequence[str] = ()
    form: Mapping[str, Any] = field(default_factory=dict)
    token: str = ""
    source: Mapping[str, str] = field(default_factory=dict)
    language: str = ""


def live_of(visit: Visit) -> Conversation | None:
    """The visitor's conversation that has not ended."""
    return _of(visit).filter(state__in=Conversation.LIVE).order_by("-id").first()


def newest_of(visit: Visit) -> Conversation | None:
    """His last conversation, ended or not."""
    return _of(visit).order_by("-id").first()


def _of(visit: Visit) -> QuerySet[Conversation]:
    rows = Conversation.objects.select_related("owner", "address", "inbox", "customer")
    return rows.filter(address=visit.address, inbox=visit.inbox) if visit.address is not None else rows.none()


def write(visit: Visit, said: Said, now: dt.datetime) -> Received:
    """Store what he wrote. Raises FormRefused, NobodyThere, OtherPerson, BadToken; ConversationRefused for an empty one."""
    going_on = live_of(visit)
    if going_on is None and (again := _already(visit, said.key)) is not None:
        return again
    customer = _recognised(visit, said.token, now)
    intro = Introduction()
    if going_on is None:
        known = customer is not None or bool(visit.address and visit.address.is_verified)
        intro = introduction(visit.inbox, visit.settings, said.form, known=known, source=said.source)
        hours = hours_of(visit.inbox, intro.facts, now, note=True)
        if not hours.is_open:
            raise NobodyThere(hours)
    incoming = Incoming(
        address=digest_of(visit.inbox, visit.secret), key=said.key, words=said.words, files=said.files, name=intro.name,
        contact=intro.contact, facts=intro.facts, language=said.language, verified_customer=customer,
    )  # fmt: skip
    return receive(visit.inbox, incoming, now=now)


def _already(visit: Visit, key: str) -> Received | None:
    """The answer to a message that had come in before the conversation ended was lost: it is given again, nothing is opened."""
    if visit.address is None:
        return None
    known = Message.objects.select_related("conversation").filter(
        conversation__address=visit.address, conversation__inbox=visit.inbox, key=key[:80]
    )
    message = known.order_by("-id").first()
    return Received(message.conversation, message, opened=False, again=True) if message is not None else None


def identify(visit: Visit, token: str, now: dt.datetime) -> None:
    """The site says who he is while he is in conversation. Raises BadToken, OtherPerson."""
    customer = _recognised(visit, token, now)
    if customer is not None and visit.address is not None:
        recognise(visit.address, customer, now=now)


def known_customer(visit: Visit, token: str, now: dt.datetime) -> Customer | None:
    """Who the site says it is, now or earlier in this browser. Raises BadToken, OtherPerson."""
    number = _recognised(visit, token, now)
    if number is None and visit.address is not None and visit.address.is_verified:
        number = visit.address.customer_id
    return Customer.objects.get(pk=number) if number is not None else None


def _recognised(visit: Visit, token: str, now: dt.datetime) -> int | None:
    if not token:
        return None
    customer = customer_of(visit.inbox, token, holder=digest_of(visit.inbox, visit.secret), now=now)
    address = visit.address
    if address is not None and address.customer_id not in (None, customer.pk):
        raise OtherPerson
    return customer.pk


def read(visit: Visit, seq: int, now: dt.datetime) -> None:
    """He has seen everything up to this message."""
    conversation = newest_of(visit)
    if conversation is not None and conversation.address is not None:
        by = f"address:{conversation.address.pk}"
        mark_read(conversation, by, seq, now)
        tell_passing(conversation, "read", by, seq=min(seq, conversation.last_seq))


def type_on(visit: Visit) -> None:
    """He is writing something."""
    conversation = live_of(visit)
    if conversation is not None and conversation.address is not None:
        tell_passing(conversation, "typing", f"address:{conversation.address.pk}")


def end(visit: Visit, now: dt.datetime) -> None:
    """He has had enough. What the house asks for before its own people may end one (topic, outcome) is not his to fill in."""
    conversation = live_of(visit)
    if conversation is not None:
        close(conversation, by=f"address:{conversation.address_id}", now=now, outcome="customer_left")


# what he sees


def messages_of(conversation: Conversation, *, after: int = 0, before: int = 0, only: int = 0) -> list[Shown]:
    """Messages in order: those after a seq, the page before one, or a single one. Notes are never among them. Two queries."""
    rows = Message.objects.filter(conversation=conversation, internal=False)
    if only:
        found = list(rows.filter(seq=only))
    elif after:
        found = list(rows.filter(seq__gt=after).order_by("seq")[:PAGE])
    else:
        earlier = rows.filter(seq__lt=before) if before else rows
        found = sorted(earlier.order_by("-seq")[:PAGE], key=lambda message: message.seq)
    with_files = [message.pk for message in found if message.files and message.recalled_at is None]
    files: dict[int, list[Attachment]] = {}
    if with_files:
        kept = Attachment.objects.filter(subject_kind="message", subject_id__in=with_files, internal=False)
        for attachment in kept.order_by("id"):
            files.setdefault(attachment.subject_id or 0, []).append(attachment)
    return [shown_message(message, files.get(message.pk, [])) for message in found]


def shown_message(message: Message, files: Sequence[Attachment]) -> Shown:
    """A message as its writer and his browser see it."""
    mine = message.side == Message.Side.CUSTOMER
    return {
        "seq": message.seq,
        "side": message.side,
        "words": message.words,
        "at": message.at.isoformat(),
        "edited": message.edited_at is not None,
        "recalled": message.recalled_at is not None,
        "files": [_file(each) for each in files],
        **({"key": message.key} if mine else {}),
    }


def _file(attachment: Attachment) -> Shown:
    return {
        "token": attachment.token,
        "name": attachment.name,
        "size": attachment.size,
        "picture": is_picture(attachment.media_type),
        "held": bool(attachment.held),
    }


def shown_of(conversation: Conversation, now: dt.datetime, read: int | None = None) -> Shown:
    """How it stands, in few words: who has it, how many wait before him, how far the house has read (`read`, where somebody has asked
    already). Four queries at most."""
    ended_by = "customer" if conversation.closed_by.startswith(("address:", "customer:")) else "house"
    return {
        "number": conversation.number,
        "state": conversation.state,
        "agent": conversation.owner.name if conversation.owner is not None else "",
        "last": conversation.last_seq,
        "opened_at": conversation.opened_at.isoformat(),
        "ended_by": ended_by if conversation.state == Conversation.State.CLOSED else "",
        "read": read_by_house([conversation.pk]).get(conversation.pk, 0) if read is None else read,
        **_place(conversation, now),
    }


def read_by_house(ids: Collection[int]) -> dict[int, int]:
    """How far colleagues have read, by conversation. One query."""
    with connection.cursor() as cursor:
        cursor.execute(READ_BY_HOUSE, [array_of(ids)])
        return dict(cursor.fetchall())


def _place(conversation: Conversation, now: dt.datetime) -> Shown:
    """How many wait before him, and the seconds it will probably take where they can be told."""
    place = place_of(conversation, now)
    return {"ahead": place.ahead, "wait": place.seconds} if place is not None else {}


def transcript(conversation: Conversation, language: str, zone: dt.tzinfo) -> str:
    """The whole conversation as plain text, a line a message, for the visitor to keep."""
    titles = {
        "customer": Text(zh="我", en="Me"),
        "staff": Text(zh="客服", en="Agent"),
        "system": Text(zh="系统", en="System"),
    }
    recalled = Text(zh="（已撤回）", en="(recalled)")
    file = Text(zh="［附件］", en="[file]")
    lines = [f"{conversation.number}  {conversation.opened_at.astimezone(zone):%Y-%m-%d %H:%M}", ""]
    rows = Message.objects.filter(conversation=conversation, internal=False).order_by("seq")
    for message in rows.iterator():
        words = recalled.say(language) if message.recalled_at else message.words or file.say(language)
        lines.append(f"[{message.at.astimezone(zone):%H:%M:%S}] {titles[message.side].say(language)}: {words}")
    return "\r\n".join(lines) + "\r\n"
