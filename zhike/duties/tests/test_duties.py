"""What is owed once, every day, until something holds; and what a coverage is a share of."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from zhike.clocks import queries as clocks
from zhike.clocks.actions import fire_due, reassign_clock
from zhike.clocks.models import Clock
from zhike.clocks.tests.ground import AGENT, CASE, MANAGER, at, count_facts, duty, facts, ledger, version_of
from zhike.duties.actions import Owe, end, owe, settle
from zhike.duties.exempting import ExemptionRefused, exempt
from zhike.duties.models import Obligation
from zhike.duties.queries import coverage, gaps, obligations_of, owed
from zhike.journal.models import Fact
from zhike.org.handbooks import book_of
from zhike.org.models import Assignment, HandbookVersion, Staff

pytestmark = pytest.mark.django_db

DAILY: dict[str, Any] = {"every": "calendar_day", "from": "next_period", "until": {"recontact.satisfied": True}}
EVENING = at("06-10 20:00")


def owes(
    version: HandbookVersion, clause_id: str = "WARN-18", when: dt.datetime = EVENING, **fields: Any
) -> list[Obligation]:
    book = book_of(version.pk)
    given = {"subject": CASE, "holders": [AGENT], "at": when, "audience": (AGENT, MANAGER)} | fields
    return owe([Owe(book=book, version_id=version.pk, clause=book.clause(clause_id), **given)])  # type: ignore[arg-type]


def reports(version: HandbookVersion, when: dt.datetime, event: str = "action.daily_report") -> list[Obligation]:
    return settle(CASE, book_of(version.pk), event, when, "staff:5")


def run_until(when: dt.datetime) -> None:
    """Let a worker fire everything due up to `when`, at its own moment."""
    while (moment := clocks.next_moment()) is not None and moment <= when:
        fire_due(moment)


def states(clause_id: str = "WARN-18") -> list[tuple[str, str]]:
    return [(row.period, row.state) for row in obligations_of(CASE) if row.clause == clause_id]


def test_a_daily_duty_begins_at_midnight_of_the_next_day():
    (row,) = owes(version_of(duty(**DAILY)))
    assert (row.period, row.begins_at, row.ends_at) == ("2025-06-11", at("06-11 00:00"), at("06-12 00:00"))
    assert clocks.open_clocks(CASE) == []
    assert ledger("WARN-18") == []
    run_until(at("06-11 00:00"))
    assert [clock.due_at for clock in clocks.open_clocks(CASE)] == [at("06-12 00:00")]
    assert ledger("WARN-18") == ["applied"]


def test_what_is_done_before_the_day_begins_does_not_count_for_it():
    version = version_of(duty(**DAILY))
    owes(version)
    assert reports(version, at("06-10 22:00")) == []
    assert states() == [("2025-06-11", "owed")]


def test_a_day_done_is_kept_and_the_next_one_is_owed():
    version = version_of(duty(**DAILY))
    owes(version)
    run_until(at("06-11 15:00"))
    assert [row.state for row in reports(version, at("06-11 15:00"))] == ["met"]
    assert reports(version, at("06-11 16:00")) == []
    assert states() == [("2025-06-11", "met"), ("2025-06-12", "owed")]
    assert ledger("WARN-18") == ["applied", "kept"]
    run_until(at("06-12 08:00"))
    assert ledger("WARN-18") == ["applied", "kept", "applied"]


def test_midnight_itself_still_belongs_to_the_day():
    version = version_of(duty(**DAILY))
    owes(version)
    run_until(at("06-12 00:00"))
    assert [row.period for row in reports(version, at("06-12 00:00"))] == ["2025-06-11"]
    assert states() == [("2025-06-11", "met"), ("2025-06-12", "owed")]


def test_a_missed_day_stays_missed_and_the_next_day_is_owed():
    version = version_of(duty(**DAILY))
    owes(version)
    run_until(at("06-12 09:00"))
    assert [row.period for row in reports(version, at("06-12 09:00"))] == ["2025-06-12"]
    assert states() == [("2025-06-11", "missed"), ("2025-06-12", "met"), ("2025-06-13", "owed")]
    assert facts("duty.missed") == [(at("06-12 00:00"), "system")]
    assert ledger("WARN-18") == ["applied", "broken", "applied", "kept"]
    assert Clock.objects.get(due_at=at("06-12 00:00")).state == Clock.State.MISSED


def test_days_that_passed_while_no_worker_ran_are_each_missed_once():
    version = version_of(duty(**DAILY))
    owes(version)
    while fire_due(at("06-14 10:00")):
        pass
    assert states() == [
        ("2025-06-11", "missed"),
        ("2025-06-12", "missed"),
        ("2025-06-13", "missed"),
        ("2025-06-14", "owed"),
    ]
    assert count_facts("duty.missed") == 3
    assert ledger("WARN-18") == ["applied", "broken"] * 3 + ["applied"]


def test_a_deed_after_days_nobody_fired_counts_for_its_own_day():
    version = version_of(duty(**DAILY))
    owes(version)
    assert [row.period for row in reports(version, at("06-13 10:00"))] == ["2025-06-13"]
    assert [state for _, state in states()] == ["missed", "missed", "met", "owed"]


def test_it_is_not_owed_twice_while_it_is_owed():
    version = version_of(duty(**DAILY))
    owes(version)
    assert owes(version, when=at("06-10 21:00")) == []
    run_until(at("06-11 12:00"))
    assert owes(version, when=at("06-11 12:00")) == []
    assert len(states()) == 1


def test_what_ends_a_duty_leaves_the_running_day_without_a_verdict():
    version = version_of(duty(**DAILY))
    owes(version)
    run_until(at("06-11 15:00"))
    end(CASE, ["WARN-18"], at("06-11 15:00"), by="staff:6")
    run_until(at("06-20 00:00"))
    assert states() == [("2025-06-11", "ended")]
    assert facts("duty.ended") == [(at("06-11 15:00"), "staff:6")]
    assert ledger("WARN-18") == ["applied"]
    assert owed(CASE) == []


def test_a_day_that_has_not_begun_ends_without_ever_having_applied():
    version = version_of(duty(**DAILY))
    owes(version)
    end(CASE, ["WARN-18"], at("06-10 21:00"))
    run_until(at("06-20 00:00"))
    assert ledger("WARN-18") == []


def test_the_warning_of_a_day_comes_when_eighty_percent_of_it_are_used_up():
    owes(version_of(duty(**DAILY)))
    run_until(at("06-11 23:00"))
    assert facts("clock.warned") == [(at("06-11 19:12"), "system")]


def test_owed_once_and_done_is_kept_even_when_another_clause_times_it():
    version = version_of(duty("WARN-03", owes=["action.submit"], limit_of="WARN-05"))
    (row,) = owes(version, "WARN-03", at("06-10 09:00"))
    assert (row.period, row.ends_at) == ("once", None)
    assert clocks.open_clocks(CASE) == []
    assert ledger("WARN-03") == ["applied"]
    assert [row.state for row in reports(version, at("06-10 11:00"), "action.submit")] == ["met"]
    assert ledger("WARN-03") == ["applied", "kept"]


def test_owed_once_and_never_done_is_missed_when_the_case_closes():
    version = version_of(duty("WARN-03", owes=["action.submit"], limit_of="WARN-05"))
    owes(version, "WARN-03", at("06-10 09:00"))
    end(CASE, ["WARN-03"], at("06-11 09:00"), by="staff:6")
    assert states("WARN-03") == [("once", "missed")]
    assert facts("duty.missed") == [(at("06-11 09:00"), "staff:6")]
    assert ledger("WARN-03") == ["applied", "broken"]


def test_owed_once_within_a_limit_can_be_done_late_and_stays_missed():
    version = version_of(duty("WARN-03", owes=["action.submit"], within="2h"))
    owes(version, "WARN-03", at("06-10 09:00"))
    run_until(at("06-10 12:00"))
    assert [row.state for row in owed(CASE)] == ["missed"]
    assert [row.settled_at for row in reports(version, at("06-10 12:00"), "action.submit")] == [at("06-10 12:00")]
    assert (states("WARN-03"), owed(CASE)) == ([("once", "missed")], [])
    assert ledger("WARN-03") == ["applied", "broken"]
    assert Fact.objects.get(type="duty.met").payload["late"] is True
    assert Clock.objects.get().state == Clock.State.LATE


def test_owed_several_times_a_period_is_met_by_the_last():
    version = version_of(duty(every="calendar_day", times=2))
    owes(version, when=at("06-10 09:00"))
    assert reports(version, at("06-10 10:00")) == []
    assert [row.done for row in reports(version, at("06-10 11:00"))] == [2]


def test_every_event_owes_for_itself_where_the_clause_says_so():
    version = version_of(duty("WARN-03", every="event", owes=["action.submit"], within="2h"))
    owes(version, "WARN-03", at("06-10 09:00"))
    owes(version, "WARN-03", at("06-10 09:30"))
    assert [row.begins_at for row in reports(version, at("06-10 09:40"), "action.submit")] == [at("06-10 09:00")]
    assert [row.begins_at for row in owed(CASE)] == [at("06-10 09:30")]


@pytest.mark.parametrize(
    ("every", "first", "second"),
    [
        ("calendar_day", "2025-06-13", "2025-06-14"),
        ("working_day", "2025-06-13", "2025-06-16"),
        ("week", "2025-W24", "2025-W25"),
        ("half_month", "2025-06-H1", "2025-06-H2"),
        ("calendar_month", "2025-06", "2025-07"),
        ("calendar_quarter", "2025-Q2", "2025-Q3"),
        ("calendar_year", "2025", "2026"),
    ],
)
def test_periods_follow_each_other(every: str, first: str, second: str):
    version = version_of(duty(every=every, calendar="office"))
    owes(version, when=at("06-13 09:00"))
    reports(version, at("06-13 10:00"))
    assert states() == [(first, "met"), (second, "owed")]


def test_an_interval_runs_from_when_it_was_done():
    version = version_of(duty(every="interval", interval="24h"))
    owes(version, when=at("06-10 09:00"))
    reports(version, at("06-10 15:00"))
    assert [row.ends_at for row in owed(CASE)] == [at("06-11 15:00")]


def test_coverage_says_what_it_is_a_share_of():
    version = version_of(duty(**DAILY))
    owes(version)
    for day in (11, 13):
        reports(version, at(f"06-{day} 10:00"))
    run_until(at("06-15 08:00"))
    sums = coverage("WARN-18", at("06-11 00:00"), at("06-30 00:00"), handbook="retail-hotline")
    assert (sums.met, sums.missed, sums.open, sums.due, sums.share) == (2, 2, 1, 4, 0.5)
    assert coverage("WARN-18", at("07-01 00:00"), at("08-01 00:00")).share is None
    assert [row.period for row in gaps("WARN-18", at("06-11 00:00"), at("06-30 00:00"))] == [
        "2025-06-12",
        "2025-06-14",
        "2025-06-15",
    ]


def test_a_day_on_which_two_things_are_owed_counts_once_and_only_when_both_are_done():
    version = version_of(duty(**DAILY), duty("WARN-19", owes=["action.handle"], **DAILY))
    owes(version)
    owes(version, "WARN-19", holders=[MANAGER])
    reports(version, at("06-11 10:00"))
    reports(version, at("06-11 11:00"), "action.handle")
    reports(version, at("06-12 10:00"))
    run_until(at("06-13 08:00"))
    both = coverage(["WARN-18", "WARN-19"], at("06-11 00:00"), at("06-13 00:00"))
    assert (both.met, both.missed, both.due) == (1, 1, 2)


def test_an_exempt_day_leaves_the_denominator_and_the_next_day_is_owed():
    version = version_of(duty(**DAILY, exempt={"approved_by": ["store_manager"]}))
    (row,) = owes(version)
    run_until(at("06-11 09:00"))
    boss = Staff.objects.create(username="example-manager", name="示例店长")
    Assignment.objects.create(staff=boss, handbook="retail-hotline", role="store_manager")
    with pytest.raises(ExemptionRefused):
        exempt(row.pk, asked_by="staff:5", approved_by="staff:6", why="示例：顾客出国", at=at("06-11 09:00"))
    exempt(row.pk, asked_by="staff:5", approved_by=f"staff:{boss.pk}", why="示例：顾客出国", at=at("06-11 09:00"))
    assert states() == [("2025-06-11", "exempt"), ("2025-06-12", "owed")]
    sums = coverage("WARN-18", at("06-11 00:00"), at("06-12 00:00"))
    assert (sums.due, sums.exempt) == (0, 1)
    with pytest.raises(ExemptionRefused):
        exempt(row.pk, asked_by="staff:5", approved_by=f"staff:{boss.pk}", why="示例", at=at("06-11 10:00"))


def test_nobody_exempts_himself_or_without_a_reason():
    (row,) = owes(version_of(duty(**DAILY, exempt={"approved_by": ["store_manager"]})))
    for asked_by, why in (("staff:6", "示例"), ("staff:5", " ")):
        with pytest.raises(ExemptionRefused):
            exempt(row.pk, asked_by=asked_by, approved_by="staff:6", why=why, at=at("06-10 21:00"))


def test_whoever_gets_the_clock_gets_the_duty_and_its_coming_days():
    version = version_of(duty(**DAILY))
    owes(version)
    run_until(at("06-11 09:00"))
    reassign_clock(clocks.open_clocks(CASE)[0].pk, [MANAGER], at=at("06-11 09:00"), by="staff:6", held_as="manager")
    reports(version, at("06-11 10:00"))
    assert [row.holders for row in obligations_of(CASE)] == [[MANAGER], [MANAGER]]


def test_a_duty_may_be_due_with_a_date_among_the_facts():
    version = version_of(duty(every="once", due={"fact": "clock.STO-02.due_at"}))
    (row,) = owes(version, facts={"clock.STO-02.due_at": at("06-12 20:00").isoformat()})
    assert row.ends_at == at("06-12 20:00")
    reports(version, at("06-12 20:00"))
    assert states() == [("once", "met")]


def test_a_duty_whose_date_is_not_known_yet_has_no_end():
    (row,) = owes(version_of(duty(every="once", due={"fact": "clock.STO-02.due_at"})))
    assert row.ends_at is None


def test_only_what_the_clauses_named_owe_is_settled():
    version = version_of(duty("WARN-18", every="once"), duty("WARN-19", every="once"))
    owes(version, "WARN-18")
    owes(version, "WARN-19")
    settle(CASE, book_of(version.pk), "action.daily_report", EVENING, "staff:5", clauses=["WARN-19"])
    assert (states("WARN-18"), states("WARN-19")) == ([("once", "owed")], [("once", "met")])
