"""Warnings, breaches and late beginnings: when they come, and that each comes once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from django.db import connection

from zhike.clocks import firing, queries, subjects
from zhike.clocks.actions import fire_due, pause_clock, start_clocks, stop_clocks
from zhike.clocks.events import ClockBreached, ClockWarned
from zhike.clocks.models import Clock
from zhike.clocks.tests.ground import (
    AGENT,
    CASE,
    at,
    count_facts,
    deadline,
    facts,
    ledger,
    start_of,
    started,
    version_of,
)
from zhike.journal import reactions
from zhike.journal.events import Recorded
from zhike.journal.models import Fact
from zhike.journal.reactions import reacts_to

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_other_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reactions of other rooms have tests of their own."""
    monkeypatch.setattr(reactions, "_reactions", {})
    monkeypatch.setattr(subjects, "_lockers", {})


def test_a_warning_comes_when_eighty_percent_are_used_up():
    clock = started(version_of(deadline(within="1h")))
    assert fire_due(at("06-10 09:47:59")) == 0
    assert fire_due(at("06-10 09:48")) == 1
    assert fire_due(at("06-10 09:48")) == 0
    (warned,) = Fact.objects.filter(type="clock.warned")
    assert (warned.at, warned.payload["share"], warned.payload["holders"]) == (at("06-10 09:48"), 80.0, [AGENT])
    clock.refresh_from_db()
    assert (clock.state, clock.warn_at) == (Clock.State.RUNNING, [])


def test_it_does_not_breach_at_the_very_instant_but_right_after_it():
    started(version_of(deadline(), warn=()))
    assert fire_due(at("06-10 09:30")) == 0
    assert queries.next_moment() == at("06-10 09:30:00.000001")
    assert fire_due(at("06-10 09:30:00.000001")) == 1
    assert fire_due(at("06-10 09:31")) == 0
    assert facts("clock.breached") == [(at("06-10 09:30"), "system")]
    assert Clock.objects.get().state == Clock.State.OVERDUE
    assert queries.next_moment() is None


def test_before_a_moment_breaches_at_that_very_moment():
    started(version_of(deadline(boundary="exclusive"), warn=()))
    assert fire_due(at("06-10 09:29:59.999999")) == 0
    assert fire_due(at("06-10 09:30")) == 1


def test_several_warnings_come_each_at_its_share():
    started(version_of(deadline(within="100m", warn=[50, 80, "95%"])))
    assert [fire_due(at(f"06-10 {time}")) for time in ("09:49", "09:50", "10:20", "10:35", "10:40")] == [0, 1, 1, 1, 0]
    shares = [fact.payload["share"] for fact in Fact.objects.filter(type="clock.warned").order_by("id")]
    assert shares == [50.0, 80.0, 95.0]


def test_two_warnings_missed_while_no_worker_ran_both_come():
    started(version_of(deadline(within="100m", warn=[50, 80])))
    assert fire_due(at("06-10 10:30")) == 1
    assert facts("clock.warned") == [(at("06-10 09:50"), "system"), (at("06-10 10:20"), "system")]


def test_a_warning_nobody_sent_is_dropped_once_the_limit_has_passed():
    started(version_of(deadline()))
    assert fire_due(at("06-10 12:00")) == 1
    assert (count_facts("clock.warned"), count_facts("clock.breached")) == (0, 1)


def test_no_warning_where_the_clause_wants_none():
    started(version_of(deadline(warn=[])))
    assert queries.next_moment() == at("06-10 09:30:00.000001")


def test_a_paused_clock_neither_warns_nor_breaches():
    clock = started(version_of(deadline()))
    pause_clock(clock.pk, at=at("06-10 09:10"), by="staff:5")
    assert fire_due(at("06-12 09:00")) == 0
    assert ledger("WARN-05") == ["applied"]


def test_a_clock_that_begins_later_is_nobodys_until_then():
    version = version_of(deadline(), warn=())
    start_clocks([start_of(version, begins_at=at("06-11 00:00"))])
    assert (queries.open_clocks(CASE), ledger("WARN-05")) == ([], [])
    assert fire_due(at("06-11 00:00")) == 1
    assert [clock.due_at for clock in queries.open_clocks(CASE)] == [at("06-11 00:30")]
    assert facts("clock.started") == [(at("06-11 00:00"), "system")]
    assert ledger("WARN-05") == ["applied"]


