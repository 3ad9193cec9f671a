"""A year of days off that is announced after limits have begun: they follow, and nobody becomes late by it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import transaction

from tests.world import Cast, at, facts
from zhike.clocks.actions import Start, start_clocks
from zhike.clocks.models import Clock
from zhike.clocks.retiming import moves
from zhike.handbook import holidays
from zhike.handbook.clauses import Deadline
from zhike.handbook.holidays import HolidayTable, HolidayYear, read_year
from zhike.org.days_off import DaysOffRefused, enter_year
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion, HolidayTableYear, Staff

FRIDAY = at("2027-02-05 10:00")
"""Before the Spring Festival of 2027, of which only the days fixed by law are known when the test begins."""


def year(**changes: Any) -> HolidayYear:
    announced = {
        "region": "cn", "year": 2027, "status": "announced",
        "off": [{"name": {"zh": "春节"}, "from": "2027-02-05", "to": "2027-02-12"}], "work": ["2027-02-13"],
    }  # fmt: skip
    return read_year({**announced, **changes})


def office(people: Cast) -> HandbookVersion:
    """The cast's handbook with an office calendar that keeps the public holidays."""
    source = dict(people.version.source)
    hours = {
        "id": "office",
        "title": {"zh": "办公"},
        "weekly": {"mon-fri": ["09:00-18:00"]},
        "holidays": "cn",
        "default": True,
    }
    source["calendars"] = [*source["calendars"], hours]
    return HandbookVersion.objects.create(
        name="retail-hotline",
        version="9",
        effective_from=at("2025-02-01 00:00"),
        source=source,
        text=people.version.text,
        digest="9",
    )


@pytest.fixture
def clock(people: Cast) -> Clock:
    """Due two working days after Thursday 4 February 2027, 10:00."""
    version = office(people)
    book = book_of(version.pk)
    clause = book.clause("WARN-05")
    assert isinstance(clause, Deadline)
    plain = clause.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {
        "within": "2 working days",
        "calendar": "office",
    }
    clause = Deadline.model_validate(plain)
    case = people.ticket(at("2027-02-04 10:00"))
    with transaction.atomic():
        (made,) = start_clocks(
            [
                Start(
                    book, version.pk, clause, ("case", case.pk), ["staff:1"], "hotline_agent", "office/1",
                    at("2027-02-04 10:00"), "office",
                )
            ]
        )  # fmt: skip
    return made


def boss() -> Staff:
    return Staff.objects.get(username="admin")


def test_until_a_year_is_announced_its_answers_are_not_certain() -> None:
    assert HolidayTable.named("cn").certain_until == dt.date(2026, 12, 31)
    assert HolidayTable.with_year(year()).certain_until == dt.date(2027, 12, 31)
    assert HolidayTable.named("cn").certain_until == dt.date(2026, 12, 31)


def test_the_preview_says_which_limits_would_move_and_changes_nothing(clock: Clock) -> None:
    assert clock.due_at == at("2027-02-10 10:00")
    (move,) = moves("cn", at("2027-02-04 12:00"), HolidayTable.with_year(year()))
    assert (move.clock.pk, move.due_at) == (clock.pk, at("2027-02-15 10:00"))
    assert Clock.objects.get(pk=clock.pk).due_at == at("2027-02-10 10:00")


def test_entering_a_year_moves_open_limits_and_tells_why(clock: Clock) -> None:
    enter_year(year(), by=boss(), now=at("2027-02-04 12:00"), why="示例：通知 2027 年第 1 号")
    moved = Clock.objects.get(pk=clock.pk)
    assert moved.due_at == at("2027-02-15 10:00")
    assert moved.next_at == moved.warn_at[0]
    (told,) = facts("clock.retimed")
    assert dt.datetime.fromisoformat(told.payload["before"]) == at("2027-02-10 10:00")
    assert facts("holidays.entered")[0].payload == {
        "region": "cn", "year": 2027, "announced": True, "days_off": 8, "workdays": 1, "why": "示例：通知 2027 年第 1 号",
    }  # fmt: skip
    assert list(moves("cn", at("2027-02-04 12:00"))) == []


def test_a_correction_takes_the_place_of_what_was_entered(clock: Clock) -> None:
    enter_year(year(), by=boss(), now=at("2027-02-04 12:00"), why="示例")
    shorter = year(off=[{"name": {"zh": "春节"}, "from": "2027-02-08", "to": "2027-02-08"}], work=[])
    enter_year(shorter, by=boss(), now=at("2027-02-04 13:00"), why="示例：更正")
    assert Clock.objects.get(pk=clock.pk).due_at == at("2027-02-09 10:00")
    assert HolidayTableYear.objects.count() == 2


def test_nobody_becomes_late_by_an_announcement(clock: Clock) -> None:
    enter_year(year(), by=boss(), now=at("2027-02-04 12:00"), why="示例")
    none_off = year(off=[], work=[])
    enter_year(none_off, by=boss(), now=at("2027-02-09 12:00"), why="示例：更正")
    assert Clock.objects.get(pk=clock.pk).due_at == at("2027-02-15 10:00")


def test_a_limit_that_has_run_out_stays_so(clock: Clock) -> None:
    Clock.objects.filter(pk=clock.pk).update(state="overdue")
    enter_year(year(), by=boss(), now=at("2027-02-11 12:00"), why="示例")
    assert Clock.objects.get(pk=clock.pk).due_at == at("2027-02-10 10:00")


def test_books_compiled_before_know_the_new_days_with_the_next_question(people: Cast) -> None:
    from zhike.org.handbooks import in_force

    version = office(people)
    calendar = book_of(version.pk).calendar("office")
    assert calendar is not None
    assert calendar.is_working_day(dt.date(2027, 2, 12))
    HolidayTableYear.objects.create(
        region="cn", year=2027, data=year().model_dump(mode="json", by_alias=True), entered_by=boss(), entered_at=FRIDAY
    )
    in_force(FRIDAY)
    fresh = book_of(version.pk).calendar("office")
    assert fresh is not None
    assert not fresh.is_working_day(dt.date(2027, 2, 12))
    assert fresh.is_working_day(dt.date(2027, 2, 13))
    assert holidays.HolidayTable.named("cn").certain_until == dt.date(2027, 12, 31)


def test_without_a_source_a_year_is_not_entered(people: Cast) -> None:
    with pytest.raises(DaysOffRefused):
        enter_year(year(), by=boss(), now=FRIDAY, why="  ")
    assert HolidayTableYear.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"off": [{"name": "春节", "from": "2026-02-05", "to": "2026-02-06"}]},
        {"off": [{"name": "春节", "from": "2027-02-06", "to": "2027-02-05"}]},
        {"off": [{"name": "春节", "from": "2027-02-05", "to": "2027-05-05"}]},
        {"work": ["2027-02-06"]},
        {"work": ["2029-02-06"]},
        {"status": "perhaps"},
        {"year": 20270},
    ],
)
def test_a_year_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        year(**wrong)
