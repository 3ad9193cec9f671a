"""Moments, periods and reminders in words; limits and duties share them."""

from __future__ import annotations

from django.utils.translation import gettext

from zhike.handbook.book import Book
from zhike.handbook.terms import Due
from zhike.web.base.times import MONTHS
from zhike.web.handbook_page import amounts, terms, titles


def due_words(book: Book, due: Due, process: str | None) -> str:
    """`下个月第 3 个工作日 24:00`, `预约时间`, `通话结束以前`."""
    parts = [_moment(book, due, process)]
    if due.cap:
        cap = gettext("最迟起算后 %(length)s") % {"length": amounts.duration(book, due.cap)}
        over = gettext("，再迟须经%(who)s同意") % {"who": titles.roles(book, due.over_cap)} if due.over_cap else ""
        parts.append(cap + over)
    return gettext("，").join(parts)


def _moment(book: Book, due: Due, process: str | None) -> str:
    if due.fact:
        return gettext("不迟于%(fact)s") % {"fact": terms.fact(book, due.fact, process)}
    if due.event:
        return gettext("不迟于：%(event)s") % {"event": terms.event(book, due.event, process)}
    time = amounts.time_of_day(due.at)
    if due.occasion:
        return gettext("下一次“%(name)s”的 %(time)s") % {"name": amounts.occasion(book, due.occasion), "time": time}
    return gettext("%(day)s %(time)s") % {"day": _day_of_period(due), "time": time}


def _day_of_period(due: Due) -> str:
    period = amounts.period(str(due.every))
    if due.every == "day":
        return {0: gettext("当天"), 1: gettext("次日")}.get(due.ahead, gettext("之后第 %(n)d 天") % {"n": due.ahead})
    which = {0: gettext("本%(period)s"), 1: gettext("下一个%(period)s")}.get(
        due.ahead, gettext("之后第 %(n)d 个%(period)s")
    )
    told = {"period": period, "n": due.ahead}
    if due.day == -1:
        day = gettext("最后一个工作日") if due.working else gettext("最后一天")
    elif due.day < 0:
        day = (gettext("倒数第 %(n)d 个工作日") if due.working else gettext("倒数第 %(n)d 天")) % {"n": -due.day}
    else:
        day = (gettext("第 %(n)d 个工作日") if due.working else gettext("第 %(n)d 天")) % {"n": due.day}
    return which % told + day


def window_words(window: tuple[str, str]) -> str:
    begins, ends = (amounts.time_of_day(each) for each in window)
    return gettext("只在 %(begins)s 至 %(ends)s 之间") % {"begins": begins, "ends": ends}


def warned(book: Book, warn: tuple[float, ...] | None) -> str:
    """When the holder is reminded: the clause's own shares, else the handbook's."""
    shares = warn if warn is not None else book.warn
    return titles.listed(gettext("用掉 %(share)g%% 时") % {"share": share} for share in shares)


def every_period(every: str) -> str:
    return {
        "once": gettext("一次"),
        "calendar_day": gettext("每天"),
        "working_day": gettext("每个工作日"),
        "week": gettext("每周"),
        "half_month": gettext("每半个月"),
        "calendar_month": gettext("每月"),
        "calendar_quarter": gettext("每季度"),
        "calendar_year": gettext("每年"),
        "shift": gettext("每班"),
        "event": gettext("每次发生时"),
    }.get(every, every)


def date_words(date: str) -> str:
    """`06-18` -> `六月 18 日`."""
    month, _, day = date.partition("-")
    return gettext("%(month)s %(day)d 日") % {"month": gettext(MONTHS[int(month) - 1]), "day": int(day)}
