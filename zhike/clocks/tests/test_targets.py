"""A target within a limit: when it passes, who hears of it, and what is measured of it. Nothing else follows."""

from __future__ import annotations

import datetime as dt

import pytest

from zhike.clocks import subjects
from zhike.clocks.actions import cancel_clocks, extend_clock, fire_due, pause_clock, resume_clock, stop_clocks
from zhike.clocks.models import Clock
from zhike.clocks.tests.ground import AGENT, CASE, at, deadline, facts, ledger, started, version_of
from zhike.handbook.common import Duration, Unit
from zhike.journal import reactions
from zhike.journal.models import ClauseUse, Fact

pytestmark = pytest.mark.django_db
AIMED = {"within": "1h", "target": "20m"}


@pytest.fixture(autouse=True)
def no_other_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reactions of other rooms have tests of their own."""
    monkeypatch.setattr(reactions, "_reactions", {})
    monkeypatch.setattr(subjects, "_lockers", {})


def test_twenty_minutes_of_an_hour_are_over_at_twenty_past_nine_and_the_holder_hears_it_once():
    clock = started(version_of(deadline(**AIMED)))
    assert (clock.target_at, clock.due_at) == (at("06-10 09:20"), at("06-10 10:00"))
    assert clock.warn_at == [at("06-10 09:20"), at("06-10 09:48")]
    assert [fire_due(at(f"06-10 {time}")) for time in ("09:19", "09:20", "09:21")] == [0, 1, 0]
    (passed,) = Fact.objects.filter(type="clock.target_passed")
    assert (passed.at, passed.payload["holders"], passed.clauses) == (at("06-10 09:20"), [AGENT], ["WARN-05"])
    assert facts("clock.warned") == []
    clock.refresh_from_db()
    assert (clock.state, clock.warn_at, clock.next_at) == ("running", [at("06-10 09:48")], at("06-10 09:48"))


def test_the_shares_keep_their_warnings_beside_the_target():
    started(version_of(deadline(within="100m", target="60m", warn=[50, 80])))
    assert fire_due(at("06-10 10:30")) == 1
    shares = [(fact.at, fact.payload["share"]) for fact in Fact.objects.filter(type="clock.warned").order_by("id")]
    assert shares == [(at("06-10 09:50"), 50.0), (at("06-10 10:20"), 80.0)]
    assert facts("clock.target_passed") == [(at("06-10 10:00"), "system")]


def test_a_target_that_passes_with_a_share_is_told_beside_it():
    started(version_of(deadline(within="100m", target="50m", warn=[50, 80])))
    assert fire_due(at("06-10 09:50")) == 1
    assert (len(facts("clock.target_passed")), len(facts("clock.warned"))) == (1, 1)


def test_a_clause_without_warnings_only_measures():
    started(version_of(deadline(**AIMED, warn=[])))
    assert fire_due(at("06-10 09:59")) == 0
    stop_clocks(CASE, ["WARN-05"], at=at("06-10 09:59"), by="staff:5")
    assert facts("clock.target_passed") == []
    assert ClauseUse.objects.get(outcome="kept").detail["in_target"] is False


@pytest.mark.parametrize(("done", "state", "within"), [
    ("09:20", "kept", True), ("09:20:01", "kept", False), ("10:00", "kept", False), ("10:00:01", "late", False),
])  # fmt: skip
def test_the_limit_decides_what_is_kept_and_the_target_only_how_well(done: str, state: str, within: bool):
    started(version_of(deadline(**AIMED)))
    (clock,) = stop_clocks(CASE, ["WARN-05"], at=at(f"06-10 {done}"), by="staff:5")
    assert (clock.state, clock.in_target) == (state, within)
    assert ledger("WARN-05") == ["applied", "kept" if state == "kept" else "broken"]
    assert Fact.objects.get(type="clock.stopped").payload["in_target"] is within


def test_nothing_is_said_of_a_target_while_it_runs_or_where_it_was_cancelled():
    clock = started(version_of(deadline(**AIMED)))
    assert clock.in_target is None
    (ended,) = cancel_clocks(CASE, at=at("06-10 09:30"), by="staff:5")
    assert ended.in_target is None


def test_before_a_moment_means_before_the_target_too():
    started(version_of(deadline(**AIMED, boundary="exclusive")))
    (clock,) = stop_clocks(CASE, ["WARN-05"], at=at("06-10 09:20"), by="staff:5")
    assert (clock.state, clock.in_target) == ("kept", False)


def test_one_working_day_of_three_is_counted_in_the_same_calendar():
    # Friday 13 June 2025, 16:00: the week-end is between.
    clock = started(
        version_of(deadline(within="3 working days", target="1 working day", calendar="office")), at=at("06-13 16:00")
    )
    assert (clock.target_at, clock.due_at) == (at("06-16 16:00"), at("06-18 16:00"))


def test_a_target_in_working_days_within_a_limit_on_the_wall_has_the_handbooks_calendar():
    clock = started(version_of(deadline(within="10d", target="1 working day")), at=at("06-13 16:00"))
    assert (clock.target_at, clock.due_at) == (at("06-16 16:00"), at("06-23 16:00"))


def test_a_pause_before_the_target_moves_it_and_one_after_it_does_not():
    clock = started(version_of(deadline(**AIMED)))
    pause_clock(clock.pk, at=at("06-10 09:10"), by="staff:5")
    resume_clock(clock.pk, at=at("06-10 09:40"), by="staff:5")
    clock.refresh_from_db()
    assert (clock.target_at, clock.due_at) == (at("06-10 09:50"), at("06-10 10:30"))
    assert clock.warn_at == [at("06-10 09:50"), at("06-10 10:18")]
    fire_due(at("06-10 09:50"))
    pause_clock(clock.pk, at=at("06-10 10:00"), by="staff:5")
    resume_clock(clock.pk, at=at("06-10 11:00"), by="staff:5")
    clock.refresh_from_db()
    assert (clock.target_at, clock.due_at) == (at("06-10 09:50"), at("06-10 11:30"))
    assert clock.warn_at == [at("06-10 11:18")]


def test_what_is_done_while_it_is_paused_is_judged_by_the_target_without_the_pause():
    clock = started(version_of(deadline(**AIMED)))
    pause_clock(clock.pk, at=at("06-10 09:10"), by="staff:5")
    (done,) = stop_clocks(CASE, ["WARN-05"], at=at("06-10 12:00"), by="staff:5")
    assert (done.state, done.in_target) == ("kept", True)
    clock.refresh_from_db()
    assert clock.target_at == at("06-10 12:10")


def test_more_time_moves_the_limit_and_not_the_target():
    clock = started(version_of(deadline(**AIMED)))
    more = Duration(amount=1, unit=Unit.hour)
    extend_clock(clock.pk, more, asked_by="staff:5", approved_by="staff:6", why="示例", at=at("06-10 09:10"))
    clock.refresh_from_db()
    assert (clock.target_at, clock.due_at) == (at("06-10 09:20"), at("06-10 11:00"))
    assert clock.warn_at == [at("06-10 09:20"), at("06-10 10:36")]


def test_a_target_never_lies_after_its_limit():
    version = version_of(deadline(within="3d", target="2d", cap={"within": "1d", "starts": "case.opened"}))
    clock = started(version)
    assert (clock.target_at, clock.due_at) == (at("06-11 09:00"), at("06-11 09:00"))
    assert clock.target_at not in clock.warn_at


def test_a_limit_without_a_target_knows_of_none():
    clock = started(version_of(deadline()))
    stop_clocks(CASE, ["WARN-05"], at=at("06-10 09:10"), by="staff:5")
    assert Clock.objects.get(pk=clock.pk).target_at is None
    assert "in_target" not in ClauseUse.objects.get(outcome="kept").detail
    assert clock.due_at - clock.started_at == dt.timedelta(minutes=30)
