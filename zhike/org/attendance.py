"""Every write to shift tables: kinds of shifts, weekly patterns, single days, what comes from a file.

A shift that has begun is not changed any more, so a limit that counts by it never moves into the past. Each change is a fact
about the person; the clocks that count by his roster follow it (clocks/reactions.py).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from django.db import transaction
from django.db.models import Q

from zhike.handbook.calendars import parse_window
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.lib.text import clean_line
from zhike.org import events
from zhike.org.access import NotFound
from zhike.org.actions import OrgRefused
from zhike.org.models import Department, ShiftDay, ShiftPattern, ShiftType, Staff
from zhike.org.principals import Viewer
from zhike.org.rosters import ZONE, minutes_into, rosters, windows_of

CODE = re.compile(r"^[a-z0-9][a-z0-9-]{0,19}$")
MOST_WINDOWS = 6
MOST_WEEKS = 8
LONGEST_WHY = 200
FURTHEST = dt.timedelta(days=732)
OFF = "off"
BEGUN = Text(zh="已经开始或过去的班不能再改。", en="A shift that has begun or is over can no longer be changed.")
IN_USE = Text(
    zh="已经按这个班次排过班，不能改时间；请停用它，另建一个。",
    en="People were planned for it, so its hours stay; retire it and add another.",
)
WINDOWS_READ_SO = Text(
    zh="时间写成 09:00-12:00，跨夜写成 22:00-06:00", en="Write 09:00-12:00, or 22:00-06:00 past midnight"
)
NOT_YOURS = Text(
    zh="只有部门负责人和管理员可以排班。", en="Only the head of the department and administrators plan shifts."
)


def may_plan(viewer: Viewer, people: Collection[int]) -> bool:
    """Whether the viewer plans the shifts of all of these: an administrator, or the head of a department above each of them."""
    if viewer.is_admin:
        return True
    return viewer.staff is not None and set(people) <= planned_by(viewer)


def planned_by(viewer: Viewer, headed: set[int] | None = None) -> set[int]:
    """The people whose shifts this head plans: those with a role in a department he heads, or below one. Two queries, one where it is
    known which he heads.
    """
    mine = headed_by(viewer) if headed is None else headed
    if not mine:
        return set()
    below = Department.objects.filter(path__overlap=sorted(mine)).values("pk")
    return set(Staff.objects.filter(assignments__department__in=below).values_list("pk", flat=True))


def headed_by(viewer: Viewer) -> set[int]:
    """The departments he is the head of. One query."""
    if viewer.staff is None:
        return set()
    return set(Department.objects.filter(head=viewer.staff, is_active=True).values_list("pk", flat=True))


def keep_shift_type(
    code: str, *, name: str, mark: str, windows: Sequence[str], is_active: bool = True, by: Viewer, now: dt.datetime
) -> ShiftType:
    """Add a kind of shift, or change one. What somebody was planned for keeps its hours: then a new kind is needed.

    Administrators only. Raises OrgRefused.
    """
    if not by.is_admin:
        raise OrgRefused({"": NOT_YOURS})
    code, name, mark = code.strip().lower(), clean_line(name), clean_line(mark)
    spans = [text.strip() for text in windows if text.strip()]
    _check_type(code, name, mark, spans)
    with transaction.atomic():
        before = ShiftType.objects.select_for_update().filter(code=code).first()
        if before is not None and before.windows != spans and _is_planned(before):
            raise OrgRefused({"windows": IN_USE})
        kept, _ = ShiftType.objects.select_for_update().update_or_create(
            code=code, defaults={"name": name, "mark": mark, "windows": spans, "is_active": is_active}
        )
        record([NewFact(events.ShiftTypeKept(code, spans, is_active), now, ("shift_type", kept.pk), by.principal)])
    return kept


def set_pattern(
    staff: Staff, shifts: Sequence[ShiftType | None], *, since: dt.date, by: Viewer, now: dt.datetime, why: str = ""
) -> ShiftPattern:
    """From `since` on he works these weeks by turns (7 entries a week, Monday first). The pattern before ends the day before.

    Raises OrgRefused: not the viewer's to plan, not whole weeks, a day that has begun, a pattern that begins later.
    """
    _check_planner(by, [staff.pk])
    if not shifts or len(shifts) % 7 or len(shifts) > 7 * MOST_WEEKS:
        raise _refused("shifts", f"请填满整周，最多 {MOST_WEEKS} 周。", f"Fill whole weeks, {MOST_WEEKS} at most.")
    with transaction.atomic():
        lock_people([staff.pk])
        _check_days([staff.pk], [since], now, {since: shifts[since.weekday()]})
        if ShiftPattern.objects.filter(staff=staff, since__gt=since).exists():
            raise _refused("since", "这一天之后已有排班，请先删去它。", "A later pattern is planned; remove it first.")
        ShiftPattern.objects.filter(staff=staff, since=since).delete()
        before = ShiftPattern.objects.filter(staff=staff, since__lt=since).filter(Q(until=None) | Q(until__gte=since))
        before.update(until=since - dt.timedelta(days=1))
        made = ShiftPattern.objects.create(staff=staff, since=since, shifts=[s.pk if s else None for s in shifts])
        tell_roster([staff.pk], "pattern", since, None, by.principal, now, why)
    return made


def remove_pattern(staff: Staff, since: dt.date, *, by: Viewer, now: dt.datetime) -> None:
    """Take back a pattern that has not begun; the one before it goes on. Removed twice it is removed once."""
    _check_planner(by, [staff.pk])
    with transaction.atomic():
        lock_people([staff.pk])
        _check_days([staff.pk], [since], now, {})
        if ShiftPattern.objects.filter(staff=staff, since=since).delete()[0]:
            ShiftPattern.objects.filter(staff=staff, until=since - dt.timedelta(days=1)).update(until=None)
            tell_roster([staff.pk], "pattern", since, None, by.principal, now, "")


def change_days(
    staff: Staff,
    days: Mapping[dt.date, ShiftType | str | None],
    *,
    by: Viewer,
    now: dt.datetime,
    why: str = "",
    what: str = "day",
) -> None:
    """On these days he works another shift, None: is off, "pattern": works as the weeks have it. Raises OrgRefused."""
    _check_planner(by, [staff.pk])
    with transaction.atomic():
        lock_people([staff.pk])
        _check_days([staff.pk], days, now, {d: s for d, s in days.items() if isinstance(s, ShiftType)})
        write_days(staff.pk, days, why)
        tell_roster([staff.pk], what, min(days), max(days), by.principal, now, why)


def write_days(person: int, days: Mapping[dt.date, ShiftType | str | None], why: str) -> None:
    """The rows of `change_days`; the caller has checked and tells of it."""
    ShiftDay.objects.filter(staff_id=person, day__in=list(days)).delete()
    rows = [
        ShiftDay(staff_id=person, day=day, shift=shift, why=clean_line(why)[:LONGEST_WHY])
        for day, shift in days.items()
        if not isinstance(shift, str)
    ]
    ShiftDay.objects.bulk_create(rows)


def tell_roster(
    people: Iterable[int], what: str, first: dt.date, last: dt.date | None, by: str, now: dt.datetime, why: str
) -> None:
    """One fact a person: what counts by his roster follows."""
    changed = events.RosterChanged(what, first, last, clean_line(why)[:LONGEST_WHY])
    record(
        [NewFact(changed, now, ("staff", person), by, audience=(f"staff:{person}",)) for person in sorted(set(people))]
    )


def check_not_begun(people: Collection[int], days: Collection[dt.date], now: dt.datetime) -> None:
    """Raises OrgRefused where a shift on one of these days has begun, or the day is over."""
    _check_days(people, days, now, {})


def _check_days(
    people: Collection[int], days: Collection[dt.date], now: dt.datetime, wanted: Mapping[dt.date, ShiftType | None]
) -> None:
    today = now.astimezone(ZONE).date()
    if not days:
        raise _refused("day", "请选择日期。", "Choose a day.")
    if min(days) < today:
        raise OrgRefused({"day": BEGUN})
    if max(days) > today + FURTHEST:
        raise _refused("day", "最多提前两年排班。", "Shifts are planned two years ahead at most.")
    if today not in days:
        return
    minute = minutes_into(today, now)
    stand = [roster.get(today) for roster in rosters(people, today, today).values()]
    windows = [window for planned in stand if planned is not None for window in planned.windows]
    windows += windows_of(wanted.get(today))
    if any(begin <= minute for begin, _ in windows):
        raise OrgRefused({"day": BEGUN})


def _is_planned(shift: ShiftType) -> bool:
    return (
        ShiftDay.objects.filter(shift=shift).exists()
        or ShiftPattern.objects.filter(shifts__contains=[shift.pk]).exists()
    )


def _check_planner(by: Viewer, people: Collection[int]) -> None:
    if not may_plan(by, people):
        raise OrgRefused({"": NOT_YOURS})


def _check_type(code: str, name: str, mark: str, windows: Sequence[str]) -> None:
    if not CODE.match(code) or code == OFF:
        raise _refused(
            "code", "编码用小写字母、数字和连字符，最多 20 个", "Small letters, digits and hyphens, at most 20"
        )
    if not name or len(name) > 40:
        raise _refused("name", "请填写名称，最多 40 字", "Enter a name of at most 40 characters")
    if not mark or len(mark) > 2:
        raise _refused("mark", "请填写一两个字的标记", "Enter a mark of one or two characters")
    if not windows or len(windows) > MOST_WINDOWS:
        raise _refused("windows", f"请填写 1 到 {MOST_WINDOWS} 段时间", f"Enter 1 to {MOST_WINDOWS} spans")
    try:
        spans = sorted(parse_window(text) for text in windows)
    except ValueError as error:
        raise OrgRefused({"windows": WINDOWS_READ_SO}) from error
    if any(before[1] > after[0] for before, after in pairwise(spans)):
        raise _refused("windows", "几段时间不能重叠", "The spans must not overlap")


def lock_people(people: Collection[int]) -> None:
    """Two plans for one person follow each other."""
    list(Staff.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk").values_list("pk"))


def _refused(field: str, zh: str, en: str) -> OrgRefused:
    return OrgRefused({field: Text(zh=zh, en=en)})


def person_to_plan(viewer: Viewer, number: int) -> Staff:
    """Somebody whose shifts this viewer plans. Raises access.NotFound, the same for unknown and for not his."""
    found = Staff.objects.filter(pk=number, is_active=True).first() if may_plan(viewer, [number]) else None
    if found is None:
        raise NotFound(number)
    return found
