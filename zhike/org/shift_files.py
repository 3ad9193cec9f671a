"""Shift tables from a file: one line a person and day. All of it is taken, or nothing, with every wrong line named."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from zhike.handbook.common import Text
from zhike.lib.tables import TableRefused, open_table
from zhike.org.actions import OrgRefused
from zhike.org.attendance import OFF, change_days, planned_by
from zhike.org.models import ShiftType, Staff
from zhike.org.principals import Viewer

MOST_LINES = 20_000
COLUMNS = {
    "username": ("用户名", "username", "user name", "工号"),
    "day": ("日期", "date", "day"),
    "shift": ("班次", "shift"),
}
FREE = frozenset({"休", "off", "", "-"})
NO_HEAD = Text(zh="第一行要有“用户名”“日期”“班次”三列。", en="The first line names the columns: username, date, shift.")
TOO_LONG = Text(zh="一次最多两万行，请分几个文件。", en="20,000 lines at most; split the file.")


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that cannot be taken."""

    line: int
    words: Text


class FileRefused(Exception):
    """Nothing of the file was taken."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} lines")
        self.faults = faults


def import_shifts(path: Path, *, by: Viewer, now: dt.datetime) -> tuple[int, int]:
    """(people, days) taken from the file. Raises FileRefused with every fault; nothing is taken then."""
    lines = _read(path)
    known = {
        person.username: person
        for person in Staff.objects.filter(is_active=True, username__in={each[1] for each in lines})
    }
    types = {
        key: shift for shift in ShiftType.objects.filter(is_active=True) for key in (shift.code, shift.name, shift.mark)
    }
    planned = None if by.is_admin else planned_by(by)
    mine = {name for name, person in known.items() if planned is None or person.pk in planned}
    days: dict[str, dict[dt.date, ShiftType | str | None]] = defaultdict(dict)
    faults: list[Fault] = []
    for line, username, day_text, shift_text in lines:
        day = _day(day_text)
        wrong = _wrong(username in mine, day, shift_text in types or shift_text.lower() in FREE)
        if wrong is None and day is not None and day in days[username]:
            wrong = Text(zh="同一个人同一天出现了两次。", en="The same person and day stand in the file twice.")
        if wrong is not None or day is None:
            faults.append(Fault(line, wrong or NO_HEAD))
        else:
            days[username][day] = types.get(shift_text)
    if faults:
        raise FileRefused(faults)
    _take(days, known, by, now)
    return len(days), sum(len(each) for each in days.values())


def _take(
    days: dict[str, dict[dt.date, ShiftType | str | None]], known: dict[str, Staff], by: Viewer, now: dt.datetime
) -> None:
    faults: list[Fault] = []
    with transaction.atomic():
        for username in sorted(days):
            try:
                change_days(known[username], days[username], by=by, now=now, what="import")
            except OrgRefused as refused:
                words = next(iter(refused.problems.values()))
                faults.append(Fault(0, Text(zh=f"{username}：{words.zh}", en=f"{username}: {words.say('en')}")))
        if faults:
            raise FileRefused(faults)


def _read(path: Path) -> list[tuple[int, str, str, str]]:
    try:
        table = open_table(path)
        head = [cell.strip().lower() for cell in table.head]
        places = {
            name: next((head.index(word) for word in words if word in head), -1) for name, words in COLUMNS.items()
        }
        if -1 in places.values():
            raise FileRefused([Fault(table.head_line, NO_HEAD)])
        found = []
        for line, cells in table.rows():
            found.append(
                (
                    line,
                    cells[places["username"]].strip().lower(),
                    cells[places["day"]].strip(),
                    cells[places["shift"]].strip(),
                )
            )
            if len(found) > MOST_LINES:
                raise FileRefused([Fault(line, TOO_LONG)])
    except TableRefused as refused:
        raise FileRefused([Fault(0, Text(zh=refused.zh, en=refused.en))]) from refused
    if not found:
        raise FileRefused([Fault(0, Text(zh="文件里没有排班。", en="The file holds no shifts."))])
    return found


def _day(text: str) -> dt.date | None:
    """2025-06-10, 2025/6/10 and 2025.6.10; a time of day after it is passed over."""
    parts = text.split(" ")[0].split("T")[0].replace("/", "-").replace(".", "-").split("-")
    try:
        year, month, day = (int(part) for part in parts)
        return dt.date(year, month, day)
    except ValueError:
        return None


def _wrong(is_mine: bool, day: dt.date | None, is_shift: bool) -> Text | None:
    if not is_mine:
        return Text(zh="没有这个用户名，或不归您排班。", en="No such user name, or not yours to plan.")
    if day is None:
        return Text(zh="日期写成 2025-06-10。", en="Write the date as 2025-06-10.")
    return None if is_shift else Text(zh="没有这个班次；休息写“休”。", en="No such shift; write off for a day off.")


assert OFF in FREE
