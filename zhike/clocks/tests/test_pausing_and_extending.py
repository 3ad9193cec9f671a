"""What moves a due time, and what only changes whose it is."""

from __future__ import annotations

import pytest

from zhike.clocks import queries
from zhike.clocks.actions import (
    ClockRefused,
    extend_clock,
    fire_due,
    pause_clock,
    pause_clocks,
    readdress_clocks,
    reassign_clock,
    resume_clock,
    resume_clocks,
    stop_clocks,
)
from zhike.clocks.models import Clock
from zhike.clocks.tests.ground import (
    AGENT,
    CASE,
    MANAGER,
    at,
    count_facts,
    deadline,
    facts,
    ledger,
    started,
    version_of,
)
from zhike.handbook.common import Duration, Unit

pytestmark = pytest.mark.django_db

TEN_MINUTES = Duration(amount=10, unit=Unit.minute)


def test_waiting_for_the_customer_moves_the_deadline():
    started(version_of(deadline()))
    pause_clocks(CASE, ["WARN-05"], at=at("06-10 09:10"), by="staff:5", why="等顾客答复")
    (clock,) = resume_clocks(CASE, ["WARN-05"], at=at("06-10 09:25"), by="staff:5")
    assert clock.due_at == at("06-10 09:45")
    assert clock.warn_at == [at("06-10 09:39")]
    (stopped,) = stop_clocks(CASE, ["WARN-05"], at=at("06-10 09:45"), by="staff:5")
    assert stopped.state == Clock.State.KEPT
    assert queries.minutes_of([clock.pk])[clock.pk] == queries.Minutes(used=30.0, late=0.0)


def test_a_pause_over_lunch_costs_only_the_working_minutes_it_covered():
    version = version_of(deadline(within="4h", time="working", calendar="office"))
    clock = started(version, calendar="office", at=at("06-10 10:00"))
    assert clock.due_at == at("06-10 15:00")
    pause_clock(clock.pk, at=at("06-10 11:30"), by="staff:5")
    (clock,) = resume_clock(clock.pk, at=at("06-10 13:30"), by="staff:5")
    assert clock.due_at == at("06-10 16:00")


def test_a_pause_over_the_weekend_costs_a_working_clock_nothing():
    version = version_of(deadline(within="4h", time="working", calendar="office"))
    clock = started(version, calendar="office", at=at("06-13 16:00"))
    assert clock.due_at == at("06-16 11:00")
    pause_clock(clock.pk, at=at("06-13 19:00"), by="staff:5")
    (clock,) = resume_clock(clock.pk, at=at("06-15 20:00"), by="staff:5")
    assert clock.due_at == at("06-16 11:00")


def test_late_minutes_of_a_working_clock_are_working_minutes():
    version = version_of(deadline(within="1h", time="working", calendar="office"))
    clock = started(version, calendar="office", at=at("06-13 16:30"))
    stop_clocks(CASE, ["WARN-05"], at=at("06-16 09:05"), by="staff:5")
    assert queries.minutes_of([clock.pk])[clock.pk] == queries.Minutes(used=95.0, late=35.0)


def test_a_store_without_a_calendar_counts_on_the_wall():
    version = version_of(deadline("WARN-10", within="1h", time="working", calendar="by_department"))
    assert started(version, "WARN-10", at=at("06-10 11:30")).due_at == at("06-10 12:30")
    assert started(
        version, "WARN-10", at=at("06-10 11:30"), key="case:8/WARN-10/1", subject=("case", 8), calendar="office"
    ).due_at == at("06-10 13:30")


def test_a_paused_clock_that_is_finished_is_kept():
    started(version_of(deadline()))
    pause_clocks(CASE, ["WARN-05"], at=at("06-10 09:20"), by="staff:5")
    (clock,) = stop_clocks(CASE, ["WARN-05"], at=at("06-10 11:00"), by="staff:5")
    assert clock.state == Clock.State.KEPT
    assert queries.minutes_of([clock.pk])[clock.pk].used == 20.0


def test_pausing_after_the_limit_changes_nothing():
    started(version_of(deadline()))
    assert pause_clocks(CASE, ["WARN-05"], at=at("06-10 09:40"), by="staff:5") == []
    assert ledger("WARN-05") == ["applied", "broken"]
    assert Clock.objects.get().state == Clock.State.OVERDUE


