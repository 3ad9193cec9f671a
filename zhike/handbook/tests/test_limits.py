"""When a limit runs out, what stops it, and which period a day belongs to."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline, Duty
from zhike.handbook.common import parse_duration
from zhike.handbook.limits import NoLimit, deadline_due, limit_of, settles, stops
from zhike.handbook.periods import day_of_period, next_occasion, next_period, period_of, yearly_day
from zhike.handbook.structure import Handbook, Occasion
from zhike.handbook.tests.folder import LIMIT, MANIFEST, clause

OFFICE = {"id": "office", "title": "班", "weekly": {"mon-fri": ["09:00-12:00", "13:30-17:30"]}, "holidays": "cn"}
MEETING = {"id": "weekly_meeting", "title": "周会", "weekday": "wed", "at": "10:00"}


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text + "+08:00")


def book_with(**changes: Any) -> tuple[Book, Deadline]:
    handbook = Handbook.model_validate(
        {**MANIFEST, "calendars": [OFFICE], "occasions": [MEETING], "clauses": [clause(LIMIT, **changes)],
         "parameters": [{"id": "limit", "title": "限", "value": "2h"}]}
    )  # fmt: skip
    book = Book(handbook)
    found = book.clause("S-04")
    assert isinstance(found, Deadline)
    return book, found


def due(start: str, facts: dict[str, Any] | None = None, **changes: Any) -> dt.datetime | None:
    book, found = book_with(**changes)
    return deadline_due(book, found, at(start), facts or {}, calendar=book.calendar("office"))


ISSUED, ISSUED_ON = {"since_fact": "issued_on"}, {"issued_on": "2025-06-06"}
DUE: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("a plain hour", {}, {}, "2025-06-06 18:00"),
    ("a parameter", {"within": {"param": "limit"}}, {}, "2025-06-06 19:00"),
    ("working time", {"time": "working"}, {}, "2025-06-09 09:30"),
    ("the clause's calendar counts", {"calendar": "office"}, {}, "2025-06-09 09:30"),
    ("working days", {"within": "2 working days"}, {}, "2025-06-10 17:00"),
    ("working days to the close", {"within": "2 working days", "at": "close"}, {}, "2025-06-10 17:30"),
    ("from a moment among the facts", {"since_fact": "accepted_at"}, {"accepted_at": "2025-06-06T12:00:00+08:00"}, "2025-06-06 13:00"),
    ("from a day among the facts, that day not counted", ISSUED | {"within": "3d"}, ISSUED_ON, "2025-06-10 00:00"),
    ("working days from a day", ISSUED | {"within": "3 working days"}, ISSUED_ON, "2025-06-12 00:00"),
    ("to a time of the last day", ISSUED | {"within": "3d", "at": "17:00"}, ISSUED_ON, "2025-06-09 17:00"),
    ("hours from a day begin when it is over", ISSUED | {"within": "48h"}, ISSUED_ON, "2025-06-09 00:00"),
    ("a date typed by another", {"within": None, "due": {"fact": "promised"}}, {"promised": "2025-06-11"}, "2025-06-12 00:00"),
    (
        "never beyond its cap", {"within": None, "due": {"fact": "promised", "cap": "2 working days"}}, {"promised": "2025-07-11"},
        "2025-06-10 17:00",
    ),
    ("counted back", {"before": "visit_on", "within": "2d", "at": "24:00"}, {"visit_on": dt.date(2025, 6, 20)}, "2025-06-19 00:00"),
    ("the third working day of next month", {"within": None, "due": {"every": "month", "day": 3, "working": True}}, {}, "2025-07-04 00:00"),
    ("the next working day at six", {"within": None, "due": {"every": "day", "working": True, "at": "18:00"}}, {}, "2025-06-09 18:00"),
    ("the next meeting", {"within": None, "due": {"occasion": "weekly_meeting"}}, {}, "2025-06-11 10:00"),
    (
        "a second start", {"within": "3h", "cap": {"within": "1h", "since_fact": "made_at"}},
        {"made_at": "2025-06-06T16:30:00+08:00"}, "2025-06-06 17:30",
    ),
    ("a second start on a day", {"within": "9d", "cap": ISSUED | {"within": "1d"}}, ISSUED_ON, "2025-06-08 00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "facts", "expected"), [case[1:] for case in DUE], ids=[case[0] for case in DUE])
def test_due(changes: dict[str, Any], facts: dict[str, Any], expected: str) -> None:
    assert due("2025-06-06 17:00", facts, **changes) == at(expected)


def test_a_start_outside_service_hours_waits_for_the_opening() -> None:
    assert due("2025-06-07 10:00", within="2h", time="deferred", calendar="office") == at("2025-06-09 11:00")
    assert due("2025-06-06 17:00", within="2h", time="deferred", calendar="office") == at("2025-06-06 19:00")


def test_before_a_time_of_day_excludes_that_very_time() -> None:
    found = due("2025-06-06 09:00", within=None, due={"every": "day", "ahead": 0, "at": "16:30"}, boundary="exclusive")
    assert found == at("2025-06-06 16:30") - dt.timedelta(microseconds=1)


def test_there_is_no_limit_while_its_date_is_not_known() -> None:
    assert due("2025-06-06 09:00", within=None, due={"fact": "promised"}) is None
    assert due("2025-06-06 09:00", before="visit_on") is None
    assert due("2025-06-06 09:00", {"accepted_at": None}, since_fact="accepted_at") is None
    book, found = book_with(within=None, due={"fact": "promised"})
    with pytest.raises(NoLimit, match="S-04"):
        limit_of(book, found)


def test_one_event_of_several_stops_it_or_all_are_needed() -> None:
    _, any_of = book_with(until=["action.a", "action.b"])
    assert stops(any_of, "action.b", {})
    assert not stops(any_of, "action.c", {})
    _, all_of = book_with(until=None, until_all=["action.a", "action.b"])
    assert not stops(all_of, "action.b", {})
    assert stops(all_of, "action.b", {}, happened=["action.a"])


def test_an_answer_by_telephone_does_not_stop_what_asks_for_mail() -> None:
    _, found = book_with(until="action.result", until_when={"channel": ["system", "email"]})
    assert not stops(found, "action.result", {"channel": "phone"})
    assert stops(found, "action.result", {"channel": "email"})


def test_what_is_done_too_early_does_not_count() -> None:
    _, found = book_with(until="action.a")
    assert not stops(found, "action.a", {}, now=at("2025-06-06 09:00"), not_before=at("2025-06-06 10:00"))


def test_a_duty_is_settled_only_in_the_way_it_asks() -> None:
    duty = Duty.model_validate(
        clause(
            LIMIT,
            kind="duty",
            owes="call.completed",
            owes_when={"method": "phone"},
            until=None,
            starts=None,
            within=None,
        )
    )
    assert settles(duty, "call.completed", {"method": "phone"})
    assert not settles(duty, "call.completed", {"method": "text"})


@pytest.mark.parametrize(
    ("every", "key", "begins", "ends"),
    [
        ("calendar_day", "2025-06-10", "2025-06-10", "2025-06-11"),
        ("week", "2025-W24", "2025-06-09", "2025-06-16"),
        ("half_month", "2025-06-H1", "2025-06-01", "2025-06-16"),
        ("calendar_month", "2025-06", "2025-06-01", "2025-07-01"),
        ("calendar_quarter", "2025-Q2", "2025-04-01", "2025-07-01"),
        ("calendar_year", "2025", "2025-01-01", "2026-01-01"),
    ],
)
def test_a_day_belongs_to_one_period(every: str, key: str, begins: str, ends: str) -> None:
    assert tuple(period_of(every, at("2025-06-10 23:59"))) == (key, at(begins + " 00:00"), at(ends + " 00:00"))


def test_the_last_minute_in_shanghai_is_still_today_whatever_the_machine_thinks() -> None:
    assert period_of("calendar_day", dt.datetime(2025, 6, 10, 15, 59, tzinfo=dt.UTC)).key == "2025-06-10"
    assert period_of("calendar_day", dt.datetime(2025, 6, 10, 16, 0, tzinfo=dt.UTC)).key == "2025-06-11"


def test_a_duty_of_working_days_that_arises_on_sunday_is_owed_on_monday() -> None:
    book, _ = book_with()
    office = book.calendar(None)
    span = period_of("working_day", at("2025-06-08 10:00"), calendar=office)
    assert span.key == "2025-06-09"
    assert (
        next_period(
            "working_day", period_of("working_day", at("2025-06-06 10:00"), calendar=office), calendar=office
        ).key
        == "2025-06-09"
    )


def test_once_has_no_end() -> None:
    assert period_of("once", at("2025-06-10 09:00")).key == "once"


def test_a_period_that_needs_more_than_a_date_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot be told from a date alone"):
        period_of("shift", at("2025-06-10 09:00"))


def test_the_second_half_of_february_and_the_last_day_of_a_month() -> None:
    assert tuple(period_of("half_month", at("2025-02-20 10:00")))[2] == at("2025-03-01 00:00")
    assert day_of_period("month", dt.date(2025, 2, 3), 0, -1) == dt.date(2025, 2, 28)
    assert day_of_period("quarter", dt.date(2025, 2, 3), 1, 20) == dt.date(2025, 4, 20)


def test_who_was_born_on_the_29th_of_february_has_a_birthday_every_year() -> None:
    assert yearly_day(2, 29, 2025) == dt.date(2025, 2, 28)
    assert yearly_day(2, 29, 2024) == dt.date(2024, 2, 29)


def test_the_next_occasion() -> None:
    meeting = Occasion.model_validate(MEETING)
    assert next_occasion(meeting, dt.date(2025, 6, 11)) == dt.date(2025, 6, 18)
    assert next_occasion(meeting, dt.date(2025, 6, 10)) == dt.date(2025, 6, 11)
    yearly = Occasion.model_validate({"id": "anniversary", "title": "周年", "yearly": "06-18", "dates": ["2025-06-15"]})
    assert next_occasion(yearly, dt.date(2025, 6, 10)) == dt.date(2025, 6, 15)
    assert next_occasion(yearly, dt.date(2025, 6, 18)) == dt.date(2026, 6, 18)
    assert next_occasion(Occasion.model_validate({"id": "none", "title": "无"}), dt.date(2025, 6, 10)) is None


@pytest.mark.parametrize("text", ["", "1", "h", "0h", "1 fortnight", "-1h", "1.5h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    from zhike.handbook.common import Duration

    with pytest.raises(ValueError):
        Duration.model_validate(parse_duration(text))
