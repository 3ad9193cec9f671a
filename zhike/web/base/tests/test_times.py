"""The words for time, in both languages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import translation

from zhike.web.base import times

NOW = dt.datetime.fromisoformat("2025-06-10T14:30:00+08:00")


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+08:00")


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    with translation.override("zh-hans"):
        yield


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ("2025-06-10T14:55:00", "还剩 25 分钟"),
        ("2025-06-10T14:55:59", "还剩 25 分钟"),
        ("2025-06-10T14:30:30", "还剩不到 1 分钟"),
        ("2025-06-10T15:30:00", "还剩 1 小时"),
        ("2025-06-10T16:35:00", "还剩 2 小时 5 分钟"),
        ("2025-06-12T17:31:00", "还剩 2 天 3 小时"),
        ("2025-06-12T14:31:00", "还剩 2 天"),
        ("2025-06-10T14:30:00", "此刻到期"),
        ("2025-06-10T14:29:59", "超时不到 1 分钟"),
        ("2025-06-10T14:25:00", "超时 5 分钟"),
    ],
)
def test_time_left_is_rounded_down_and_names_two_units(due: str, words: str) -> None:
    assert times.time_left(at(due), NOW) == words


def test_time_left_in_english() -> None:
    with translation.override("en"):
        assert times.time_left(at("2025-06-10T16:35:00"), NOW) == "2 h 5 min left"
        assert times.time_left(at("2025-06-11T14:30:00"), NOW) == "1 day left"
        assert times.time_left(at("2025-06-12T15:30:00"), NOW) == "2 days 1 h left"
        assert times.time_left(at("2025-06-10T14:25:00"), NOW) == "5 min late"


def test_a_moment_is_read_in_the_zone_of_the_business() -> None:
    assert times.moment(dt.datetime(2025, 6, 10, 6, 30, tzinfo=dt.UTC), NOW) == "6月10日 周二 14:30"


def test_a_moment_of_another_year_shows_the_year() -> None:
    assert times.moment(at("2024-12-31T09:05:00"), NOW) == "2024年12月31日 周二 09:05"


def test_a_moment_in_english() -> None:
    with translation.override("en"):
        assert times.moment(at("2025-06-10T14:30:00"), NOW) == "Tue 10 Jun 14:30"
        assert times.moment(at("2024-12-31T09:05:00"), NOW) == "Tue 31 Dec 2024 09:05"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2025-06-10T09:00:00", "09:00"),
        ("2025-06-11T09:00:00", "明天 09:00"),
        ("2025-06-09T23:59:00", "昨天 23:59"),
        ("2025-06-12T09:00:00", "6月12日 09:00"),
        ("2024-06-12T09:00:00", "2024年6月12日 09:00"),
    ],
)
def test_a_short_moment_leaves_out_what_is_clear(moment: str, words: str) -> None:
    assert times.short_moment(at(moment), NOW) == words


def test_a_stopped_clock_tells_how_it_ended() -> None:
    due = at("2025-06-10T14:00:00")
    assert times.outcome(due, at("2025-06-10T14:05:00")) == "超时 5 分钟"
    assert times.outcome(due, at("2025-06-10T13:48:00")) == "按时，余 12 分钟"
    assert times.outcome(due, due) == "按时，正好到点"


def test_ago_becomes_a_date_after_a_day() -> None:
    assert times.ago(at("2025-06-10T14:29:30"), NOW) == "刚刚"
    assert times.ago(at("2025-06-10T14:25:00"), NOW) == "5 分钟前"
    assert times.ago(at("2025-06-08T14:25:00"), NOW) == "6月8日 14:25"


@pytest.mark.parametrize(
    ("stored", "words", "english"),
    [
        ({"amount": 30, "unit": "minute"}, "30 分钟", "30 min"),
        ({"amount": 48, "unit": "hour"}, "48 小时", "48 h"),
        ({"amount": 1, "unit": "working day"}, "1 个工作日", "1 working day"),
        ({"amount": 3, "unit": "working day"}, "3 个工作日", "3 working days"),
        ({"amount": 2, "unit": "fortnight"}, "", ""),
        ({}, "", ""),
    ],
)
def test_a_limit_is_said_as_the_handbook_says_it(stored: dict[str, object], words: str, english: str) -> None:
    assert times.limit(stored) == words
    with translation.override("en"):
        assert times.limit(stored) == english


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "不到 1 分钟"), (25, "25 分钟"), (60, "1 小时"), (3065, "2 天 3 小时 5 分钟"), (2885, "2 天 5 分钟")],
)
def test_a_duration_that_is_checked_by_hand_keeps_every_unit(minutes: int, words: str) -> None:
    assert times.exact(dt.timedelta(minutes=minutes)) == words
