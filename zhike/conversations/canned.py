"""Canned replies: words that are written often, with fields that are filled in when one is chosen."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q, QuerySet

from zhike.conversations.events import ReplyRemoved, ReplySaved
from zhike.conversations.models import CannedReply, Conversation
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.rights import STEPS_IN
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.lib.text import clean_line, clean_text
from zhike.org.principals import Viewer

LONGEST = 4000
FIELDS = ("customer.name", "agent.name", "conversation.number")
_FIELD = re.compile(r"\{([a-z]+\.[a-z_]+)\}")
_SHORTCUT = re.compile(r"[\w-]{0,20}")
NO_TITLE = Text(zh="请写一个标题。", en="Give it a title.")
NO_WORDS = Text(zh="请写内容，最多 4000 字。", en="Write the words, at most 4000 characters.")
BAD_SHORTCUT = Text(
    zh="快捷词只用字母、数字、汉字和“-”，最多 20 个字。", en="A shortcut is letters, digits and “-”, at most 20."
)
UNKNOWN_FIELD = Text(
    zh="没有这个字段。可以用 {customer.name}、{agent.name}、{conversation.number}。",
    en="There is no such field. Use {customer.name}, {agent.name}, {conversation.number}.",
)
NOT_SHARED = Text(zh="共用的常用语由主管维护。", en="Shared replies are kept by supervisors.")


class NoSuchReply(LookupError):
    """Unknown, or not for this viewer."""


def may_share(viewer: Viewer) -> bool:
    """Whether he writes what everybody of the handbook uses."""
    return viewer.is_admin or not STEPS_IN.isdisjoint(viewer.screens)


def replies_for(viewer: Viewer, handbooks: list[str]) -> QuerySet[CannedReply]:
    """His own and the shared ones of these handbooks, by title."""
    if viewer.staff is None:
        return CannedReply.objects.none()
    seen = Q(owner=None, handbook__in=handbooks) | Q(owner=viewer.staff)
    return CannedReply.objects.filter(seen).order_by("title", "pk")


def reply_for(viewer: Viewer, number: int) -> CannedReply:
    """One that he may change. Raises NoSuchReply."""
    own = Q(owner=viewer.staff) | (Q(owner=None) if may_share(viewer) else Q(pk=None))
    found = CannedReply.objects.filter(own, pk=number).first() if viewer.staff is not None else None
    if found is None:
        raise NoSuchReply(number)
    return found


def save_reply(
    viewer: Viewer,
    *,
    handbook: str,
    title: str,
    shortcut: str,
    words: str,
    shared: bool,
    now: dt.datetime,
    reply: CannedReply | None = None,
) -> CannedReply:
    """Write a new one, or change `reply`. Raises ConversationRefused naming the field that is wrong."""
    kept = reply or CannedReply(handbook=handbook)
    kept.title, kept.shortcut = clean_line(title)[:60], clean_line(shortcut).lstrip("/")
    kept.words, kept.changed_at = clean_text(words).strip(), now
    kept.owner = None if shared else viewer.staff
    _check(kept, viewer)
    with transaction.atomic():
        if reply is None:
            kept.save(force_insert=True)
        else:
            kept.save(update_fields=["title", "shortcut", "words", "changed_at", "owner"])
        _tell(kept, ReplySaved(kept.title, shared), viewer, now)
    return kept


def _check(reply: CannedReply, viewer: Viewer) -> None:
    if not reply.title:
        raise ConversationRefused(NO_TITLE, fields=("title",))
    if not _SHORTCUT.fullmatch(reply.shortcut):
        raise ConversationRefused(BAD_SHORTCUT, fields=("shortcut",))
    if not reply.words or len(reply.words) > LONGEST:
        raise ConversationRefused(NO_WORDS, fields=("words",))
    if set(_FIELD.findall(reply.words)) - set(FIELDS):
        raise ConversationRefused(UNKNOWN_FIELD, fields=("words",))
    if reply.owner is None and not may_share(viewer):
        raise ConversationRefused(NOT_SHARED, fields=("shared",))


def remove_reply(reply: CannedReply, viewer: Viewer, *, now: dt.datetime) -> None:
    with transaction.atomic():
        _tell(reply, ReplyRemoved(reply.title, reply.owner_id is None), viewer, now)
        reply.delete()


def _tell(reply: CannedReply, event: ReplySaved | ReplyRemoved, viewer: Viewer, now: dt.datetime) -> None:
    fact = NewFact(event, at=now, subject=("reply", reply.pk), actor=viewer.principal, handbook=reply.handbook)
    record([fact])


def fields_of(conversation: Conversation, viewer: Viewer) -> Mapping[str, str]:
    """What the fields stand for in this conversation; one that is not known is left out and stays visible as it is."""
    customer = conversation.customer.name if conversation.customer else ""
    address = conversation.address.name if conversation.address else ""
    known = {
        "customer.name": customer or address,
        "agent.name": viewer.name,
        "conversation.number": conversation.number,
    }
    return {name: value for name, value in known.items() if value}


def filled(words: str, fields: Mapping[str, str]) -> str:
    """
    >>> filled("{customer.name}您好，我是{agent.name}", {"agent.name": "示例"})
    '{customer.name}您好，我是示例'
    """
    return _FIELD.sub(lambda found: fields.get(found[1], found[0]), words)
