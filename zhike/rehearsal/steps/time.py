"""Section 3: time, calendars, parameters."""

from __future__ import annotations

import re

from zhike.org.actions import edit_department
from zhike.org.principals import SYSTEM
from zhike.rehearsal import names
from zhike.rehearsal.changes import with_calendar, with_holiday, with_parameter
from zhike.rehearsal.moments import read_span
from zhike.rehearsal.vocabulary import StepFailed, Table, step
from zhike.rehearsal.world import World

DAYS = dict(zip("一二三四五六日天", ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "sun"), strict=True))
WINDOW = re.compile(r"\d{1,2}:\d{2}-\d{1,2}:\d{2}")


@step("现在是<M>")
@step("时间到<M>")
def move(world: World, moment: str) -> None:
    world.move_to(world.moment(moment))


@step("过了<S>")
def pass_time(world: World, span: str) -> None:
    world.move_to(world.now + read_span(span))


@step("<D>(放假|上班)")
def one_day(world: World, day: str, what: str) -> None:
    with_holiday(world, world.day(day), world.day(day), off=what == "放假")


@step("<D>至<D>(放假|上班)")
def several_days(world: World, first: str, last: str, what: str) -> None:
    with_holiday(world, world.day(first), world.day(last), off=what == "放假")


@step("日历<N>", table=True)
def calendar(world: World, name: str, table: Table) -> None:
    rows = [row for row in table if row[0] != "日"]
    if not rows or any(len(row) != 2 or not all(WINDOW.fullmatch(part) for part in row[1].split("、")) for row in rows):
        raise StepFailed("日历的表格每行写星期和时段：| 周一至周五 | 09:00-12:00、13:30-18:00 |")
    weekly = {weekdays(row[0]): tuple(row[1].split("、")) for row in rows}
    with_calendar(world, name, weekly)


@step("<N>使用日历<N>")
def use_calendar(world: World, department: str, name: str) -> None:
    world.cast_ready()
    known = {c.title.zh: c.id for c in world.book.handbook.calendars} | {
        c.id: c.id for c in world.book.handbook.calendars
    }
    if name not in known:
        raise StepFailed(names.not_among(name, "日历", known) + "；先写“日历「…」：”一步", word=name)
    edit_department(world.department(department), {"calendar": known[name]}, by=SYSTEM, now=world.now)


@step("参数<N>为(.+)")
def parameter(world: World, name: str, value: str) -> None:
    with_parameter(world, name, value.strip("“”"))


def weekdays(text: str) -> str:
    """`周一至周五` -> `mon-fri`; `周六` -> `sat`."""
    found = re.fullmatch(
        r"(?:周|星期)?([一二三四五六日天])(?:(?:至|到)(?:周|星期)?([一二三四五六日天]))?", text.strip()
    )
    if not found:
        raise StepFailed(f"“{text}”不是星期几：写成 周六 或 周一至周五", word=text)
    return DAYS[found[1]] + (f"-{DAYS[found[2]]}" if found[2] else "")