def test_pausing_twice_and_resuming_twice_is_once():
    clock = started(version_of(deadline()))
    for minute in (10, 12):
        pause_clock(clock.pk, at=at(f"06-10 09:{minute}"), by="staff:5")
    for minute in (20, 22):
        resume_clock(clock.pk, at=at(f"06-10 09:{minute}"), by="staff:5")
    assert Clock.objects.get().due_at == at("06-10 09:40")
    assert (count_facts("clock.paused"), count_facts("clock.resumed")) == (1, 1)


def test_a_warning_that_was_given_is_not_given_again_after_a_pause():
    clock = started(version_of(deadline(within="100m", warn=[50, 80])))
    fire_due(at("06-10 09:50"))
    pause_clock(clock.pk, at=at("06-10 10:00"), by="staff:5")
    (clock,) = resume_clock(clock.pk, at=at("06-10 11:00"), by="staff:5")
    assert clock.warn_at == [at("06-10 11:20")]


def test_an_extension_is_granted_by_another_person_and_kept_with_its_reason():
    clock = started(version_of(deadline()))
    fire_due(at("06-10 09:24"))
    extended = extend_clock(
        clock.pk, TEN_MINUTES, asked_by="staff:5", approved_by="staff:6", why="示例：门店停电", at=at("06-10 09:25")
    )
    assert extended.due_at == at("06-10 09:40")
    assert extended.warn_at == [at("06-10 09:32")]
    (granted,) = Clock.objects.get().extensions
    assert (granted["asked_by"], granted["approved_by"], granted["why"]) == ("staff:5", "staff:6", "示例：门店停电")
    assert facts("clock.extended") == [(at("06-10 09:25"), "staff:6")]
    stop_clocks(CASE, ["WARN-05"], at=at("06-10 09:40"), by="staff:5")
    assert ledger("WARN-05") == ["applied", "kept"]


@pytest.mark.parametrize(
    ("asked_by", "why", "minute", "words"),
    [
        ("staff:6", "示例", 10, "自己批准"),
        ("staff:5", "   ", 10, "原因"),
        ("staff:5", "示例", 31, "不能再延期"),
    ],
)
def test_an_extension_is_refused(asked_by: str, why: str, minute: int, words: str):
    clock = started(version_of(deadline()))
    with pytest.raises(ClockRefused) as refused:
        extend_clock(
            clock.pk, TEN_MINUTES, asked_by=asked_by, approved_by="staff:6", why=why, at=at(f"06-10 09:{minute}")
        )
    assert words in refused.value.words.zh
    assert refused.value.words.en
    assert Clock.objects.get().due_at == at("06-10 09:30")


def test_a_pause_after_an_extension_counts_from_the_whole_history():
    clock = started(version_of(deadline()))
    extend_clock(clock.pk, TEN_MINUTES, asked_by="staff:5", approved_by="staff:6", why="示例", at=at("06-10 09:05"))
    pause_clock(clock.pk, at=at("06-10 09:35"), by="staff:5")
    (clock,) = resume_clock(clock.pk, at=at("06-10 10:35"), by="staff:5")
    assert clock.due_at == at("06-10 10:40")


def test_an_extension_during_a_pause_counts_when_it_resumes():
    clock = started(version_of(deadline()))
    pause_clock(clock.pk, at=at("06-10 09:10"), by="staff:5")
    extend_clock(clock.pk, TEN_MINUTES, asked_by="staff:5", approved_by="staff:6", why="示例", at=at("06-10 09:15"))
    (clock,) = resume_clock(clock.pk, at=at("06-10 09:30"), by="staff:5")
    assert clock.due_at == at("06-10 10:00")


def test_a_clock_handed_over_keeps_running():
    clock = started(version_of(deadline()))
    handed = reassign_clock(
        clock.pk, [MANAGER], at=at("06-10 09:10"), by="staff:6", held_as="manager", why="示例：换班"
    )
    assert handed is not None
    assert (handed.holders, handed.due_at) == ([MANAGER], at("06-10 09:30"))
    assert queries.open_clocks_of([AGENT]) == []
    assert reassign_clock(clock.pk, [MANAGER], at=at("06-10 09:11"), by="staff:6") is None
    assert count_facts("clock.reassigned") == 1


def test_open_clocks_follow_when_who_may_see_the_case_changes():
    started(version_of(deadline()))
    readdress_clocks(CASE, ["retail-hotline:store_manager@13"])
    assert queries.board([MANAGER]).lanes == ()
    assert len(queries.board(["retail-hotline:store_manager@13"]).lanes) == 1
