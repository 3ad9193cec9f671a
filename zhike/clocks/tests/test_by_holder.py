"""Limits that count only what their holder works. The office is open Monday to Friday 9 to 12 and 13 to 18."""

from __future__ import annotations

import pytest

from zhike.clocks.actions import pause_clock, reassign_clock, resume_clock, start_clocks, stop_clocks
from zhike.clocks.models import Clock
from zhike.clocks.queries import Minutes, minutes_of
from zhike.clocks.tests.ground import AGENT, CASE, at, count_facts, deadline, start_of, started, version_of
from zhike.org.actions import add_staff
from zhike.org.attendance import change_days, keep_shift_type, set_pattern
from zhike.org.models import HandbookVersion, ShiftType, Staff
from zhike.org.principals import Viewer
from zhike.org.shift_requests import ask_leave, decide_request

pytestmark = pytest.mark.django_db
NOW = at("06-09 07:00")
BOSS = Viewer("system", frozenset({"system"}), is_admin=True)


def person(name: str) -> Staff:
    return add_staff(username=name, name=f"示例{name}", by="system", now=NOW)


def shift(code: str, *windows: str) -> ShiftType:
    return keep_shift_type(code, name="示例", mark=code[0], windows=windows, by=BOSS, now=NOW)


def works(who: Staff, kind: ShiftType | None, since: str = "06-09") -> None:
    set_pattern(who, [kind] * 7, since=at(f"{since} 00:00").date(), by=BOSS, now=NOW)


def limited(within: str = "4h", **fields: object) -> HandbookVersion:
    return version_of(deadline(within=within, time="working", calendar="by_holder", **fields))


def held_by(version: HandbookVersion, who: Staff, moment: str) -> Clock:
    return started(version, at=at(moment), holders=[f"staff:{who.pk}"])


def test_only_the_holders_shifts_count() -> None:
    anna = person("anna")
    works(anna, shift("afternoon", "14:00-18:00"))
    clock = held_by(limited("6h"), anna, "06-10 09:00")
    assert clock.due_at == at("06-11 16:00")
    assert clock.limit["minutes"] == 360.0


def test_a_night_shift_counts_across_midnight_and_weekends() -> None:
    anna = person("anna")
    works(anna, shift("night", "22:00-06:00"))
    clock = held_by(limited("10h"), anna, "06-13 23:00")
    assert clock.due_at == at("06-15 01:00")


def test_a_role_and_a_person_without_a_roster_count_the_handbooks_own_hours() -> None:
    anna = person("anna")
    version = limited("4h")
    assert held_by(version, anna, "06-10 16:00").due_at == at("06-11 11:00")
    other = started(version, at=at("06-10 16:00"), holders=[AGENT], subject=("case", 8), key="case:8/WARN-05/1")
    assert other.due_at == at("06-11 11:00")


def test_days_nobody_planned_count_the_handbooks_own_hours() -> None:
    anna = person("anna")
    early = shift("early", "06:00-08:00")
    change_days(anna, {at("06-10 00:00").date(): early}, by=BOSS, now=NOW)
    assert held_by(limited("4h"), anna, "06-10 05:00").due_at == at("06-11 11:00")


def test_a_day_off_does_not_count() -> None:
    anna = person("anna")
    works(anna, shift("day", "09:00-17:00"))
    change_days(anna, {at("06-11 00:00").date(): None}, by=BOSS, now=NOW)
    assert held_by(limited("4h"), anna, "06-10 15:00").due_at == at("06-12 11:00")


def test_a_change_of_shifts_moves_the_open_clock_and_is_told() -> None:
    anna = person("anna")
    works(anna, shift("day", "09:00-17:00"))
    clock = held_by(limited("8h"), anna, "06-10 15:00")
    assert clock.due_at == at("06-11 15:00")
    change_days(anna, {at("06-11 00:00").date(): None}, by=BOSS, now=at("06-10 16:00"))
    clock.refresh_from_db()
    assert (clock.due_at, clock.next_at) == (at("06-12 15:00"), clock.warn_at[0])
    assert count_facts("clock.retimed") == 1


