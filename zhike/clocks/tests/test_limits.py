"""Limits that are more than a length from a start: later openings, dates among the facts, caps."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.clocks.actions import extend_clock, pause_clock, resume_clock, start_clocks, stop_clocks
from zhike.clocks.models import Clock
from zhike.clocks.tests.ground import CASE, at, deadline, ledger, start_of, started, version_of
from zhike.clocks.watch import fire_all
from zhike.handbook.common import Duration, Unit

pytestmark = pytest.mark.django_db

HOUR = Duration(amount=1, unit=Unit.hour)


def test_a_deferred_start_moves_to_the_next_opening_and_then_counts_on_the_wall():
    version = version_of(deadline(within="4h", time="deferred", calendar="office"))
    clock = started(version, calendar="office", at=at("06-10 20:00"))
    assert (clock.started_at, clock.due_at) == (at("06-10 20:00"), at("06-11 13:00"))
    assert clock.warn_at == [at("06-11 12:12")]
    pause_clock(clock.pk, at=at("06-11 10:00"), by="staff:5")
    (clock,) = resume_clock(clock.pk, at=at("06-11 10:30"), by="staff:5")
    assert clock.due_at == at("06-11 13:30")


def test_a_limit_counts_from_a_moment_among_the_facts():
    version = version_of(deadline(within="2h", since_fact="accepted_at"))
    clock = started(version, facts={"accepted_at": "2025-06-10T08:30:00+08:00"})
    assert clock.due_at == at("06-10 10:30")


def test_a_limit_is_counted_back_from_a_date():
    version = version_of(deadline(within="3 working days", before="due_on", at="10:00", calendar="office"))
    clock = started(version, facts={"due_on": "2025-06-16"}, calendar="office", at=at("06-09 09:00"))
    assert clock.due_at == at("06-11 10:00")


def test_without_the_date_it_hangs_on_there_is_no_clock_yet():
    version = version_of(deadline(within="3d", before="due_on"))
    assert start_clocks([start_of(version)]) == []
    assert ledger("WARN-05") == []


def test_a_fixed_date_is_not_moved_by_a_pause_but_by_an_extension():
    clock = started(version_of(deadline()), due_at=at("06-10 16:30"))
    assert pause_clock(clock.pk, at=at("06-10 10:00"), by="staff:5") == []
    given: dict[str, Any] = {"asked_by": "staff:5", "approved_by": "staff:6", "why": "示例", "at": at("06-10 10:05")}
    assert extend_clock(clock.pk, HOUR, **given).due_at == at("06-10 17:30")


def test_the_first_instant_that_is_late_is_shown_as_the_limit_itself():
    version = version_of(deadline(within="30m", boundary="exclusive"), warn=())
    clock = started(version)
    assert clock.due_at == at("06-10 09:30")
    assert clock.next_at == at("06-10 09:30")
    (kept,) = stop_clocks(CASE, ["WARN-05"], at=at("06-10 09:29:59.999999"), by="staff:5")
    assert kept.state == Clock.State.KEPT


def test_working_days_lead_to_the_same_time_of_day():
    version = version_of(deadline(within="1 working day"))
    assert started(version, at=at("06-13 16:00")).due_at == at("06-16 16:00")


def test_everything_due_fires_in_one_go_whatever_the_size_of_a_batch():
    version = version_of(deadline(each=True), warn=())
    start_clocks([start_of(version, key=f"example:{number}") for number in range(11)])
    assert fire_all(lambda: at("06-10 09:31"), batch=4) == 11
    assert fire_all(lambda: at("06-10 09:31"), batch=4) == 0
