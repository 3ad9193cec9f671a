"""What media, states and presences are called, and the picture beside the word."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import get_language, gettext

from zhike.conversations.models import Conversation, Medium
from zhike.handbook.happenings import STATES as PRESENCES

ICONS = {
    Medium.WEBCHAT: "message-circle",
    Medium.EMAIL: "mail",
    Medium.SMS: "device-mobile-message",
    Medium.WECHAT: "brand-wechat",
    Medium.PHONE: "phone",
    Medium.VISIT: "building-store",
    Medium.LETTER: "file-text",
    Medium.WANGWANG: "message-circle",
}
MEDIA: dict[str, Callable[[], str]] = {
    Medium.WEBCHAT: lambda: gettext("网页咨询"),
    Medium.EMAIL: lambda: gettext("邮件"),
    Medium.SMS: lambda: gettext("短信"),
    Medium.WECHAT: lambda: gettext("微信"),
    Medium.PHONE: lambda: gettext("电话"),
    Medium.VISIT: lambda: gettext("来访"),
    Medium.LETTER: lambda: gettext("来信"),
    Medium.WANGWANG: lambda: gettext("旺旺"),
}
STATES: dict[str, Callable[[], str]] = {
    Conversation.State.WAITING: lambda: gettext("排队中"),
    Conversation.State.OFFERED: lambda: gettext("等人接起"),
    Conversation.State.OPEN: lambda: gettext("接待中"),
    Conversation.State.CLOSED: lambda: gettext("已结束"),
}


def medium_word(medium: str) -> str:
    return MEDIA[medium]() if medium in MEDIA else medium


def medium_icon(medium: str) -> str:
    return ICONS.get(Medium(medium), "message-circle")


def state_word(conversation: Conversation) -> str:
    """Where it stands; one handed on says that it is. As a label, with a capital where the language has them."""
    handed = conversation.owner_id and conversation.state in (Conversation.State.WAITING, Conversation.State.OFFERED)
    word = gettext("转交中") if handed else STATES[conversation.state]()
    return word[:1].upper() + word[1:]


def presence_word(state: str) -> str:
    """What somebody is doing, the same word wherever it stands; as a label, with a capital where the language has them."""
    word = PRESENCES[state].say(get_language() or "zh") if state in PRESENCES else state
    return word[:1].upper() + word[1:]


def who_of(conversation: Conversation) -> str:
    """How the other side is called in a list: the customer, else what he calls himself, else that nobody knows."""
    if conversation.customer is not None:
        return conversation.customer.name or gettext("顾客")
    if conversation.address is not None and conversation.address.name:
        return conversation.address.name
    if conversation.address is not None and conversation.medium == Medium.EMAIL:
        return conversation.address.value
    return gettext("访客")
