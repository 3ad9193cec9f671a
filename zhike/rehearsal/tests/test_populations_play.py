"""What is owed over all customers of a class, played in scenarios: quarters, first periods, times of day, rows of outcomes, tries."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhike.handbook.tests.folder import clause
from zhike.rehearsal.tests.company import OWED, holds, played

pytestmark = pytest.mark.django_db
QUARTER = clause(
    OWED,
    every="calendar_quarter",
    first={"after": "opened_on", "within": "7d"},
    owes_when={"call.result": ["good", "bad"]},
)


def ring(when: str, result: str = "满意") -> str:
    return f"    当 {when}，「示例坐席」对「王的工单」做「打电话」:\n      | 结果 | {result} |\n"


def test_every_member_is_called_once_within_seven_days_and_then_once_a_quarter(tmp_path: Path) -> None:
    steps = (
        "    那么 「示例王」的例行「S-11」在 03-05 待办\n"
        "    而且 「示例李」的例行「S-11」在 03-05 不用办\n"
        "    当 时间到 03-09 00:00:01\n"
        "    那么 「示例王」的例行「S-11」共漏办 1 次\n"
        "    而且 「示例王」的例行「S-11」在 03-20 不用办\n"
        + ring("05-10 10:00", "没接通")
        + "    那么 「示例王」的例行「S-11」在 05-10 待办\n"
        + ring("05-11 10:00")
        + "    那么 「示例王」的例行「S-11」在 05-11 已办\n"
        "    而且 例行「S-11」自 03-01 至 06-30 的覆盖率是 1/2\n"
    )
    assert holds(played(tmp_path, steps, QUARTER))


def test_whoever_becomes_a_member_later_is_owed_it_from_then_and_whoever_stops_no_longer(tmp_path: Path) -> None:
    steps = (
        "    当 03-20 10:00，「示例李」的档案:\n      | 是会员 | 是 |\n      | 入会日 | 2025-03-20 |\n"
        "    那么 「示例李」的例行「S-11」在 03-19 不用办\n"
        "    而且 「示例李」的例行「S-11」在 03-26 待办\n"
        "    当 03-21 10:00，「示例李」的档案:\n      | 是会员 | 否 |\n"
        "    那么 「示例李」的例行「S-11」已终止\n"
    )
    assert holds(played(tmp_path, steps, QUARTER))


def test_a_manager_excuses_one_period_and_nobody_excuses_himself(tmp_path: Path) -> None:
    steps = (
        "    当 「示例班长」批准「示例王」的例行「S-11」免办，「示例班长」申请，原因“示例”\n"
        "    那么 被拒绝\n"
        "    当 「示例班长」批准「示例王」的例行「S-11」免办，「示例坐席」申请，原因“示例：出国”\n"
        "    那么 「示例王」的例行「S-11」在 03-05 免办\n"
    )
    assert holds(played(tmp_path, steps, clause(QUARTER, exempt={"approved_by": ["boss"]})))


def test_whoever_has_been_known_for_thirty_days_joins_the_class_while_time_passes(tmp_path: Path) -> None:
    known = clause(OWED, every="calendar_month", where={"customer.known_days": {"gte": 30}})
    steps = (
        "    当 时间到 04-10 10:00\n"
        "    那么 「示例王」的例行「S-11」在 04-01 不用办\n"
        "    而且 「示例王」的例行「S-11」在 04-02 待办\n"
        "    而且 「示例李」的例行「S-11」在 04-02 待办\n"
    )
    assert holds(played(tmp_path, steps, known))


@pytest.mark.parametrize(("time", "state"), [("08:59:59", "漏办"), ("09:00:00", "已办"), ("12:00:00", "已办")])
def test_only_a_call_within_the_times_of_day_counts(tmp_path: Path, time: str, state: str) -> None:
    morning = clause(OWED, every="calendar_day", window=["09:00", "12:00"])
    steps = ring(f"03-04 {time}") + f"    当 时间到 03-04 12:00:01\n    那么 「示例王」的例行「S-11」在 03-04 {state}\n"
    assert holds(played(tmp_path, steps, morning))


@pytest.mark.parametrize(
    ("outcomes", "told"), [("不满意 不满意", 0), ("不满意 不满意 不满意", 1), ("不满意 不满意 满意 不满意 不满意", 0)]
)
def test_three_bad_outcomes_in_a_row_are_told_of(tmp_path: Path, outcomes: str, told: int) -> None:
    row = {"of": {"call.result": "bad"}, "count": 3, "then": [{"notify": "boss"}]}
    steps = "".join(ring(f"03-{day:02} 10:00", said) for day, said in enumerate(outcomes.split(), 4))
    steps += f"    那么 「示例班长」收到 {told} 次依据「S-11」的通知\n"
    assert holds(played(tmp_path, steps, clause(OWED, every="calendar_day", streak=row, missed=[])))


@pytest.mark.parametrize(("called", "state"), [(True, "已办"), (False, "漏办")])
def test_what_is_due_before_an_event_is_missed_when_it_happens_first(tmp_path: Path, called: bool, state: str) -> None:
    before = clause(
        OWED, **{"for": "case", "where": None}, starts="case.opened", every="once", due={"event": "action.finish"}
    )
    steps = (ring("03-03 10:00") if called else "") + (
        f"    当 03-03 11:00，「示例坐席」对「王的工单」做「办结」\n    那么 「王的工单」的例行「S-11」{state}\n"
    )
    assert holds(played(tmp_path, steps, before))


def test_a_tier_given_later_changes_what_is_owed(tmp_path: Path) -> None:
    gold = clause(OWED, every="calendar_month", where={"customer.tier": "金"})
    steps = (
        "    那么 「示例王」的例行「S-11」在 今天 不用办\n"
        "    当 03-05 10:00，「示例王」的等级改为「金」\n"
        "    那么 「示例王」的例行「S-11」在 今天 待办\n"
        "    当 03-06 10:00，「示例王」的等级去掉\n"
        "    那么 「示例王」的例行「S-11」已终止\n"
    )
    assert holds(played(tmp_path, steps, gold))


def test_a_holiday_written_in_the_scenario_holds_for_what_was_owed_before_it(tmp_path: Path) -> None:
    daily = clause(OWED, every="working_day", calendar="desk", where={"member": True})
    week = [{"id": "desk", "title": {"zh": "台班", "en": "Desk"}, "weekly": {"mon-fri": ["09:00-18:00"]}}]
    steps = (
        "    当 03-03 至 03-09 放假\n    而且 时间到 03-10 00:00:01\n"
        "    那么 例行「S-11」共漏办 0 次\n    而且 例行「S-11」在 03-10 待办\n"
    )
    assert holds(played(tmp_path, steps, daily, calendars=week))
