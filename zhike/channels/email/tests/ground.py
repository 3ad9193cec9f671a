"""A mailbox of the sample desk, mails for it, and somebody who answers. All of it is made up (示例)."""

# ruff: noqa: E501 - a mail a line
from __future__ import annotations

import datetime as dt
import re
from typing import Any

from zhike.channels.email import outbox
from zhike.channels.email.models import Mailbox, Outgoing
from zhike.channels.email.receiving import Taken, take
from zhike.channels.email.sealed import sealed
from zhike.channels.email.smtp import Outcome
from zhike.conversations.actions import say
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Message
from zhike.conversations.tests.ground import at, inbox_of
from zhike.org.principals import Viewer

DESK = "desk@zhike.example"
GUEST = "guke@example.com"
WALL = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)
"""The machine's time, in which mails go out."""


def mailbox_of(address: str = DESK, **more: Any) -> Mailbox:
    key, data = sealed("sample-password")
    usual = {
        "sender_name": "示例客服", "imap_host": "127.0.0.1", "imap_port": 1, "imap_security": "none", "imap_user": "desk",
        "imap_key": key, "imap_sealed": data, "smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_security": "none",
        "since": at("01-01 00:00"),
    }  # fmt: skip
    return Mailbox.objects.create(inbox=inbox_of("email", address), **(usual | more))


def mail(
    words: str = "请问几点开门",
    *,
    sender: str = GUEST,
    identifier: str = "q1@example.com",
    subject: str = "咨询",
    headers: str = "",
    to: str = DESK,
) -> bytes:
    """A mail in UTF-8; `headers` are further lines."""
    lines = [f"From: 示例顾客 <{sender}>", f"To: {to}", f"Subject: {subject}", f"Message-ID: <{identifier}>", "Content-Type: text/plain; charset=utf-8"]  # fmt: skip
    lines += [headers] if headers else []
    return "\r\n".join([*lines, "", words]).encode()


def came(mailbox: Mailbox, data: bytes, when: str = "03-03 09:00") -> Taken:
    return take(mailbox, data, now=at(when))


def opened_by(mailbox: Mailbox, data: bytes, when: str = "03-03 09:00") -> Conversation:
    """The conversation a mail became a part of."""
    found = came(mailbox, data, when).row.conversation
    assert found is not None
    return found


def answered(conversation: Conversation, viewer: Viewer, words: str = "九点开门", when: str = "03-03 09:10") -> Message:
    """An agent takes it and answers."""
    accept(conversation, viewer, now=at("03-03 09:05"))
    return say(conversation, viewer, words=words, key=f"a-{when}-{words[:20]}", now=at(when))


def sent(message: Message, outcome: Outcome | None = None, wall: dt.datetime = WALL) -> bytes:
    """The mail of a message, as the server got it."""
    row = Outgoing.objects.get(message=message)
    claim = next(each for each in outbox.claim(row.mailbox_id, wall) if each.number == row.pk)
    _, data = outbox.mail_of(row.pk, at("03-03 09:11"))
    outbox.before_end(claim)
    outbox.note_outcome(claim, outcome or Outcome("sent"), now=at("03-03 09:11"), wall=wall)
    return data


def head(data: bytes, name: str) -> str:
    """A header of a composed mail, unfolded."""
    block = re.sub(r"\r\n[ \t]", " ", data.partition(b"\r\n\r\n")[0].decode())
    return next(
        (line.partition(": ")[2] for line in block.split("\r\n") if line.lower().startswith(f"{name.lower()}:")), ""
    )
