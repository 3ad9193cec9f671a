"""A clock from its start to its end, and what the ledger and the journal say of it."""

from __future__ import annotations

import pytest

from zhike.clocks import queries
from zhike.clocks.actions import cancel_clocks, fire_due, start_clocks, stop_clocks
from zhike.clocks.models import Clock
from zhike.clocks.tests.ground import (
    AGENT,
    CASE,
    DEPUTY,
    GENERAL,
    MANAGER,
    at,
    count_facts,
    deadline,
    facts,
    ledger,
    start_of,
    started,
    version_of,
)
from zhike.journal.actions import OutsideTransaction
from zhike.journal.models import ClauseUse, Fact
from zhike.org.models import Assignment, Staff

pytestmark = pytest.mark.django_db


def test_thirty_minutes_from_nine_are_due_at_half_past_nine():
    clock = started(version_of(deadline()))
    clock.refresh_from_db()
    assert clock.due_at == at("06-10 09:30")
    assert clock.warn_at == [at("06-10 09:24")]
    assert clock.next_at == at("06-10 09:24")
    assert (clock.limit["amount"], clock.limit["unit"], clock.limit["minutes"]) == (30, "minute", 30.0)
    assert facts("clock.started") == [(at("06-10 09:00"), "system")]
    assert ledger("WARN-05") == ["applied"]


def test_done_at_the_very_instant_is_kept():
    started(version_of(deadline()))
    (clock,) = stop_clocks(CASE, ["WARN-05"], at=at("06-10 09:30"), by="staff:5")
    assert clock.state == Clock.State.KEPT
    assert ledger("WARN-05") == ["applied", "kept"]
    kept = ClauseUse.objects.get(outcome="kept")
    assert (kept.minutes, kept.late_minutes, kept.holder) == (30.0, 0.0, AGENT)


def test_done_one_second_later_breaches_first_and_is_late():
    started(version_of(deadline()))
    (clock,) = stop_clocks(CASE, ["WARN-05"], at=at("06-10 09:30:01"), by="staff:5")
    assert clock.state == Clock.State.LATE
    assert ledger("WARN-05") == ["applied", "broken"]
    assert facts("clock.breached") == [(at("06-10 09:30"), "system")]
    (stopped,) = Fact.objects.filter(type="clock.stopped")
    assert stopped.payload["late_minutes"] == pytest.approx(1 / 60)
    assert queries.minutes_of([clock.pk])[clock.pk].late == pytest.approx(1 / 60)


def test_what_a_worker_breached_and_a_person_finishes_is_broken_once():
    started(version_of(deadline()))
    assert fire_due(at("06-10 09:45")) == 1
    (clock,) = stop_clocks(CASE, ["WARN-05"], at=at("06-10 10:00"), by="staff:5")
    assert clock.state == Clock.State.LATE
    assert ledger("WARN-05") == ["applied", "broken"]
    assert count_facts("clock.breached") == 1
    assert queries.minutes_of([clock.pk])[clock.pk] == queries.Minutes(used=60.0, late=30.0)


def test_before_a_moment_is_strict_where_the_clause_says_so():
    version = version_of(deadline(boundary="exclusive"))
    started(version)
    (clock,) = stop_clocks(CASE, ["WARN-05"], at=at("06-10 09:30"), by="staff:5")
    assert clock.state == Clock.State.LATE
    assert ledger("WARN-05") == ["applied", "broken"]


def test_the_same_key_starts_one_clock():
    version = version_of(deadline(each=True))
    assert len(start_clocks([start_of(version), start_of(version)])) == 1
    assert start_clocks([start_of(version)]) == []
    assert ledger("WARN-05") == ["applied"]
    assert count_facts("clock.started") == 1


@pytest.mark.django_db(transaction=True)
def test_half_a_start_outside_a_transaction_is_refused():
    version = version_of(deadline())
    with pytest.raises(OutsideTransaction):
        started(version)
    assert Clock.objects.count() == 0


def test_a_second_start_while_one_is_open_changes_nothing():
    version = version_of(deadline())
    first = started(version)
    assert start_clocks([start_of(version, key="case:7/WARN-05/2", at=at("06-10 09:10"))]) == []
    stop_clocks(CASE, ["WARN-05"], at=at("06-10 09:20"), by="staff:5")
    again = started(version, key="case:7/WARN-05/3", at=at("06-10 09:20"))
    assert (first.due_at, again.due_at) == (at("06-10 09:30"), at("06-10 09:50"))


def test_each_start_begins_a_clock_of_its_own_where_the_clause_says_so():
    version = version_of(deadline("WARN-20", each=True, within="48h"))
    started(version, "WARN-20", key="case:7/WARN-20/1")
    started(version, "WARN-20", key="case:7/WARN-20/2", at=at("06-11 09:00"))
    assert [clock.due_at for clock in queries.open_clocks(CASE)] == [at("06-12 09:00"), at("06-13 09:00")]


def test_one_of_two_holders_stops_the_clock_they_share():
    started(version_of(deadline("WARN-15", within="24h")), "WARN-15", holders=[DEPUTY, GENERAL])
    stopped = stop_clocks(CASE, ["WARN-15"], at=at("06-10 12:00"), by="staff:8")
    assert [clock.holders for clock in stopped] == [[DEPUTY, GENERAL]]
    assert queries.open_clocks(CASE) == []
    assert ledger("WARN-15") == ["applied", "kept"]


