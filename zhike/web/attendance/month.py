"""The month of a department: a row a person, a column a day."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from zhike.org.access import departments_for
from zhike.org.attendance import headed_by
from zhike.org.models import Department, ShiftType, Staff
from zhike.org.principals import Viewer
from zhike.org.rosters import Planned, Roster, rosters, spans
from zhike.web.base.times import WEEKDAYS, ZONE
from zhike.web.base.typed import day_of
from zhike.web.context import Request

MOST_PEOPLE = 200
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one person."""

    day: dt.date
    mark: str
    words: str
    kind: str
    """none, off, work, leave; `differs` where the weeks have it otherwise."""
    differs: bool


@dataclass(frozen=True, slots=True)
class Line:
    person: Staff
    cells: list[Cell]
    working: bool
    """On shift at this moment."""


def show(request: Request) -> HttpResponse:
    """`?department=&month=2025-06`: one's own department and the running month without a choice."""
    headed = headed_by(request.viewer)
    places = list(departments_of(request.viewer, headed).order_by("path"))
    department = _chosen(request, places)
    first = month_of(request.GET.get("month", ""), request.now)
    days = [first.replace(day=n) for n in range(1, calendar.monthrange(first.year, first.month)[1] + 1)]
    people = _people(department) if department is not None else []
    plans = request.viewer.is_admin or (department is not None and not headed.isdisjoint(department.path))
    lines, types = _lines(request, people[:MOST_PEOPLE], days)
    known: dict[str, Any] = {
        "departments": places,
        "department": department,
        "month": first,
        "before": (first - dt.timedelta(days=1)).replace(day=1),
        "after": (first + dt.timedelta(days=31)).replace(day=1),
        "days": [(day, gettext(WEEKDAYS[day.weekday()]), day.weekday() >= SATURDAY) for day in days],
        "today": request.now.astimezone(ZONE).date(),
        "lines": lines,
        "unplanned": not any(cell.mark for line in lines for cell in line.cells),
        "more": len(people) > MOST_PEOPLE,
        "types": types,
        "plans": plans,
        "may_plan": request.viewer.is_admin or bool(headed),
    }
    return render(request, "attendance/month.html", known)


def drawn(request: Request, page: str, known: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page of this area, with the tabs this viewer may open."""
    if "may_plan" not in known:
        known["may_plan"] = request.viewer.is_admin or bool(headed_by(request.viewer))
    return render(request, f"attendance/{page}.html", known, status=status)


def departments_of(viewer: Viewer, headed: set[int]) -> QuerySet[Department]:
    """The departments whose month this viewer may see: his own, those he heads with what is below; all for an administrator."""
    found = departments_for(viewer)
    if viewer.is_admin:
        return found
    return found.filter(Q(pk__in=viewer.places) | Q(path__overlap=sorted(headed)))


def _chosen(request: Request, places: list[Department]) -> Department | None:
    asked = request.GET.get("department", "")
    mine = next((place for place in places if place.pk in request.viewer.places), places[0] if places else None)
    return next((place for place in places if str(place.pk) == asked), mine)


def month_of(text: str, now: dt.datetime) -> dt.date:
    """The first day of "2025-06"; of the running month for anything else."""
    return day_of(f"{text}-01") or now.astimezone(ZONE).date().replace(day=1)


def _people(department: Department) -> list[Staff]:
    held = Staff.objects.filter(is_active=True, assignments__department=department)
    return list(held.distinct().order_by("name", "id")[: MOST_PEOPLE + 1])


def _lines(request: Request, people: list[Staff], days: list[dt.date]) -> tuple[list[Line], list[ShiftType]]:
    """The rows, and the kinds of shifts in them. The rosters are read once: who works now is seen in the day and the one before,
    whose night shift may last.
    """
    planned = rosters([person.pk for person in people], days[0] - dt.timedelta(days=1), days[-1])
    lines = [
        Line(
            person, [cell_of(day, planned[person.pk].get(day)) for day in days], _works(planned[person.pk], request.now)
        )
        for person in people
    ]
    used = {each.shift.code: each.shift for roster in planned.values() for each in roster.values() if each.shift}
    return lines, [used[code] for code in sorted(used)]


def _works(roster: Roster, now: dt.datetime) -> bool:
    today = now.astimezone(ZONE).date()
    near = [(day, roster[day]) for day in (today - dt.timedelta(days=1), today) if day in roster]
    return any(begin <= now < end for day, planned in near for begin, end in spans(day, planned))


def cell_of(day: dt.date, planned: Planned | None) -> Cell:
    """How a day is drawn: its mark, and the words of it for a pointer and a screen reader."""
    if planned is None:
        return Cell(day, "", gettext("没有排班"), "none", differs=False)
    if planned.on_leave:
        return Cell(day, gettext("假"), hours_of(planned) or gettext("请假"), "leave", planned.differs)
    if planned.shift is None:
        return Cell(day, gettext("休"), gettext("休息"), "off", planned.differs)
    return Cell(day, planned.shift.mark, f"{planned.shift.name} {hours_of(planned)}", "work", planned.differs)


def hours_of(planned: Planned) -> str:
    """ "09:00-12:00 13:00-18:00"; past midnight as the hour of the next day."""
    return " ".join(f"{_clock(begin)}-{_clock(end)}" for begin, end in planned.windows)


def _clock(minutes: int) -> str:
    hours, rest = divmod(minutes % (24 * 60) or (24 * 60 if minutes else 0), 60)
    return f"{hours:02d}:{rest:02d}"
