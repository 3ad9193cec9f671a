"""Planning: somebody's weeks and single days, the kinds of shifts, a table from a file."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.org.access import NotFound
from zhike.org.actions import OrgRefused
from zhike.org.attendance import (
    MOST_WEEKS,
    change_days,
    headed_by,
    keep_shift_type,
    person_to_plan,
    remove_pattern,
    set_pattern,
)
from zhike.org.models import ShiftDay, ShiftPattern, ShiftType, Staff
from zhike.org.rosters import rosters
from zhike.org.shift_files import FileRefused, import_shifts
from zhike.web.attendance.mine import words
from zhike.web.attendance.month import cell_of, drawn
from zhike.web.base.times import WEEKDAYS, ZONE
from zhike.web.base.typed import day_of
from zhike.web.context import Request

AHEAD = 28
LARGEST_FILE = 8 << 20
MOST_FAULTS = 100


def person(request: Request, number: int) -> HttpResponse:
    """Somebody's shifts of the next four weeks, and the forms that change them."""
    return _page(request, _person(request, number))


def weeks(request: Request, number: int) -> HttpResponseBase:
    """POST: the weeks by turns from a day on; or, with `remove`, take a pattern back that has not begun."""
    who = _person(request, number)
    if taken_back := day_of(request.POST.get("remove", "")):
        return _done(request, who, lambda: remove_pattern(who, taken_back, by=request.viewer, now=request.now))
    types = {shift.code: shift for shift in ShiftType.objects.filter(is_active=True)}
    count = request.POST.get("weeks", "1")
    wanted = range(7 * (int(count) if count.isdecimal() and 0 < int(count[:2]) <= MOST_WEEKS else 1))
    chosen = [types.get(request.POST.get(f"shift_{n}", "")) for n in wanted]
    since = day_of(request.POST.get("since", ""))
    if since is None:
        return _page(request, who, {"wrong": {"since": gettext("请填写从哪一天起。")}}, 422)
    return _done(request, who, lambda: set_pattern(who, chosen, since=since, by=request.viewer, now=request.now))


def day(request: Request, number: int) -> HttpResponseBase:
    """POST: another shift on one day, a day off, or as the weeks have it."""
    who = _person(request, number)
    types = {shift.code: shift for shift in ShiftType.objects.filter(is_active=True)}
    wanted, code = day_of(request.POST.get("day", "")), request.POST.get("shift", "")
    if wanted is None or code not in {*types, "off", "pattern"}:
        return _page(request, who, {"wrong": {"day": gettext("请选择日期和班次。")}}, 422)
    shift: ShiftType | str | None = "pattern" if code == "pattern" else types.get(code)
    why = request.POST.get("why", "")
    return _done(request, who, lambda: change_days(who, {wanted: shift}, why=why, by=request.viewer, now=request.now))


def shifts(request: Request) -> HttpResponseBase:
    """The kinds of shifts: everybody who plans sees them, administrators change them."""
    if not (request.viewer.is_admin or headed_by(request.viewer)):
        raise Http404
    typed = {name: request.POST.get(name, "").strip() for name in ("code", "name", "mark", "windows")}
    wrong: dict[str, str] = {}
    if request.method == "POST":
        try:
            kept = keep_shift_type(
                typed["code"], name=typed["name"], mark=typed["mark"],
                windows=typed["windows"].replace("，", " ").replace(",", " ").split(),
                is_active=request.POST.get("active", "true") == "true", by=request.viewer, now=request.now,
            )  # fmt: skip
        except OrgRefused as refused:
            wrong = words(refused)
        else:
            messages.success(request, gettext("已保存班次 %(name)s。") % {"name": kept.name})
            return HttpResponseRedirect(reverse("attendance:shifts"))
    rows = [(shift, " ".join(shift.windows)) for shift in ShiftType.objects.order_by("-is_active", "code")]
    known = {"rows": rows, "typed": typed, "wrong": wrong}
    return drawn(request, "shifts", known, status=422 if wrong else 200)