def test_a_clock_whose_whole_time_passed_unseen_begins_and_breaches():
    start_clocks([start_of(version_of(deadline()), begins_at=at("06-11 00:00"))])
    assert fire_due(at("06-11 08:00")) == 1
    assert ledger("WARN-05") == ["applied", "broken"]
    assert [fact.type for fact in Fact.objects.order_by("id")] == ["clock.started", "clock.breached"]


def test_what_happens_at_a_moment_comes_after_all_that_ran_out_before():
    version = version_of(deadline(), deadline("WARN-06", within="10m"))
    started(version)
    started(version, "WARN-06")
    stop_clocks(CASE, ["WARN-05", "WARN-06"], at=at("06-10 09:20"), by="staff:5")
    assert [fact.type for fact in Fact.objects.exclude(type="clock.started").order_by("id")] == [
        "clock.breached",
        "clock.stopped",
        "clock.stopped",
    ]
    assert (ledger("WARN-05"), ledger("WARN-06")) == (["applied", "kept"], ["applied", "broken"])


def test_the_rules_get_the_whole_batch_at_once():
    heard: list[int] = []

    @reacts_to(ClockBreached)
    def tell(events: Sequence[Recorded[ClockBreached]]) -> None:
        heard.append(len(events))

    version = version_of(deadline(each=True))
    start_clocks([start_of(version, key=f"case:7/WARN-05/{n}") for n in range(7)])
    assert [fire_due(at("06-10 10:00"), 5), fire_due(at("06-10 10:00"), 5), fire_due(at("06-10 10:00"), 5)] == [5, 2, 0]
    assert heard == [5, 2]


def test_a_clock_whose_rules_fail_waits_a_minute_and_the_others_fire():
    @reacts_to(ClockBreached)
    def stumble(events: Sequence[Recorded[ClockBreached]]) -> None:
        if any(event.subject == ("case", 13) for event in events):
            raise RuntimeError("示例故障")

    version = version_of(deadline())
    for number in (12, 13, 14):
        started(version, key=f"case:{number}/WARN-05/1", subject=("case", number))
    with pytest.raises(RuntimeError):
        fire_due(at("06-10 10:00"))
    assert firing.fire_singly(at("06-10 10:00")) == 2
    states = Clock.objects.order_by("subject_id").values_list("state", flat=True)
    assert list(states) == [Clock.State.OVERDUE, Clock.State.RUNNING, Clock.State.OVERDUE]
    assert queries.next_moment() == at("06-10 10:01")
    assert Clock.objects.get(subject_id=13).due_at == at("06-10 09:30")


def test_a_clock_whose_subject_somebody_works_on_is_left_for_the_next_look():
    free: set[int] = {8}
    subjects.locks("case")(lambda ids: free & set(ids))
    version = version_of(deadline())
    for number in (7, 8):
        started(version, key=f"case:{number}/WARN-05/1", subject=("case", number))
    assert fire_due(at("06-10 10:00")) == 1
    assert Clock.objects.get(subject_id=7).state == Clock.State.RUNNING
    free.add(7)
    assert fire_due(at("06-10 10:00")) == 1


@pytest.fixture
def announcements() -> Iterator[list[str]]:
    """What is said on the channel `clocks`, collected by watching the statements."""
    said: list[str] = []

    def watch(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        result = execute(sql, params, many, context)
        if "pg_notify('clocks'" in sql and context["cursor"].rowcount:
            said.append(params["at"])
        return result

    with connection.execute_wrapper(watch):
        yield said


def test_a_worker_hears_only_of_clocks_that_come_sooner_than_all_others(announcements: list[str]):
    version = version_of(deadline(each=True), warn=())
    for number, time in enumerate(("09:10", "09:20", "09:05"), 1):
        started(version, key=f"case:7/WARN-05/{number}", at=at(f"06-10 {time}"))
    assert [text[11:16] for text in announcements] == ["09:40", "09:35"]


def test_warnings_and_breaches_name_the_version_the_clock_runs_under():
    version = version_of(deadline())
    started(version)
    fire_due(at("06-10 09:24"))
    fire_due(at("06-10 09:40"))
    for kind in (ClockWarned, ClockBreached):
        (fact,) = Fact.objects.filter(type=kind.event_type)
        assert (fact.payload["version_id"], fact.handbook, fact.clauses) == (version.pk, "retail-hotline", ["WARN-05"])
        assert fact.audience == [AGENT, "retail-hotline:store_manager@12"]
