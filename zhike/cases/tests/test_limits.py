"""The clocks of a warning: who holds them, when they end, what runs beside what, and the next due time of the case."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.world import Cast, at, facts, ledger
from zhike.cases.models import Case
from zhike.clocks.actions import fire_due
from zhike.clocks.models import Clock
from zhike.clocks.queries import minutes_of, open_clocks
from zhike.journal.models import ClauseUse
from zhike.notices.models import Notice

NINE = at("2025-06-10 09:00")


def clocks(case: Case, clause: str) -> list[Clock]:
    return list(Clock.objects.filter(subject_id=case.pk, clause=clause).order_by("id"))


def running(case: Case) -> dict[str, dt.datetime]:
    """Clause -> due time of every open clock of a limit."""
    return {c.clause: c.due_at for c in open_clocks(("case", case.pk)) if not c.watches}


def fire_all(now: dt.datetime) -> None:
    while fire_due(now):
        pass


def test_a_returned_warning_has_thirty_minutes_anew(people: Cast) -> None:
    warning = people.warning(NINE)
    people.do(warning, "submit", "agent", at("2025-06-10 09:20"))
    people.do(warning, "review", "supervisor", at("2025-06-10 10:00"), result="reject")
    assert running(warning) == {"WARN-08": at("2025-06-10 10:30")}
    people.do(warning, "return_warning", "supervisor", at("2025-06-10 10:10"), reject_opinion="示例：请写明时间。")
    assert running(warning) == {"WARN-05": at("2025-06-10 10:40")}
    assert [clock.state for clock in clocks(warning, "WARN-05")] == ["kept", "running"]


def test_at_the_very_limit_is_in_time_and_a_second_later_is_not(people: Cast) -> None:
    in_time, late = people.warning(NINE), people.warning(NINE)
    people.do(in_time, "submit", "agent", at("2025-06-10 09:30:00"))
    people.do(late, "submit", "agent", at("2025-06-10 09:30:01"))
    assert [c.state for c in clocks(in_time, "WARN-05")] == ["kept"]
    assert [c.state for c in clocks(late, "WARN-05")] == ["late"]


def test_store_and_manager_have_their_clocks_side_by_side(people: Cast) -> None:
    warning = people.at_store(NINE)
    assert running(warning) == {"WARN-10": at("2025-06-10 10:00"), "WARN-11": at("2025-06-10 12:00")}
    people.do(warning, "give_opinion", "manager", at("2025-06-10 09:40"), opinion="示例：当面道歉。")
    assert running(warning) == {
        "WARN-10": at("2025-06-10 10:00"), "WARN-12": at("2025-06-10 10:10"), "WARN-20": at("2025-06-12 09:40")
    }  # fmt: skip


def test_a_store_with_opening_hours_is_timed_by_them(people: Cast) -> None:
    warning = people.at_store(at("2025-06-10 20:30"), store="store-3")
    assert running(warning) == {"WARN-10": at("2025-06-11 09:30"), "WARN-11": at("2025-06-11 11:30")}


def test_either_of_the_division_stops_the_clock_both_hold(people: Cast) -> None:
    warning = people.do(people.at_store(NINE), "escalate", "manager", at("2025-06-10 11:00"), reason="示例：超出权限。")
    clock = clocks(warning, "WARN-15")[0]
    assert clock.due_at == at("2025-06-11 11:00")
    assert people.deputy.holds(clock.holders)
    assert people.general.holds(clock.holders)
    people.do(warning, "division_opinion", "general", at("2025-06-11 10:59"), opinion="示例：上门道歉。")
    assert [c.state for c in clocks(warning, "WARN-15")] == ["kept"]


def test_a_clock_that_two_hold_is_broken_by_both(people: Cast) -> None:
    warning = people.do(people.at_store(NINE), "escalate", "manager", at("2025-06-10 11:00"), reason="示例：超出权限。")
    fire_all(at("2025-06-11 11:00:01"))
    lines = ClauseUse.objects.filter(subject_id=warning.pk, clause="WARN-15", outcome="broken")
    assert len({line.holder for line in lines}) == 2


def test_each_opinion_has_its_own_forty_eight_hours(people: Cast) -> None:
    warning = people.unsatisfied(at("2025-06-10 16:00"))
    people.do(warning, "daily_report", "agent", at("2025-06-11 09:00"))
    people.do(warning, "review", "supervisor", at("2025-06-11 09:10"), result="pass")
    people.do(warning, "give_opinion", "manager", at("2025-06-11 10:00"), opinion="示例：店长上门。")
    assert [(c.state, c.due_at) for c in clocks(warning, "WARN-20")] == [
        ("running", at("2025-06-12 14:30")),
        ("running", at("2025-06-13 10:00")),
    ]


def test_neither_a_call_nor_the_loop_stops_the_forty_eight_hours(people: Cast) -> None:
    warning = people.unsatisfied(at("2025-06-10 16:00"))
    people.do(warning, "daily_report", "agent", at("2025-06-11 09:00"))
    assert [c.state for c in clocks(warning, "WARN-20")] == ["running"]


def test_closing_keeps_one_opinions_limit_and_breaks_the_others(people: Cast) -> None:
    warning = people.unsatisfied(at("2025-06-10 16:00"))
    people.do(warning, "daily_report", "agent", at("2025-06-11 09:00"))
    people.do(warning, "review", "supervisor", at("2025-06-11 09:10"), result="pass")
    people.do(warning, "give_opinion", "manager", at("2025-06-11 10:00"), opinion="示例：店长上门。")
    people.do(warning, "feed_back", "manager", at("2025-06-11 10:10"))
    people.do(warning, "recontact", "center_supervisor", at("2025-06-11 12:00"), content="示例：接受。", satisfied=True)
    people.do(warning, "close", "manager", at("2025-06-12 14:40"), outcome="示例：已办妥。")
    assert [c.state for c in clocks(warning, "WARN-20")] == ["late", "kept"]
    uses = ClauseUse.objects.filter(subject_id=warning.pk, clause="WARN-20").exclude(outcome="applied").order_by("id")
    assert sorted(use.outcome for use in uses) == ["broken", "kept"]


def test_the_ledger_counts_the_minutes_of_a_limit_that_was_kept(people: Cast) -> None:
    warning = people.warning(NINE)
    people.do(warning, "submit", "agent", at("2025-06-10 09:12"))
    used = ClauseUse.objects.get(subject_id=warning.pk, clause="WARN-05", outcome="kept")
    assert (used.minutes, used.holder) == (12.0, people.agent.principal)


def test_how_late_a_broken_limit_was_is_known_when_it_is_done(people: Cast) -> None:
    warning = people.warning(NINE)
    people.do(warning, "submit", "agent", at("2025-06-10 09:42"))
    assert ledger(warning).count(("WARN-05", "broken")) == 1
    clock = clocks(warning, "WARN-05")[0].pk
    minutes = minutes_of([clock])[clock]
    assert (minutes.used, minutes.late) == (42.0, 12.0)


def test_what_is_due_next_stands_on_the_case(people: Cast) -> None:
    def next_due(case: Case) -> dt.datetime | None:
        return Case.objects.values_list("next_due_at", flat=True).get(pk=case.pk)

    warning = people.warning(NINE)
    assert next_due(warning) == at("2025-06-10 09:30")
    people.do(warning, "submit", "agent", at("2025-06-10 09:10"))
    assert next_due(warning) == at("2025-06-10 10:10")
    people.do(warning, "review", "supervisor", at("2025-06-10 09:30"), result="pass")
    assert next_due(warning) == at("2025-06-10 10:30")
    people.do(warning, "store_handle", "service", at("2025-06-10 10:00"), action="示例：已联系。")
    assert next_due(warning) == at("2025-06-10 12:30")
    fire_all(at("2025-06-10 13:00"))
    assert next_due(warning) == at("2025-06-10 12:30")
    assert next_due(Case.objects.get(pk=warning.parent_id)) is None


def test_the_superior_hears_of_a_breach_once(people: Cast) -> None:
    warning = people.warning(NINE)
    fire_all(at("2025-06-10 09:30"))
    assert Notice.objects.filter(subject_id=warning.pk, kind="breached").count() == 0
    fire_all(at("2025-06-10 09:31"))
    fire_all(at("2025-06-10 09:40"))
    told = Notice.objects.filter(subject_id=warning.pk, kind="breached", clause="WARN-05")
    assert [people.supervisor.holds(notice.to) for notice in told] == [True]
    assert [people.manager.holds(notice.to) for notice in told] == [False]
    assert len(facts("clock.breached", warning)) == 1


def test_what_is_late_must_still_be_done(people: Cast) -> None:
    warning = people.warning(NINE)
    fire_all(at("2025-06-10 10:00"))
    done = people.do(warning, "submit", "agent", at("2025-06-10 10:05"))
    assert done.stage == "under_review"
    assert [c.state for c in clocks(warning, "WARN-05")] == ["late"]
    assert ledger(warning).count(("WARN-05", "broken")) == 1


@pytest.mark.parametrize(("store", "due"), [("store-1", "2025-06-10 12:00"), ("store-3", "2025-06-10 12:00")])
def test_inside_opening_hours_both_kinds_of_store_have_the_same_time(people: Cast, store: str, due: str) -> None:
    assert running(people.at_store(NINE, store))["WARN-11"] == at(due)
