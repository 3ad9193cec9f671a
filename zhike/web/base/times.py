"""The words for time: instants, durations, time left. Chinese first, English through the catalogue.

Every function takes what it needs; none reads the clock. Durations are rounded down, so nobody is promised a minute he
does not have, and name at most two units: 2 天 3 小时.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext, gettext_noop, ngettext

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR, DAY = 60, 3600, 86400
WEEKDAYS = (
    gettext_noop("周一"),
    gettext_noop("周二"),
    gettext_noop("周三"),
    gettext_noop("周四"),
    gettext_noop("周五"),
    gettext_noop("周六"),
    gettext_noop("周日"),
)
MONTHS = (
    gettext_noop("一月"),
    gettext_noop("二月"),
    gettext_noop("三月"),
    gettext_noop("四月"),
    gettext_noop("五月"),
    gettext_noop("六月"),
    gettext_noop("七月"),
    gettext_noop("八月"),
    gettext_noop("九月"),
    gettext_noop("十月"),
    gettext_noop("十一月"),
    gettext_noop("十二月"),
)


def moment(at: dt.datetime, now: dt.datetime, zone: dt.tzinfo = ZONE) -> str:
    """An instant as people read it: `6月10日 周二 14:30`; the year stands before it when it is not this year's."""
    local = at.astimezone(zone)
    with_year = local.year != now.astimezone(zone).year
    return _on_day(local.date(), with_year, get_language() or "").replace(TIME, _hour_and_minute(local))


TIME = "\0"


@lru_cache(maxsize=2048)
def _on_day(date: dt.date, with_year: bool, language: str) -> str:  # noqa: ARG001 - the words depend on the language in force
    """The words for an instant of that day, TIME standing where the time goes: a page names few days, many times."""
    parts = {
        "year": date.year,
        "month": date.month,
        "day": date.day,
        "weekday": weekday(date),
        "month_name": month_name(date.month),
        "time": TIME,
    }
    if with_year:
        return gettext("%(year)d年%(month)d月%(day)d日 %(weekday)s %(time)s") % parts
    return gettext("%(month)d月%(day)d日 %(weekday)s %(time)s") % parts


def short_moment(at: dt.datetime, now: dt.datetime, zone: dt.tzinfo = ZONE) -> str:
    """The same, as short as it stays clear: `14:30` today, `明天 09:00`, `6月12日 09:00`."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    time = _hour_and_minute(local)
    distance = (local.date() - today).days
    if distance == 0:
        return time
    if distance in (-1, 1):
        return (gettext("明天 %(time)s") if distance == 1 else gettext("昨天 %(time)s")) % {"time": time}
    return f"{_day(local.date(), local.year != today.year, get_language() or '')} {time}"


def clock_time(at: dt.datetime, zone: dt.tzinfo = ZONE) -> str:
    """`14:30`; seconds only where they are not zero and matter, so never here."""
    return _hour_and_minute(at.astimezone(zone))


def _hour_and_minute(local: dt.datetime) -> str:
    return f"{local.hour:02}:{local.minute:02}"


def day(date: dt.date, today: dt.date) -> str:
    """`6月10日`, with the year when it is not this year's."""
    return _day(date, date.year != today.year, get_language() or "")


@lru_cache(maxsize=2048)
def _day(date: dt.date, with_year: bool, language: str) -> str:  # noqa: ARG001 - the words depend on the language in force
    parts = {"year": date.year, "month": date.month, "day": date.day, "month_name": month_name(date.month)}
    if with_year:
        return gettext("%(year)d年%(month)d月%(day)d日") % parts
    return gettext("%(month)d月%(day)d日") % parts


def weekday(date: dt.date) -> str:
    return gettext(WEEKDAYS[date.weekday()])


def month_name(month: int) -> str:
    """The name of a month, for languages that do not number them."""
    return gettext(MONTHS[month - 1])


