"""When something is owed: times of day, the moment a share is due, a first period, an event that ends it, outcomes in a row."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from zhike.duties.actions import fall_due
from zhike.duties.models import Obligation
from zhike.duties.periods import current_period, first_period
from zhike.duties.tests.test_tries_and_periods import at, book_with, call, following, owed
from zhike.handbook.limits import in_window
from zhike.journal.models import ClauseUse, Fact

DAILY: dict[str, Any] = {"every": "working_day", "calendar": "desk", "due": {"every": "day", "ahead": 0, "at": "16:30"}}
BEFORE: dict[str, Any] = {**DAILY, "boundary": "exclusive"}
MORNING: dict[str, Any] = {"every": "calendar_day", "window": ["09:00", "12:00"]}
QUARTER: dict[str, Any] = {"every": "calendar_quarter", "first": {"after": "opened_on", "within": "7d"}}


@pytest.mark.parametrize(
    ("said", "when", "begins", "ends"),
    [
        (DAILY, "03-03 09:10", "03-03 09:10", "03-03 16:30"),
        (DAILY, "03-03 16:30", "03-04 00:00", "03-04 16:30"),
        (DAILY, "03-03 20:00", "03-04 00:00", "03-04 16:30"),
        (MORNING, "03-03 08:00", "03-03 09:00", "03-03 12:00"),
        (MORNING, "03-03 10:00", "03-03 10:00", "03-03 12:00"),
        (MORNING, "03-03 12:00", "03-04 09:00", "03-04 12:00"),
        ({"every": "week", "window": ["09:00", "12:00"]}, "03-05 10:00", "03-05 10:00", "03-09 12:00"),
        ({"every": "calendar_month", "due": {"every": "month", "day": 3}}, "03-10 10:00", "03-10 10:00", "04-04 00:00"),
        ({"every": "calendar_day", "due": {"every": "day", "at": "01:00"}}, "03-03 10:00", "03-03 10:00", "03-04 01:00"),
    ],
)  # fmt: skip
def test_a_period_is_cut_to_its_times_of_day_or_to_the_moment_its_share_is_due(
    said: dict[str, Any], when: str, begins: str, ends: str
) -> None:
    period = current_period(*book_with(**said), at(when))
    assert (period.begins_at, period.ends_at) == (at(begins), at(ends))


@pytest.mark.parametrize(
    ("said", "when", "begins", "ends"),
    [
        (DAILY, "03-07 10:00", "03-08 00:00", "03-08 16:30"),
        (DAILY, "03-08 10:00", "03-10 00:00", "03-10 16:30"),
        (MORNING, "03-03 10:00", "03-04 09:00", "03-04 12:00"),
        (
            {"every": "calendar_day", "due": {"every": "day", "at": "01:00"}},
            "03-03 10:00",
            "03-04 00:00",
            "03-05 01:00",
        ),
    ],
)
def test_the_next_period_follows_the_whole_one_however_early_its_share_was_due(
    said: dict[str, Any], when: str, begins: str, ends: str
) -> None:
    book, clause = book_with(**said)
    period = following(book, clause, current_period(book, clause, at(when)))
    assert (period.begins_at, period.ends_at) == (at(begins), at(ends))


@pytest.mark.parametrize(("when", "counts"), [("08:59", False), ("09:00", True), ("12:00", True), ("12:01", False)])
def test_a_deed_outside_the_times_of_day_counts_for_nothing(when: str, counts: bool) -> None:
    assert in_window(*book_with(**MORNING), at(f"03-03 {when}")) is counts


@pytest.mark.parametrize(
    ("opened", "when", "ends"),
    [
        ("2025-03-01", "03-03 10:00", "03-09 00:00"),
        (None, "03-03 10:00", "03-10 10:00"),
        ("2025-01-01", "03-03 10:00", None),
    ],
)
def test_the_first_period_counts_from_its_date_and_is_left_out_where_it_would_be_over(
    opened: str | None, when: str, ends: str | None
) -> None:
    period = first_period(*book_with(**QUARTER), at(when), {"opened_on": opened})
    assert (period and period.ends_at) == (ends and at(ends))


def test_after_the_first_period_comes_the_next_whole_one() -> None:
    book, clause = book_with(**QUARTER)
    first = first_period(book, clause, at("03-03 10:00"))
    assert first is not None
    after = following(book, clause, first)
    assert (after.label, after.begins_at, after.ends_at) == ("2025-Q2", at("04-01 00:00"), at("07-01 00:00"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "when", "state"),
    [
        (DAILY, "03-03 16:30:00", "met"),
        (DAILY, "03-03 16:30:01", "missed"),
        (BEFORE, "03-03 16:29:59", "met"),
        (BEFORE, "03-03 16:30:00", "missed"),
        (MORNING, "03-03 12:00:00", "met"),
        (MORNING, "03-03 12:00:01", "missed"),
    ],
)
def test_the_last_instant_is_in_time_unless_the_clause_leaves_it_out(
    said: dict[str, Any], when: str, state: str
) -> None:
    book, _ = owed(**said)
    call(book, when)
    assert Obligation.objects.order_by("begins_at").values_list("state", flat=True)[0] == state


@pytest.mark.django_db
@pytest.mark.parametrize(("called", "state", "use"), [(True, "met", "kept"), (False, "missed", "broken")])
def test_what_must_be_done_before_an_event_is_missed_when_it_happens(called: bool, state: str, use: str) -> None:
    book, _ = owed(due={"event": "action.hang_up"})
    if called:
        call(book, "03-03 10:40")
    with transaction.atomic():
        fall_due(("case", 7), book, "action.hang_up", at=at("03-03 10:45"), by="staff:1")
    assert list(Obligation.objects.values_list("state", flat=True)) == [state]
    assert list(ClauseUse.objects.order_by("id").values_list("outcome", flat=True))[-1] == use


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ("bad bad", []),
        ("bad bad bad", [3]),
        ("bad bad good bad bad", []),
        ("bad bad bad bad bad bad", [3, 3]),
        ("good bad bad bad good", [3]),
    ],
)
def test_so_many_outcomes_in_a_row_are_told_of_once_and_counted_anew(outcomes: str, told: list[int]) -> None:
    book, _ = owed(every="calendar_day", streak={"of": {"result": "bad"}, "count": 3})
    for day, result in enumerate(outcomes.split(), 3):
        call(book, f"03-{day:02} 11:00", result=result)
    facts = Fact.objects.filter(type="duty.streak").order_by("id")
    assert [fact.payload["count"] for fact in facts] == told