def test_approved_leave_moves_the_open_clock() -> None:
    anna, head = person("anna"), person("head")
    works(anna, shift("day", "09:00-17:00"))
    clock = held_by(limited("8h"), anna, "06-10 15:00")
    mine = Viewer(f"staff:{anna.pk}", frozenset({f"staff:{anna.pk}"}), staff=anna)
    boss = Viewer(f"staff:{head.pk}", frozenset({f"staff:{head.pk}"}), staff=head, is_admin=True)
    asked = ask_leave(
        anna, begins_at=at("06-11 09:00"), ends_at=at("06-11 12:00"), why="示例", by=mine, now=at("06-10 15:30")
    )
    clock.refresh_from_db()
    assert clock.due_at == at("06-11 15:00")
    decide_request(asked.pk, approve=True, by=boss, now=at("06-10 16:00"))
    clock.refresh_from_db()
    assert clock.due_at == at("06-12 10:00")


def test_nobody_becomes_late_by_a_change_of_shifts() -> None:
    anna = person("anna")
    works(anna, shift("day", "09:00-17:00"))
    clock = held_by(limited("2h"), anna, "06-09 16:00")
    assert clock.due_at == at("06-10 10:00")
    change_days(anna, {at("06-10 00:00").date(): shift("late", "13:00-20:00")}, by=BOSS, now=at("06-10 08:00"))
    clock.refresh_from_db()
    assert clock.due_at == at("06-10 14:00")


def test_another_holder_goes_on_with_what_is_left_in_his_own_shifts() -> None:
    anna, bert = person("anna"), person("bert")
    works(anna, shift("day", "09:00-17:00"))
    works(bert, shift("night", "22:00-06:00"))
    clock = held_by(limited("8h"), anna, "06-10 09:00")
    reassign_clock(clock.pk, [f"staff:{bert.pk}"], at=at("06-10 12:00"), by="system")
    clock.refresh_from_db()
    assert clock.due_at == at("06-11 03:00")
    reassign_clock(clock.pk, [f"staff:{anna.pk}"], at=at("06-10 23:00"), by="system")
    clock.refresh_from_db()
    assert clock.due_at == at("06-11 13:00")
    reassign_clock(clock.pk, [AGENT], at=at("06-11 10:00"), by="system")
    clock.refresh_from_db()
    assert clock.due_at == at("06-11 14:00")


def test_a_pause_costs_only_the_shift_time_it_covered() -> None:
    anna = person("anna")
    works(anna, shift("day", "09:00-17:00"))
    clock = held_by(limited("4h"), anna, "06-10 15:00")
    pause_clock(clock.pk, at=at("06-10 16:00"), by="system")
    (clock,) = resume_clock(clock.pk, at=at("06-11 10:00"), by="system")
    assert clock.due_at == at("06-11 13:00")


def test_minutes_used_are_the_holders_minutes() -> None:
    anna = person("anna")
    works(anna, shift("day", "09:00-17:00"))
    clock = held_by(limited("4h"), anna, "06-10 16:00")
    stop_clocks(CASE, ["WARN-05"], at=at("06-11 10:30"), by="system")
    assert minutes_of([clock.pk])[clock.pk] == Minutes(used=150.0, late=0.0)


def test_each_of_several_holders_has_his_own_time() -> None:
    anna, bert = person("anna"), person("bert")
    works(anna, shift("day", "09:00-17:00"))
    works(bert, shift("night", "22:00-06:00"))
    version = limited("2h", share="all")
    clocks = start_clocks([start_of(version, at=at("06-10 10:00"), holders=[f"staff:{anna.pk}", f"staff:{bert.pk}"])])
    assert [clock.due_at for clock in clocks] == [at("06-10 12:00"), at("06-11 00:00")]


def test_a_clock_by_another_calendar_does_not_follow_shifts() -> None:
    anna = person("anna")
    clock = held_by(version_of(deadline(within="4h", time="working", calendar="office")), anna, "06-10 16:00")
    before = clock.due_at
    works(anna, shift("night", "22:00-06:00"), "06-11")
    clock.refresh_from_db()
    assert clock.due_at == before
    assert "rosters" not in clock.limit