def test_each_of_two_holders_of_a_broken_clock_has_a_line_of_his_own():
    started(version_of(deadline("WARN-15", within="24h")), "WARN-15", holders=[DEPUTY, GENERAL])
    fire_due(at("06-11 09:00:01"))
    broken = ClauseUse.objects.filter(clause="WARN-15", outcome="broken").order_by("id")
    assert [use.holder for use in broken] == [DEPUTY, GENERAL]
    assert len({use.detail["clock"] for use in broken}) == 1
    sums = queries.sums("retail-hotline", "WARN-15", at("06-01 00:00"), at("07-01 00:00"))
    assert sums.by_holder == {DEPUTY: 1, GENERAL: 1}
    assert (sums.due, sums.undone, sums.on_time) == (1, 1, 0.0)


def test_where_each_must_act_one_act_stops_only_its_own_clock():
    version = version_of(deadline("WARN-15", within="24h", share="all"))
    staff = Staff.objects.create(username="example-deputy", name="示例副总")
    Assignment.objects.create(staff=staff, handbook="retail-hotline", role="division_deputy_gm")
    starting = start_of(version, "WARN-15", holders=[DEPUTY, GENERAL])
    assert len(start_clocks([starting])) == 2
    stopped = stop_clocks(CASE, ["WARN-15"], at=at("06-10 12:00"), by=f"staff:{staff.pk}")
    assert [clock.holders for clock in stopped] == [[DEPUTY]]
    assert [clock.holders for clock in queries.open_clocks(CASE)] == [[GENERAL]]
    assert stop_clocks(CASE, ["WARN-15"], at=at("06-10 13:00"), by="staff:999") == []


def test_a_cancelled_clock_is_neither_kept_nor_broken():
    started(version_of(deadline()))
    (clock,) = cancel_clocks(CASE, at=at("06-10 09:10"), by="staff:5", why="示例：另案办理")
    assert clock.state == Clock.State.CANCELLED
    assert ledger("WARN-05") == ["applied"]
    assert fire_due(at("06-11 09:00")) == 0


def test_a_clock_cancelled_after_its_limit_was_broken_all_the_same():
    started(version_of(deadline()))
    stop_clocks(CASE, ["WARN-05"], at=at("06-10 10:00"), by="staff:5", cancel=True)
    assert ledger("WARN-05") == ["applied", "broken"]
    assert queries.sums("retail-hotline", "WARN-05", at("06-10 00:00"), at("06-11 00:00")).undone == 1


def test_what_is_not_yet_due_is_in_no_share():
    version = version_of(deadline(each=True))
    for number in range(1, 4):
        started(version, key=f"case:7/WARN-05/{number}")
    kept, late, _ = queries.open_clocks(CASE)
    Clock.objects.filter(pk=late.pk).update(subject_id=8)
    Clock.objects.exclude(pk__in=[kept.pk, late.pk]).update(subject_id=9)
    stop_clocks(("case", 7), ["WARN-05"], at=at("06-10 09:20"), by="staff:5")
    stop_clocks(("case", 8), ["WARN-05"], at=at("06-10 09:40"), by="staff:5")
    sums = queries.sums("retail-hotline", "WARN-05", at("06-10 00:00"), at("06-11 00:00"))
    assert (sums.kept, sums.late, sums.undone, sums.due, sums.on_time) == (1, 1, 0, 2, 0.5)


def test_a_list_reads_on_where_the_page_before_ended():
    version = version_of(deadline(each=True))
    for number in range(1, 8):
        started(version, key=f"case:7/WARN-05/{number}", at=at(f"06-10 09:{number // 2:02}"))
    first = queries.open_clocks_of([AGENT], limit=3)
    second = queries.open_clocks_of([AGENT], limit=3, after=(first[-1].due_at, first[-1].pk))
    third = queries.open_clocks_of([AGENT], limit=3, after=(second[-1].due_at, second[-1].pk))
    assert [clock.key[-1] for clock in [*first, *second, *third]] == list("1234567")
    assert queries.open_clocks_of([MANAGER]) == []


def test_the_board_has_a_lane_for_each_holder_and_the_overdue_come_first():
    version = version_of(deadline(each=True), deadline("WARN-15", within="24h"))
    started(version, key="case:7/WARN-05/1")
    started(version, key="case:7/WARN-05/2", at=at("06-10 09:20"))
    started(version, "WARN-15", key="case:7/WARN-15/1", holders=[DEPUTY, GENERAL])
    started(version, key="case:8/WARN-05/1", subject=("case", 8), audience=["someone else"])
    fire_due(at("06-10 09:31"))
    board = queries.board([MANAGER])
    assert [(lane.holder, lane.overdue, len(lane.clocks), lane.soonest) for lane in board.lanes] == [
        (AGENT, 1, 2, at("06-10 09:50")),
        (DEPUTY, 0, 1, at("06-11 09:00")),
        (GENERAL, 0, 1, at("06-11 09:00")),
    ]
    assert board.complete
    assert not queries.board([MANAGER], most=1).complete


def test_a_limit_that_had_passed_before_it_applied_is_broken_or_let_go_as_the_clause_says():
    late = {"since_fact": "accepted_at", "within": "12h"}
    version = version_of(
        deadline("STO-01", **late),
        deadline("STO-02", **late, born_late="excused"),
        deadline("STO-03", born_late="excused"),
    )
    accepted = {"accepted_at": at("06-09 09:00").isoformat()}
    ids = ["STO-01", "STO-02", "STO-03"]
    started = [clock.clause for id_ in ids for clock in start_clocks([start_of(version, id_, facts=accepted)])]
    assert started == ["STO-01", "STO-03"]
    fire_due(at("06-10 09:00"))
    assert ledger("STO-01") == ["applied", "broken"]
    assert ledger("STO-02") == []
