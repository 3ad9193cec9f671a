"""What the things of a handbook are called: roles, queues, records, measures, choices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import get_language, gettext

from zhike.handbook.book import Book
from zhike.handbook.clauses import Measure
from zhike.handbook.happenings import STATES
from zhike.handbook.sanctions import CONSEQUENCES
from zhike.web.base.names import role_title


def say(text: Any) -> str:
    """A text of the handbook in the language in force."""
    return text.say(get_language() or "zh") if text is not None else ""


def listed(words: Iterable[str]) -> str:
    """`甲、乙、丙`"""
    return gettext("、").join(word for word in words if word)


def either(words: Iterable[str]) -> str:
    """`甲，或者乙`"""
    return gettext("，或者").join(word for word in words if word)


def role(book: Book, name: str) -> str:
    """A role, or one of the words that stand for somebody."""
    fixed = {
        "owner": gettext("经办人"),
        "customer": gettext("顾客"),
        "system": gettext("系统"),
        "holder": gettext("持有人"),
        "superior": gettext("上一级"),
    }
    return fixed.get(name) or role_title(book, name)


def roles(book: Book, names: Iterable[str]) -> str:
    return listed(role(book, name) for name in names)


def chain(book: Book, links: Iterable[tuple[str, ...]]) -> str:
    """`主管 → 经理 或 总监`: who agrees after whom."""
    return " → ".join(gettext(" 或 ").join(role(book, name) for name in link) for link in links)


def finding(book: Book, kind: str | None) -> str:
    """What a kind of finding is called: the choice of that name in the handbook, where it lists them."""
    return _choices(book).get(kind or "", kind or "")


def consequence(book: Book, name: str) -> str:
    """What may follow beside money: the handbook's own word, else the usual one."""
    return _choices(book).get(name) or say(CONSEQUENCES.get(name)) or name


def measure(book: Book, name: str) -> str:
    """The title of the measure or indicator of that name."""
    own = {clause.name: say(clause.title) for clause in book.handbook.clauses if isinstance(clause, Measure)}
    return {each.id: say(each.title) for each in book.handbook.indicators}.get(name) or own.get(name, name)


def script(book: Book, name: str | None) -> str:
    return {each.id: say(each.title) for each in book.handbook.scripts}.get(name or "", name or "")


def skipped(book: Book, state: str) -> str:
    """Whom a rotation passes over: somebody in this state, or a role."""
    return say(STATES.get(state)) or role(book, state)


def anything(book: Book, name: str) -> str:
    """The title of whatever in the handbook bears this name: process, kind of department, queue, record, role, choice."""
    parts: tuple[Iterable[Any], ...] = (
        book.handbook.processes,
        book.handbook.departments,
        book.handbook.queues,
        book.handbook.records,
        book.handbook.roles,
    )
    own = next((say(thing.title) for part in parts for thing in part if thing.id == name), "")
    same = {
        "same": gettext("原来的队列"),
        "customer_data": gettext("客户资料"),
        "line": gettext("热线"),
        "page_trail": gettext("访客的浏览轨迹"),
    }
    return own or same.get(name) or _choices(book).get(name) or role(book, name)


def _choices(book: Book) -> dict[str, str]:
    """Choice, or another name the handbook has words for -> its title."""
    listed_ones = {choice.id: say(choice.title) for choices in book.handbook.options.values() for choice in choices}
    return listed_ones | {name: say(words) for name, words in book.handbook.names.items()}
