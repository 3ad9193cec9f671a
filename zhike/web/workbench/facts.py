"""What the sender said before the first word, and the lists a conversation is closed with, in words a person reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.utils.translation import gettext

from zhike.conversations.models import Conversation
from zhike.handbook.book import Book
from zhike.web.base import times
from zhike.web.case_page.page import say

TOPICS, OUTCOMES = "topic", "outcome"
"""Lists of choices of a handbook, by their names."""
HAPPENED_AT = "happened_at"
"""When a contact was that somebody wrote down later, in ISO."""
NAMES: dict[str, Callable[[], str]] = {
    "topic": lambda: gettext("主题"),
    "tier": lambda: gettext("等级"),
    "source": lambda: gettext("来源"),
    "url": lambda: gettext("所在页面"),
    "page": lambda: gettext("所在页面"),
    "referrer": lambda: gettext("来源页面"),
    "name": lambda: gettext("称呼"),
    "phone": lambda: gettext("电话"),
    "email": lambda: gettext("邮箱"),
    "order": lambda: gettext("订单号"),
    "order_no": lambda: gettext("订单号"),
    "consent": lambda: gettext("同意的告知"),
    "mailbox": lambda: gettext("收到的邮箱"),
    HAPPENED_AT: lambda: gettext("发生时间"),
}
HIDDEN = frozenset({"key", "inbox", "phone", "email"})
"""Not shown: what is no fact of his, and numbers, which stand masked in his file."""
LONGEST = 200
SOURCES: dict[str, Callable[[], str]] = {"by_hand": lambda: gettext("手工登记"), "email": lambda: gettext("邮件")}
"""Where it came from, where the product itself says so; a site's own words for its campaigns stay as they are."""
OWN_OUTCOMES: dict[str, Callable[[], str]] = {
    "customer_left": lambda: gettext("顾客结束"),
    "idle": lambda: gettext("长时间没有回复"),
}
"""How a conversation ended that nobody of the house ended, where the handbook has no word of its own for it."""

Choices = list[tuple[str, str]]


def facts_told(conversation: Conversation, book: Book) -> list[tuple[str, str]]:
    """(name, value) of what the pre-chat form, the widget or the mail said; nothing that is empty."""
    titles = {str(each.get("id")): each.get("title") for each in _asked(conversation)}
    found = []
    for name, value in conversation.facts.items():
        if name in HIDDEN or value in (None, "", [], {}):
            continue
        known = NAMES.get(name)
        title = _words(titles.get(name)) or (known() if known else name)
        if name == HAPPENED_AT:
            found.append((title, times.moment(dt.datetime.fromisoformat(str(value)), conversation.opened_at)))
            continue
        found.append((title, _value(name, value, _topics_of(conversation, book))[:LONGEST]))
    return found


def _asked(conversation: Conversation) -> list[dict[str, object]]:
    """The fields of the inbox's form before the conversation."""
    fields = conversation.inbox.settings.get("fields") or conversation.inbox.settings.get("prechat") or []
    return [field for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []


def _words(title: object) -> str:
    if isinstance(title, dict):
        from zhike.web.templatetags.zhike_web import words

        return words(title)
    return str(title or "")


def _topics_of(conversation: Conversation, book: Book) -> dict[str, str]:
    """The handbook's topics, and those the inbox lets a visitor choose from."""
    offered = conversation.inbox.settings.get("topics") or []
    own = {str(each.get("id")): _words(each.get("title")) for each in offered if isinstance(each, dict)}
    return own | dict(topics(book))


def _value(name: str, value: object, known: dict[str, str]) -> str:
    if name == "topic":
        return known.get(str(value)) or str(value)
    if name == "source" and value in SOURCES:
        return SOURCES[str(value)]()
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    return "\u3001".join(map(str, value)) if isinstance(value, list) else str(value)


def topics(book: Book) -> Choices:
    return _listed(book, TOPICS)


def outcomes(book: Book) -> Choices:
    return _listed(book, OUTCOMES)


def outcome_word(outcome: str, book: Book) -> str:
    """What a conversation ended with, as a reader says it."""
    own = OWN_OUTCOMES.get(outcome)
    return dict(outcomes(book)).get(outcome) or (own() if own else outcome)


def _listed(book: Book, name: str) -> Choices:
    """(value, title) of a list of the handbook; nothing where it has none of that name."""
    return [(choice.id, say(choice.title)) for choice in book.handbook.options.get(name, ())]
