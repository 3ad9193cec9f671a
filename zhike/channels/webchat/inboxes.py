"""Inboxes of the web chat: added, changed, switched off, given a secret to sign identity tokens with. Each is written down."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from zhike.channels.events import InboxChanged
from zhike.channels.sealing import seal_into
from zhike.channels.webchat.offline import first_way
from zhike.channels.webchat.settings import settings_of
from zhike.channels.webchat.visitors import IDENTITY
from zhike.conversations.models import Inbox, Medium
from zhike.journal.actions import NewFact, record
from zhike.lib.text import clean_line
from zhike.org.handbooks import book_of, in_force
from zhike.org.principals import SYSTEM, Viewer

DEMO_NAME = "示例商店"


class NoSuchInbox(LookupError):
    """None of that number, or not for this viewer."""


def inbox_for(viewer: Viewer, number: int) -> Inbox:
    """The web chat with this number, for administrators. Raises NoSuchInbox."""
    found = Inbox.objects.filter(pk=number, medium=Medium.WEBCHAT).first() if viewer.is_admin else None
    if found is None:
        raise NoSuchInbox(number)
    return found


def add_inbox(name: str, handbook: str, told: Mapping[str, Any], *, by: str, now: dt.datetime) -> Inbox:
    """A new widget with a public key of its own."""
    with transaction.atomic():
        inbox = Inbox.objects.create(
            medium=Medium.WEBCHAT, name=clean_line(name)[:80], handbook=handbook, key=secrets.token_hex(8),
            settings=dict(told), created_at=now,
        )  # fmt: skip
        _tell(inbox, "added", by, now)
    return inbox


def change_inbox(number: int, name: str, handbook: str, told: Mapping[str, Any], *, by: str, now: dt.datetime) -> None:
    """Other settings from now on; secrets stay as they are. Conversations under way keep their handbook."""
    with transaction.atomic():
        inbox = _held(number)
        sealed = {"sealed": inbox.settings["sealed"]} if "sealed" in inbox.settings else {}
        inbox.name, inbox.handbook, inbox.settings = clean_line(name)[:80], handbook, {**told, **sealed}
        inbox.save(update_fields=["name", "handbook", "settings"])
        _tell(inbox, "changed", by, now)


def switch_inbox(number: int, on: bool, *, by: str, now: dt.datetime) -> None:
    """Off: the widget says nothing on any site any more; on again, it is as it was."""
    with transaction.atomic():
        inbox = _held(number)
        if inbox.is_active != on:
            inbox.is_active = on
            inbox.save(update_fields=["is_active"])
            _tell(inbox, "switched_on" if on else "switched_off", by, now)


def renew_secret(number: int, *, by: str, now: dt.datetime) -> str:
    """A new secret for identity tokens, shown once; those signed with the former one prove nothing from now on."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        inbox = _held(number)
        seal_into(inbox, IDENTITY, secret)
        inbox.save(update_fields=["settings"])
        _tell(inbox, "secret_renewed", by, now)
    return secret


def demo_inbox(now: dt.datetime, *, sandbox: bool, address: str = "") -> Inbox | None:
    """The inbox whose settings show it in the shop to try it in; a sandbox gets one of its own where none does."""
    rows = Inbox.objects.filter(medium=Medium.WEBCHAT, is_active=True).order_by("id")
    found = next((inbox for inbox in rows if settings_of(inbox).demo), None)
    if found is not None or not sandbox:
        return found
    names = [version.name for version in in_force(now)]
    chatting = [version.name for version in in_force(now) if _has_chat(version.pk)]
    if not names:
        return None
    handbook = (chatting or names)[0]
    way = first_way(handbook, now)
    offline = {"process": way.process, "action": way.action, "fields": dict(way.fields)} if way is not None else None
    return add_inbox(DEMO_NAME, handbook, {**DEMO, "offline": offline, "address": address}, by=SYSTEM, now=now)


def _has_chat(version_id: int) -> bool:
    return any(Medium.WEBCHAT in queue.media for queue in book_of(version_id).handbook.queues)


def _held(number: int) -> Inbox:
    return Inbox.objects.select_for_update().get(pk=number, medium=Medium.WEBCHAT)


def _tell(inbox: Inbox, how: str, by: str, now: dt.datetime) -> None:
    fact = InboxChanged(inbox.name, how)
    record([NewFact(fact, at=now, subject=("inbox", inbox.pk), actor=by, handbook=inbox.handbook)])


DEMO: dict[str, Any] = {
    "title": {"zh": "示例商店客服", "en": "Sample shop support"},
    "welcome": {
        "zh": "您好，欢迎来到示例商店。请问有什么可以帮您？",
        "en": "Welcome to the sample shop. How can we help?",
    },
    "fields": [{"id": "name", "required": True}, {"id": "phone", "required": False}],
    "topics": [
        {"id": "before", "title": {"zh": "购买前咨询", "en": "Before buying"}},
        {"id": "delivery", "title": {"zh": "配送与安装", "en": "Delivery and installation"}},
        {"id": "after", "title": {"zh": "售后", "en": "After the sale"}},
    ],
    "consent": {
        "version": "demo-1",
        "words": {
            "zh": "示例告知：为回答您的问题，我们会保存您填写的内容、会话和您在本站浏览的页面，浏览记录保存 90 天。",
            "en": "Sample notice: to answer you we keep what you write and the pages of this site you visit, these for 90 days.",
        },
    },
    "invitations": [
        {
            "after": 20, "pages": "/demo*",
            "words": {"zh": "需要帮忙挑选吗？", "en": "May we help you choose?"},
        }
    ],
    "trail": True, "demo": True,
}  # fmt: skip
