"""The form of a mailbox: what can be chosen, and what was typed. A password is never shown again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import QueryDict
from django.utils.translation import get_language, gettext

from zhike.channels.email.actions import Wish
from zhike.channels.email.models import Mailbox
from zhike.conversations.models import Medium
from zhike.org.handbooks import book_of, in_force

LINES = (
    "address sender_name handbook imap_host imap_port imap_security imap_user smtp_host smtp_port smtp_security smtp_user folder signature"
    " auto_answer language blocked allowed patience"
).split()
EMPTY: dict[str, Any] = {
    "imap_port": "993", "imap_security": "tls", "smtp_port": "465", "smtp_security": "tls", "folder": "INBOX", "language": "zh",
    "patience": "72",
}  # fmt: skip


def handbooks(now: dt.datetime) -> list[tuple[str, str]]:
    """(name, title) of the handbooks in force that have a queue for mails: without one nobody would see them."""
    language = get_language() or "zh"
    books = [(version.name, book_of(version.pk).handbook) for version in in_force(now)]
    return [
        (name, book.title.say(language))
        for name, book in books
        if any(Medium.EMAIL in queue.media for queue in book.queues)
    ]


def securities() -> list[tuple[str, str]]:
    return [("tls", gettext("TLS（推荐）")), ("starttls", "STARTTLS"), ("none", gettext("不加密（仅本机）"))]


def wish_of(typed: QueryDict) -> Wish:
    values: dict[str, Any] = {name: typed.get(name, "") for name in LINES}
    return Wish(
        **values, imap_password=typed.get("imap_password") or None, smtp_password=typed.get("smtp_password") or None,
        plus_addressing="plus_addressing" in typed,
    )  # fmt: skip


def typed_in(post: QueryDict) -> dict[str, Any]:
    return {name: post.get(name, "") for name in LINES} | {"plus_addressing": "plus_addressing" in post}


def typed_of(row: Mailbox) -> dict[str, Any]:
    """The form's values of a mailbox that is there."""
    found = {name: getattr(row, name) for name in LINES if hasattr(row, name)}
    listed = {name: "\n".join(found[name]) for name in ("blocked", "allowed")}
    ports = {name: str(found[name]) for name in ("imap_port", "smtp_port")}
    return {**found, **listed, **ports, "handbook": row.inbox.handbook, "plus_addressing": row.plus_addressing}
