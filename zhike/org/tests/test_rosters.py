"""Shift tables: what somebody works on a day, who is on shift, leave and swaps, tables from files. All of it is made up (示例)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from zhike.journal.models import Fact
from zhike.org.actions import OrgRefused, add_department, add_staff, assign_role, disable_staff
from zhike.org.attendance import change_days, keep_shift_type, may_plan, remove_pattern, set_pattern
from zhike.org.handbooks import viewer
from zhike.org.models import Department, ShiftPattern, ShiftRequest, ShiftType, Staff
from zhike.org.principals import ANONYMOUS_VIEWER, Viewer
from zhike.org.rosters import on_shift, rosters
from zhike.org.shift_files import FileRefused, import_shifts
from zhike.org.shift_requests import (
    NoSuchRequest,
    answer_swap,
    ask_leave,
    ask_swap,
    decide_request,
    requests_for,
    waiting_for,
    withdraw_request,
)

pytestmark = pytest.mark.django_db
CHINA = ZoneInfo("Asia/Shanghai")


def at(text: str) -> dt.datetime:
    """`at("06-10 09:00")`: that moment of 2025 in Shanghai. 10 June 2025 is a Tuesday."""
    return dt.datetime.fromisoformat(f"2025-{text.replace(' ', 'T')}").replace(tzinfo=CHINA)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(f"2025-{text}")


NOW = at("06-09 08:00")


class House:
    """A hotline with a head and three agents, and a day and a night shift."""

    def __init__(self) -> None:
        by: dict[str, Any] = {"by": "system", "now": NOW}
        self.hotline = add_department(code="hotline", name="示例热线", kind="center", **by)
        self.store = add_department(code="store", name="示例门店", kind="store", **by)
        self.staff: dict[str, Staff] = {}
        for name in ("boss", "head", "anna", "bert", "cleo", "dora"):
            self.staff[name] = add_staff(username=name, name=f"示例{name}", is_admin=name == "boss", **by)
        for name in ("head", "anna", "bert", "cleo"):
            assign_role(self.staff[name], "shop", "agent", self.hotline, **by)
        assign_role(self.staff["dora"], "shop", "clerk", self.store, **by)
        Department.objects.filter(pk=self.hotline.pk).update(head=self.staff["head"])
        self.early = self.kind("early", "早", ["09:00-12:00", "13:00-18:00"])
        self.night = self.kind("night", "夜", ["22:00-06:00"])

    def kind(self, code: str, mark: str, windows: list[str]) -> ShiftType:
        return keep_shift_type(code, name=f"示例{mark}班", mark=mark, windows=windows, by=self.viewer("boss"), now=NOW)

    def viewer(self, name: str) -> Viewer:
        return viewer(self.staff[name])

    def weeks(self, name: str, shifts: list[ShiftType | None], since: str = "06-09", by: str = "head") -> ShiftPattern:
        return set_pattern(self.staff[name], shifts, since=day(since), by=self.viewer(by), now=NOW)

    def week(self, name: str, since: str = "06-09") -> ShiftPattern:
        """Monday to Friday early, the weekend off."""
        return self.weeks(name, [self.early] * 5 + [None] * 2, since)

    def worked(self, name: str, first: str, last: str) -> list[str]:
        roster = rosters([self.staff[name].pk], day(first), day(last))[self.staff[name].pk]
        return [f"{d:%m-%d} {planned.shift.mark if planned.shift else '休'}" for d, planned in roster.items()]


@pytest.fixture
def house() -> House:
    return House()


def told() -> list[str]:
    return list(Fact.objects.filter(type="roster.changed").order_by("id").values_list("payload__what", flat=True))


def test_a_week_repeats_until_another_pattern_begins(house: House) -> None:
    house.week("anna")
    assert house.worked("anna", "06-13", "06-16") == ["06-13 早", "06-14 休", "06-15 休", "06-16 早"]
    house.weeks("anna", [house.night] * 7, "06-16")
    assert house.worked("anna", "06-13", "06-16") == ["06-13 早", "06-14 休", "06-15 休", "06-16 夜"]


def test_two_weeks_take_turns(house: House) -> None:
    house.weeks("anna", [house.early] * 7 + [house.night] * 7, "06-11")
    assert house.worked("anna", "06-11", "06-11") == ["06-11 早"]
    assert house.worked("anna", "06-16", "06-16") == ["06-16 夜"]
    assert house.worked("anna", "06-23", "06-23") == ["06-23 早"]


def test_days_nobody_planned_are_in_no_roster(house: House) -> None:
    house.week("anna", "06-11")
    assert house.worked("anna", "06-09", "06-11") == ["06-11 早"]
    assert house.worked("bert", "06-09", "06-11") == []


def test_a_single_day_differs_and_goes_back(house: House) -> None:
    house.week("anna")
    who, by = house.staff["anna"], house.viewer("head")
    change_days(who, {day("06-11"): house.night, day("06-12"): None}, by=by, now=NOW)
    assert house.worked("anna", "06-10", "06-13") == ["06-10 早", "06-11 夜", "06-12 休", "06-13 早"]
    change_days(who, {day("06-11"): "pattern"}, by=by, now=NOW)
    assert house.worked("anna", "06-10", "06-12") == ["06-10 早", "06-11 早", "06-12 休"]
    assert told() == ["pattern", "day", "day"]


@pytest.mark.parametrize(
    ("moment", "working"),
    [
        ("06-10 09:00", True), ("06-10 08:59", False), ("06-10 12:00", False), ("06-10 12:30", False), ("06-10 13:00", True),
        ("06-10 17:59", True), ("06-10 18:00", False), ("06-11 22:00", True), ("06-11 23:59", True), ("06-12 05:59", True),
        ("06-12 06:00", False), ("06-12 10:00", False),
    ],
)  # fmt: skip
def test_who_is_on_shift(house: House, moment: str, working: bool) -> None:
    """Tuesday early, Wednesday night into Thursday, Thursday off."""
    house.weeks("anna", [None, house.early, house.night, None, None, None, None])
    assert (house.staff["anna"].pk in on_shift(at(moment))) == working


def test_on_shift_says_until_when_and_whom_it_was_asked_about(house: House) -> None:
    house.week("anna")
    house.weeks("bert", [house.night] * 7)
    anna, bert = house.staff["anna"].pk, house.staff["bert"].pk
    assert on_shift(at("06-10 10:00")) == {anna: at("06-10 12:00")}
    assert on_shift(at("06-10 23:00")) == {bert: at("06-11 06:00")}
    assert on_shift(at("06-10 23:00"), {anna}) == {}
    disable_staff(house.staff["bert"], by="system", now=NOW)
    assert on_shift(at("06-10 23:00")) == {}


def test_on_shift_asks_the_database_as_often_for_two_as_for_twenty(
    house: House, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        house.staff[f"n{number}"] = add_staff(username=f"n{number}", name="示例", by="system", now=NOW)
        house.weeks(f"n{number}", [house.early] * 7, by="boss")
    with django_assert_max_num_queries(6):
        assert len(on_shift(at("06-10 10:00"))) == 20


def test_a_shift_that_has_begun_is_not_changed(house: House) -> None:
    house.week("anna")
    who, by = house.staff["anna"], house.viewer("head")
    for moment, wanted in (("06-10 09:00", "06-10"), ("06-11 08:00", "06-10")):
        with pytest.raises(OrgRefused) as refused:
            change_days(who, {day(wanted): None}, by=by, now=at(moment))
        assert "不能再改" in refused.value.problems["day"].zh
    change_days(who, {day("06-10"): None}, by=by, now=at("06-10 08:59"))
    with pytest.raises(OrgRefused):
        set_pattern(who, [house.early] * 7, since=day("06-08"), by=by, now=at("06-09 08:00"))


def test_only_the_head_above_and_administrators_plan(house: House) -> None:
    assert may_plan(house.viewer("head"), [house.staff["anna"].pk])
    assert may_plan(house.viewer("boss"), [house.staff["dora"].pk])
    assert not may_plan(house.viewer("head"), [house.staff["anna"].pk, house.staff["dora"].pk])
    assert not may_plan(house.viewer("anna"), [house.staff["anna"].pk])
    for who, by in (("dora", "head"), ("anna", "bert"), ("anna", "anna")):
        with pytest.raises(OrgRefused):
            house.weeks(who, [house.early] * 7, by=by)
        with pytest.raises(OrgRefused):
            change_days(house.staff[who], {day("06-12"): None}, by=house.viewer(by), now=NOW)


def test_a_pattern_that_has_not_begun_is_taken_back_and_the_one_before_goes_on(house: House) -> None:
    house.week("anna")
    house.weeks("anna", [house.night] * 7, "06-16")
    with pytest.raises(OrgRefused):
        house.weeks("anna", [house.early] * 7, "06-12")
    remove_pattern(house.staff["anna"], day("06-16"), by=house.viewer("head"), now=NOW)
    assert house.worked("anna", "06-16", "06-16") == ["06-16 早"]


def test_two_patterns_never_hold_on_one_day_whatever_is_written(house: House) -> None:
    made = house.week("anna")
    with pytest.raises(IntegrityError), transaction.atomic():
        ShiftPattern.objects.create(staff=made.staff, since=day("07-01"), shifts=[None] * 7)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("code", {"code": "Früh"}), ("code", {"code": "off"}), ("name", {"name": " "}), ("mark", {"mark": "早早班"}),
        ("windows", {"windows": []}), ("windows", {"windows": ["9-12"]}), ("windows", {"windows": ["09:00-12:00", "11:00-13:00"]}),
        ("windows", {"windows": ["09:00-09:00"]}), ("windows", {"windows": ["25:00-26:00"]}),
    ],
)  # fmt: skip
def test_a_kind_of_shift_that_cannot_be_read_is_refused_at_its_field(
    house: House, field: str, change: dict[str, Any]
) -> None:
    given: dict[str, Any] = {"code": "late", "name": "示例", "mark": "晚", "windows": ["13:00-21:00"], **change}
    with pytest.raises(OrgRefused) as refused:
        keep_shift_type(given.pop("code"), **given, by=house.viewer("boss"), now=NOW)
    assert list(refused.value.problems) == [field]


def test_the_hours_people_were_planned_for_stay(house: House) -> None:
    house.kind("early", "早", ["08:00-12:00"])
    house.week("anna")
    with pytest.raises(OrgRefused) as refused:
        house.kind("early", "早", ["07:00-12:00"])
    assert "不能改时间" in refused.value.problems["windows"].zh
    with pytest.raises(OrgRefused):
        keep_shift_type("x", name="示例", mark="x", windows=["09:00-10:00"], by=house.viewer("head"), now=NOW)


def leave(house: House, begin: str, end: str, who: str = "anna") -> ShiftRequest:
    return ask_leave(
        house.staff[who], begins_at=at(begin), ends_at=at(end), why="示例事由", by=house.viewer(who), now=NOW
    )


def test_leave_counts_once_it_is_approved_and_takes_its_hours_only(house: House) -> None:
    house.week("anna")
    anna = house.staff["anna"].pk
    asked = leave(house, "06-10 14:30", "06-11 12:00")
    assert anna in on_shift(at("06-10 15:00"))
    decide_request(asked.pk, approve=True, by=house.viewer("head"), now=NOW)
    assert [anna in on_shift(at(m)) for m in ("06-10 14:00", "06-10 15:00", "06-11 10:00", "06-11 14:00")] == [
        True, False, False, True
    ]  # fmt: skip
    roster = rosters([anna], day("06-10"), day("06-11"))[anna]
    assert roster[day("06-10")].windows == ((540, 720), (780, 870))
    assert (roster[day("06-11")].windows, roster[day("06-11")].on_leave) == (((780, 1080),), True)
    withdraw_request(asked.pk, by=house.viewer("anna"), now=NOW)
    assert anna in on_shift(at("06-10 15:00"))
    assert told() == ["pattern", "leave", "leave"]


def test_leave_of_a_morning_ends_the_night_shift_of_the_day_before(house: House) -> None:
    house.weeks("anna", [house.night] * 7)
    asked = leave(house, "06-11 03:00", "06-11 12:00")
    decide_request(asked.pk, approve=True, by=house.viewer("head"), now=NOW)
    anna = house.staff["anna"].pk
    assert on_shift(at("06-11 02:00"), {anna}) == {anna: at("06-11 03:00")}
    assert on_shift(at("06-11 04:00"), {anna}) == {}
    assert anna in on_shift(at("06-11 23:00"), {anna})


def test_nobody_decides_his_own_request(house: House) -> None:
    house.weeks("head", [house.early] * 7, by="boss")
    asked = leave(house, "06-12 09:00", "06-12 18:00", "head")
    with pytest.raises(OrgRefused) as refused:
        decide_request(asked.pk, approve=True, by=house.viewer("head"), now=NOW)
    assert "自己的申请" in refused.value.problems[""].zh
    assert asked not in waiting_for(house.viewer("head"))
    assert asked in waiting_for(house.viewer("boss"))
    decide_request(asked.pk, approve=True, by=house.viewer("boss"), now=NOW)


def test_a_request_is_decided_once_and_only_by_whom_it_concerns(house: House) -> None:
    asked = leave(house, "06-12 09:00", "06-12 18:00")
    for who in ("bert", "dora"):
        with pytest.raises(NoSuchRequest):
            decide_request(asked.pk, approve=True, by=house.viewer(who), now=NOW)
    decide_request(asked.pk, approve=False, answer="示例：人手不够", by=house.viewer("head"), now=NOW)
    with pytest.raises(OrgRefused):
        decide_request(asked.pk, approve=True, by=house.viewer("head"), now=NOW)
    with pytest.raises(OrgRefused):
        withdraw_request(asked.pk, by=house.viewer("anna"), now=NOW)
    assert [row.pk for row in requests_for(house.viewer("anna"))] == [asked.pk]
    assert list(requests_for(house.viewer("bert"))) == []


def test_a_request_waits_for_whoever_decides_it_and_is_taken_back_by_whoever_asked(house: House) -> None:
    asked = leave(house, "06-12 09:00", "06-12 18:00")
    waits = {
        who: [row.pk for row in waiting_for(house.viewer(who))] for who in ("anna", "bert", "dora", "head", "boss")
    }
    assert waits == {"anna": [], "bert": [], "dora": [], "head": [asked.pk], "boss": [asked.pk]}
    for who in ("bert", "head", "boss"):
        with pytest.raises(NoSuchRequest):
            withdraw_request(asked.pk, by=house.viewer(who), now=NOW)
    withdraw_request(asked.pk, by=house.viewer("anna"), now=NOW)
    asked.refresh_from_db()
    assert asked.state == "withdrawn"


def test_whoever_was_disabled_is_nobody(house: House) -> None:
    assert house.viewer("head").keys
    disable_staff(house.staff["head"], by="system", now=NOW)
    house.staff["head"].refresh_from_db()
    assert house.viewer("head") == ANONYMOUS_VIEWER


def test_leave_that_has_begun_is_neither_asked_for_nor_approved(house: House) -> None:
    asked = leave(house, "06-10 09:00", "06-10 18:00")
    with pytest.raises(OrgRefused):
        decide_request(asked.pk, approve=True, by=house.viewer("head"), now=at("06-10 09:01"))
    for begin, end in (("06-09 07:00", "06-09 12:00"), ("06-12 18:00", "06-12 09:00"), ("06-10 12:00", "06-10 14:00")):
        with pytest.raises(OrgRefused):
            leave(house, begin, end)


def swap(
    house: House, who: str = "anna", other: str = "bert", on: str = "06-12", back: str | None = None
) -> ShiftRequest:
    return ask_swap(
        house.staff[who],
        house.staff[other],
        day(on),
        other_day=day(back) if back else None,
        by=house.viewer(who),
        now=NOW,
    )


def test_a_swap_needs_the_colleague_and_then_the_head(house: House) -> None:
    house.week("anna")
    house.weeks("bert", [house.night] * 7)
    asked = swap(house)
    with pytest.raises(OrgRefused):
        decide_request(asked.pk, approve=True, by=house.viewer("head"), now=NOW)
    with pytest.raises(NoSuchRequest):
        answer_swap(asked.pk, agree=True, by=house.viewer("cleo"), now=NOW)
    assert [row.pk for row in waiting_for(house.viewer("bert"))] == [asked.pk]
    answer_swap(asked.pk, agree=True, by=house.viewer("bert"), now=NOW)
    decide_request(asked.pk, approve=True, by=house.viewer("head"), now=NOW)
    assert house.worked("anna", "06-11", "06-13") == ["06-11 早", "06-12 夜", "06-13 早"]
    assert house.worked("bert", "06-11", "06-13") == ["06-11 夜", "06-12 早", "06-13 夜"]
    assert told() == ["pattern", "pattern", "swap", "swap"]


def test_a_swap_is_given_back_on_another_day(house: House) -> None:
    house.weeks("anna", [house.early] * 3 + [None] * 4)
    house.weeks("bert", [None] * 3 + [house.early] * 4)
    asked = swap(house, on="06-10", back="06-13")
    answer_swap(asked.pk, agree=True, by=house.viewer("bert"), now=NOW)
    decide_request(asked.pk, approve=True, by=house.viewer("head"), now=NOW)
    assert house.worked("anna", "06-10", "06-13") == ["06-10 休", "06-11 早", "06-12 休", "06-13 早"]
    assert house.worked("bert", "06-10", "06-13") == ["06-10 早", "06-11 休", "06-12 早", "06-13 休"]


def test_a_colleague_who_heads_the_department_does_not_decide_the_swap_he_is_part_of(house: House) -> None:
    house.week("anna")
    house.weeks("head", [house.night] * 7, by="boss")
    asked = swap(house, other="head")
    answer_swap(asked.pk, agree=True, by=house.viewer("head"), now=NOW)
    with pytest.raises(OrgRefused):
        decide_request(asked.pk, approve=True, by=house.viewer("head"), now=NOW)


def test_a_swap_is_for_colleagues_with_rosters_and_days_to_come(house: House) -> None:
    house.week("anna")
    for other, on in (("bert", "06-12"), ("dora", "06-12"), ("anna", "06-12"), ("bert", "06-08")):
        with pytest.raises(OrgRefused):
            swap(house, other=other, on=on)
    with pytest.raises(OrgRefused):
        ask_swap(house.staff["anna"], house.staff["bert"], day("06-12"), by=house.viewer("bert"), now=NOW)


def test_a_refused_swap_changes_nothing(house: House) -> None:
    house.week("anna")
    house.weeks("bert", [house.night] * 7)
    asked = swap(house)
    answer_swap(asked.pk, agree=False, by=house.viewer("bert"), now=NOW)
    with pytest.raises(OrgRefused):
        decide_request(asked.pk, approve=True, by=house.viewer("head"), now=NOW)
    assert house.worked("anna", "06-12", "06-12") == ["06-12 早"]


def file(tmp_path: Path, text: str, encoding: str = "utf-8-sig") -> Path:
    path = tmp_path / "shifts.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
def test_a_month_comes_from_a_file(house: House, tmp_path: Path, encoding: str) -> None:
    text = "用户名,日期,班次\nanna,2025-06-10,早\nanna,2025/6/11,night\nbert,2025-06-10,休\n"
    assert import_shifts(file(tmp_path, text, encoding), by=house.viewer("head"), now=NOW) == (2, 3)
    assert house.worked("anna", "06-10", "06-12") == ["06-10 早", "06-11 夜"]
    assert house.worked("bert", "06-10", "06-10") == ["06-10 休"]
    assert told() == ["import", "import"]


def test_a_file_is_taken_whole_or_not_at_all_and_every_line_is_named(house: House, tmp_path: Path) -> None:
    text = (
        "用户名,日期,班次\nanna,2025-06-10,早\nnobody,2025-06-10,早\ndora,2025-06-10,早\nanna,tomorrow,早\n"
        "anna,2025-06-11,晚\nanna,2025-06-10,夜\n=cmd|x,2025-06-10,早\n"
    )
    with pytest.raises(FileRefused) as refused:
        import_shifts(file(tmp_path, text), by=house.viewer("head"), now=NOW)
    assert [fault.line for fault in refused.value.faults] == [3, 4, 5, 6, 7, 8]
    assert house.worked("anna", "06-09", "06-12") == []


def test_a_file_with_a_day_that_is_over_is_refused_as_a_whole(house: House, tmp_path: Path) -> None:
    text = "用户名,日期,班次\nbert,2025-06-12,早\nanna,2025-06-01,早\n"
    with pytest.raises(FileRefused) as refused:
        import_shifts(file(tmp_path, text), by=house.viewer("head"), now=NOW)
    assert "anna" in refused.value.faults[0].words.zh
    assert house.worked("bert", "06-12", "06-12") == []


@pytest.mark.parametrize("text", ["", "姓名,日期\nx,y\n", "用户名,日期,班次\n", "\x00\x01"])
def test_a_file_that_is_no_table_of_shifts_is_refused(house: House, tmp_path: Path, text: str) -> None:
    with pytest.raises(FileRefused):
        import_shifts(file(tmp_path, text), by=house.viewer("head"), now=NOW)