def take_file(request: Request) -> HttpResponseBase:
    """A table of shifts: a look at what is wrong with it, or all of it taken."""
    if not (request.viewer.is_admin or headed_by(request.viewer)):
        raise Http404
    faults: list[tuple[int, str]] = []
    if request.method == "POST":
        sent = request.FILES.get("file")
        if sent is None or (sent.size or 0) > LARGEST_FILE:
            faults = [(0, gettext("请选择一个不超过 8 MB 的文件。"))]
        else:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / ("shifts.xlsx" if str(sent.name).lower().endswith(".xlsx") else "shifts.csv")
                path.write_bytes(sent.read())
                try:
                    people, days = import_shifts(path, by=request.viewer, now=request.now)
                except FileRefused as refused:
                    language = get_language() or "zh"
                    faults = [(fault.line, fault.words.say(language)) for fault in refused.faults]
                else:
                    messages.success(
                        request, gettext("已导入 %(people)d 人、%(days)d 天的班。") % {"people": people, "days": days}
                    )
                    return HttpResponseRedirect(reverse("attendance:show"))
    known = {
        "faults": faults[:MOST_FAULTS],
        "more": max(0, len(faults) - MOST_FAULTS),
        "types": ShiftType.objects.filter(is_active=True).order_by("code"),
    }
    return drawn(request, "import", known, status=422 if faults else 200)


def _person(request: Request, number: int) -> Staff:
    try:
        return person_to_plan(request.viewer, number)
    except NotFound as error:
        raise Http404 from error


def _done(request: Request, who: Staff, deed: Any) -> HttpResponse:
    try:
        deed()
    except OrgRefused as refused:
        return _page(request, who, {"wrong": words(refused)}, 422)
    messages.success(request, gettext("已保存 %(name)s 的排班。") % {"name": who.name})
    return HttpResponseRedirect(reverse("attendance:person", args=[who.pk]))


def _page(request: Request, who: Staff, more: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    today = request.now.astimezone(ZONE).date()
    days = [today + dt.timedelta(days=n) for n in range(AHEAD)]
    roster = rosters([who.pk], days[0], days[-1])[who.pk]
    types = list(ShiftType.objects.order_by("code"))
    by_id = {shift.pk: shift for shift in types}
    patterns = ShiftPattern.objects.filter(staff=who).order_by("-since")[:10]
    single = {row.day: row.why for row in ShiftDay.objects.filter(staff=who, day__range=(days[0], days[-1]))}
    known: dict[str, Any] = {
        "person": who,
        "days": [(cell_of(d, roster.get(d)), gettext(WEEKDAYS[d.weekday()]), single.get(d, "")) for d in days],
        "patterns": [
            (p, [[by_id[n].mark if n in by_id else gettext("休") for n in p.shifts[at : at + 7]] for at in range(0, len(p.shifts), 7)],
             p.since > today)
            for p in patterns
        ],
        "types": [shift for shift in types if shift.is_active],
        "weekdays": [gettext(name) for name in WEEKDAYS],
        "grid": _grid(request, patterns[0] if patterns else None, by_id),
        "tomorrow": today + dt.timedelta(days=1),
        "typed": request.POST,
        "wrong": {},
        **(more or {}),
    }  # fmt: skip
    return drawn(request, "person", known, status=status)


def _grid(request: Request, latest: ShiftPattern | None, types: dict[int, ShiftType]) -> list[list[tuple[int, str]]]:
    """Weeks of (field number, chosen code): as typed, else as the latest pattern has it, else one empty week."""
    asked = request.GET.get("weeks", "")
    before = (
        [types[n].code if n in types else "off" for n in latest.shifts]
        if latest is not None and latest.shifts
        else ["off"] * 7
    )
    count = int(asked) if asked.isdecimal() and 0 < int(asked[:2]) <= MOST_WEEKS else len(before) // 7
    codes = [request.POST.get(f"shift_{n}", before[n % len(before)]) for n in range(7 * count)]
    return [[(n, codes[n]) for n in range(week * 7, week * 7 + 7)] for week in range(count)]
