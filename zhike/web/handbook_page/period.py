"""The period a ledger is read over: a word in the address, or two dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.translation import gettext

from zhike.web.base import times
from zhike.web.base.typed import day_of, midnight

DEFAULT = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` up to, not including, `until`."""

    name: str
    since: dt.datetime
    until: dt.datetime
    query: str
    """The same period as part of an address."""

    @property
    def first(self) -> dt.date:
        return self.since.astimezone(times.ZONE).date()

    @property
    def last(self) -> dt.date:
        return (self.until - dt.timedelta(microseconds=1)).astimezone(times.ZONE).date()


def choices() -> list[tuple[str, str]]:
    """(name, words) of the periods with a button."""
    return [
        ("today", gettext("今天")),
        ("week", gettext("近 7 天")),
        ("month", gettext("近 30 天")),
        ("year", gettext("近一年")),
    ]


def period_of(query: Mapping[str, str], now: dt.datetime) -> Period:
    """The period an address asks for; what cannot be read is the default."""
    today = now.astimezone(times.ZONE).date()
    first, last = day_of(query.get("from")), day_of(query.get("to"))
    if first and last and first <= last:
        return Period(
            "", midnight(first), midnight(last + dt.timedelta(days=1)), urlencode({"from": first, "to": last})
        )
    days = {"today": 1, "week": 7, "month": 30, "year": 365}
    name = query.get("period", DEFAULT)
    name = name if name in days else DEFAULT
    tomorrow = today + dt.timedelta(days=1)
    return Period(
        name, midnight(tomorrow - dt.timedelta(days=days[name])), midnight(tomorrow), urlencode({"period": name})
    )
