"""What the page of figures is asked for: a handbook, a span of time, how it is split."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from django.utils.translation import gettext

from zhike.cases.report import By
from zhike.handbook.book import Book
from zhike.org.handbooks import book_of, in_force
from zhike.org.principals import Viewer, role_key
from zhike.web.base import times
from zhike.web.handbook_page.period import Period, period_of

DAYS, WEEKS = 10, 70
"""Up to so many days a span is split by days, by weeks; a longer one by months."""
SPLITS = ("period", "person", "department")


@dataclass(frozen=True, slots=True)
class Question:
    """One look at the figures."""

    book: Book
    period: Period
    by: By

    @property
    def query(self) -> str:
        return f"{urlencode({'handbook': self.book.name, 'by': self.by})}&{self.period.query}"


def splits() -> list[tuple[str, str]]:
    """(name, words) of the ways to split a figure."""
    return list(zip(SPLITS, (gettext("按时间"), gettext("按人员"), gettext("按部门")), strict=True))


def books_for(viewer: Viewer, now: dt.datetime) -> list[Book]:
    """The handbooks in force in which this viewer has a part; all of them for an administrator."""
    books = [book_of(version.pk) for version in in_force(now)]
    mine = [book for book in books if any(role_key(book.name, role.id) in viewer.keys for role in book.handbook.roles)]
    return books if viewer.is_admin else mine


def read(query: Mapping[str, str], books: list[Book], now: dt.datetime) -> Question:
    """What an address asks; what cannot be read is the default. `books` is not empty."""
    book = next((one for one in books if one.name == query.get("handbook")), books[0])
    by = query.get("by", "")
    return Question(book, period_of(query, now), cast("By", by if by in SPLITS else "period"))


def starts_of(period: Period) -> list[dt.datetime]:
    """When each sub-period begins: days, weeks from Monday, or months, by how long the span is."""
    days = (period.last - period.first).days + 1
    day, found = period.first, [period.first]
    while (day := _next(day, days)) <= period.last:
        found.append(day)
    return [dt.datetime.combine(one, dt.time.min, times.ZONE) for one in found]


def _next(day: dt.date, days: int) -> dt.date:
    if days <= DAYS:
        return day + dt.timedelta(days=1)
    if days <= WEEKS:
        return day + dt.timedelta(days=7 - day.weekday())
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
