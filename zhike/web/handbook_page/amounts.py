"""Lengths of time, amounts, periods and populations in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from zhike.handbook.book import Book
from zhike.handbook.common import Duration, Parameter, parse_duration
from zhike.web.base import times
from zhike.web.handbook_page.terms import fact
from zhike.web.handbook_page.titles import anything, say


def duration(book: Book, length: Duration | Parameter | None) -> str:
    """`30 分钟`; a parameter with its present value."""
    if isinstance(length, Parameter):
        return length_words(book.parameters.get(length.param)) or length.param
    return times.limit({"amount": length.amount, "unit": length.unit.value}) if length else ""


def length_words(value: Any) -> str:
    """`30m`, as a parameter holds it, in words; whatever is no length of time as it stands."""
    try:
        known = parse_duration(value)
    except ValueError:
        return f"{value}"
    return times.limit(known) if isinstance(known, dict) else f"{value or ''}"


def number(book: Book, amount: Any) -> str:
    """A number; a parameter with its present value."""
    return f"{book.parameters.get(amount.param, amount.param)}" if isinstance(amount, Parameter) else f"{amount}"


def amount(book: Book, value: Any) -> str:
    """An amount of money, `¥20.00`; a parameter with its present value."""
    told = book.parameters.get(value.param, value.param) if isinstance(value, Parameter) else value
    return f"¥{told:,.2f}" if isinstance(told, int | float) else f"{told}"


def time_of_day(at: str) -> str:
    """`10:00`, or one of the words for opening and closing."""
    return {"open": gettext("开门时"), "close": gettext("收工时")}.get(at, at)


def period(name: str) -> str:
    return {
        "hour": gettext("小时"),
        "day": gettext("天"),
        "week": gettext("周"),
        "half_month": gettext("半月"),
        "month": gettext("月"),
        "quarter": gettext("季度"),
        "year": gettext("年"),
    }.get(name, name)


def calendar(book: Book, name: str | None) -> str:
    """`按责任部门的作息`, "" for the handbook's own."""
    if not name:
        return ""
    own = {calendar.id: say(calendar.title) for calendar in book.handbook.calendars}
    special = {"by_department": gettext("责任部门的作息"), "by_holder": gettext("持有人的班次")}
    return gettext("按%(calendar)s") % {"calendar": special.get(name) or own.get(name, name)}


def occasion(book: Book, name: str) -> str:
    own = {occasion.id: say(occasion.title) for occasion in book.handbook.occasions}
    return own.get(name) or fact(book, name, None)


def population(book: Book, name: str) -> str:
    """Whom a duty is owed for."""
    known = {
        "customer": gettext("每位客户"),
        "member": gettext("每位会员"),
        "staff": gettext("每位员工"),
        "agent": gettext("每位坐席"),
        "department": gettext("每个部门"),
        "store": gettext("每家门店"),
        "conversation": gettext("每个会话"),
        "shift": gettext("每一班"),
        "order": gettext("每张订单"),
        "period": gettext("每个周期"),
    }
    return known.get(name) or gettext("每份“%(record)s”") % {"record": anything(book, name)}