def span(length: dt.timedelta) -> str:
    """A duration, rounded down: `25 分钟`, `1 小时 5 分钟`, `2 天 3 小时`; less than a minute is said so."""
    return _span(abs(int(length.total_seconds())) // MINUTE * MINUTE, get_language() or "")


@lru_cache(maxsize=4096)
def _span(seconds: int, language: str) -> str:  # noqa: ARG001 - the words depend on the language in force
    if seconds < MINUTE:
        return gettext("不到 1 分钟")
    d, h, m = seconds // DAY, seconds % DAY // HOUR, seconds % HOUR // MINUTE
    if d:
        return _joined(days(d), hours(h) if h else "")
    if h:
        return _joined(hours(h), minutes(m) if m else "")
    return minutes(m)


def exact(length: dt.timedelta) -> str:
    """A duration with every unit it has, for sums that are checked by hand: `2 天 3 小时 5 分钟`."""
    seconds = abs(int(length.total_seconds()))
    d, h, m = seconds // DAY, seconds % DAY // HOUR, seconds % HOUR // MINUTE
    return _joined(days(d) if d else "", hours(h) if h else "", minutes(m) if m else "") or span(length)


def time_left(due: dt.datetime, now: dt.datetime) -> str:
    """`还剩 25 分钟` until `due`, `超时 5 分钟` after it. At the very instant it is still on time."""
    if now == due:
        return gettext("此刻到期")
    if abs(due - now) < dt.timedelta(minutes=1):
        return gettext("超时不到 1 分钟") if now > due else gettext("还剩不到 1 分钟")
    words = gettext("超时 %(span)s") if now > due else gettext("还剩 %(span)s")
    return words % {"span": span(due - now)}


def outcome(due: dt.datetime, stopped: dt.datetime) -> str:
    """How a stopped clock ended: `按时，余 12 分钟` or `超时 5 分钟`."""
    if stopped > due:
        return gettext("超时 %(span)s") % {"span": span(stopped - due)}
    if stopped == due:
        return gettext("按时，正好到点")
    return gettext("按时，余 %(span)s") % {"span": span(due - stopped)}


def ago(at: dt.datetime, now: dt.datetime) -> str:
    """`5 分钟前`; after a day the date itself says more."""
    if now - at < dt.timedelta(minutes=1):
        return gettext("刚刚")
    if now - at < dt.timedelta(days=1):
        return gettext("%(span)s前") % {"span": span(now - at)}
    return short_moment(at, now)


def limit(stored: Mapping[str, Any]) -> str:
    """The limit of a clock as it is stored, `{"amount": 30, "unit": "minute"}`, in words: `30 分钟`."""
    return _limit(int(stored.get("amount") or 0), str(stored.get("unit")), get_language() or "")


@lru_cache(maxsize=1024)
def _limit(amount: int, unit: str, language: str) -> str:  # noqa: ARG001 - the words depend on the language in force
    words = LIMITS.get(unit)
    return words(amount) % {"n": amount} if words and amount else ""


LIMITS = {
    "second": lambda n: ngettext("%(n)d 秒", "%(n)d 秒", n),
    "minute": lambda n: ngettext("%(n)d 分钟", "%(n)d 分钟", n),
    "hour": lambda n: ngettext("%(n)d 小时", "%(n)d 小时", n),
    "day": lambda n: ngettext("%(n)d 天", "%(n)d 天", n),
    "working hour": lambda n: ngettext("%(n)d 工作小时", "%(n)d 工作小时", n),
    "working day": lambda n: ngettext("%(n)d 个工作日", "%(n)d 个工作日", n),
    "week": lambda n: ngettext("%(n)d 周", "%(n)d 周", n),
    "month": lambda n: ngettext("%(n)d 个月", "%(n)d 个月", n),
    "year": lambda n: ngettext("%(n)d 年", "%(n)d 年", n),
}
"""How many of a unit of the handbook, in words."""


def minutes(n: int) -> str:
    return ngettext("%(n)d 分钟", "%(n)d 分钟", n) % {"n": n}


def hours(n: int) -> str:
    return ngettext("%(n)d 小时", "%(n)d 小时", n) % {"n": n}


def days(n: int) -> str:
    return ngettext("%(n)d 天", "%(n)d 天", n) % {"n": n}


def _joined(*units: str) -> str:
    return " ".join(unit for unit in units if unit)
