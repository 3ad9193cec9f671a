"""Inboxes of the web chat as the streams of their visitors need them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from zhike.channels.webchat.settings import settings_of
from zhike.conversations.models import Inbox, Medium


@dataclass(frozen=True, slots=True)
class Door:
    """An inbox that is on, and the sites it may be listened to from."""

    inbox: Inbox
    origins: tuple[str, ...]


def doors_of(keys: Collection[str]) -> dict[str, Door]:
    """Those of the public keys whose inbox is on. One query."""
    rows = Inbox.objects.filter(key__in=keys, medium=Medium.WEBCHAT, is_active=True)
    return {inbox.key: Door(inbox, settings_of(inbox).origins) for inbox in rows}
