"""Entering a year of days off: the announcement of a region, as data."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from zhike.handbook.common import Text
from zhike.handbook.holidays import HolidayYear
from zhike.journal.actions import NewFact, record
from zhike.org.events import HolidaysEntered
from zhike.org.handbooks import look_for_days_off
from zhike.org.models import HolidayTableYear, Staff
from zhike.org.principals import staff_key

NO_REASON = Text(zh="请写明依据，例如通知的文号。", en="Say what it rests on, for example the number of the notice.")


class DaysOffRefused(ValueError):
    """A year that cannot be entered; `words` say why."""

    def __init__(self, words: Text) -> None:
        super().__init__(words.en)
        self.words = words


def enter_year(year: HolidayYear, *, by: Staff, now: dt.datetime, why: str) -> HolidayTableYear:
    """Let this year count from now on. Open limits in working time that reach into it are computed anew by their room."""
    if not why.strip():
        raise DaysOffRefused(NO_REASON)
    with transaction.atomic():
        row = HolidayTableYear.objects.create(
            region=year.region, year=year.year, data=year.model_dump(mode="json", by_alias=True), why=why.strip()[:200],
            entered_by=by, entered_at=now,
        )  # fmt: skip
        look_for_days_off()
        days = sum((span.last - span.first).days + 1 for span in year.off)
        told = HolidaysEntered(
            year.region, year.year, year.status == "announced", days, len(year.work), why.strip()[:200]
        )
        record([NewFact(told, now, ("holidays", row.pk), staff_key(by.pk))])
    return row
