"""Days and moments as fields send them: what nobody means is none, and no reckoning leaves the calendar."""

from __future__ import annotations

import datetime as dt

import pytest

from zhike.handbook.structure import FieldDef
from zhike.web.attendance.month import month_of
from zhike.web.base.fields import _shown
from zhike.web.base.times import ZONE
from zhike.web.base.typed import day_of, moment_of
from zhike.web.handbook_page.period import period_of

NOW = dt.datetime.fromisoformat("2025-06-10T12:00:00+08:00")


@pytest.mark.parametrize(
    "text", [None, "", "0001-01-01", "9999-12-31", "2025-02-30", "2025-06-10T00:00", "\uff12025-06-10"]
)
def test_no_day(text: str | None) -> None:
    assert day_of(text) is None


@pytest.mark.parametrize(
    "text", [None, "", "0001-01-01T00:00", "9999-12-31T23:59", "2025-06-10T25:00", "2025-06-10T09:00Z"]
)
def test_no_moment(text: str | None) -> None:
    assert moment_of(text) is None


def test_a_day_and_a_moment_are_those_of_the_wall() -> None:
    assert day_of("2025-06-10") == dt.date(2025, 6, 10)
    assert moment_of("2025-06-10T09:00") == dt.datetime(2025, 6, 10, 9, tzinfo=ZONE)


@pytest.mark.parametrize("end", ["9999-12-31", "0001-01-01"])
def test_a_period_and_a_month_at_the_end_of_all_days_are_the_usual_ones(end: str) -> None:
    """A day before or after would be no date any more."""
    assert period_of({"from": end, "to": end}, NOW) == period_of({}, NOW)
    assert month_of(end[:7], NOW) == dt.date(2025, 6, 1)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("2025-06-10T09:30:00+00:00", "2025-06-10T17:30"),
        ("0001-01-01T00:00", "0001-01-01T00:00"),
        ("0001-01-01T00:00+14:00", "0001-01-01T00:00+14:00"),
        ("9999-12-31T23:59-12:00", "9999-12-31T23:59-12:00"),
        ("\u660e\u5929", "\u660e\u5929"),
    ],
)
def test_a_moment_comes_back_as_it_was_typed(typed: str, shown: str) -> None:
    field = FieldDef.model_validate({"id": "at", "title": {"zh": "\u65f6", "en": "At"}, "type": "datetime"})
    assert _shown(field, typed) == shown
