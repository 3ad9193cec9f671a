"""Days off by region and year: which years are announced, and entering one, with the limits that would move shown first."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from pydantic import ValidationError

from zhike.cases.access import visible_cases
from zhike.clocks.retiming import moves
from zhike.handbook.holidays import HolidayTable, HolidayYear, known_tables, read_year, years_of
from zhike.handbook.problems import Findings
from zhike.handbook.source import LARGEST, parse, plain
from zhike.org.days_off import DaysOffRefused, enter_year
from zhike.org.handbooks import look_for_days_off
from zhike.org.models import HolidayTableYear
from zhike.web.context import Request
from zhike.web.handbook_admin.told import ExampleRow, moved_words, numbers_of, say

MOST_MOVES = 5000
SHOWN = 50
DAY = r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
LINE = re.compile(rf"^\s*(?P<name>[^\d]+?)\s*[:：]?\s*{DAY}(?:\s*(?:至|到|~|—|–|-|to)\s*{DAY})?\s*$")


class BadDays(ValueError):
    """What was typed cannot be read; the message is for the page."""


@dataclass(frozen=True, slots=True)
class YearRow:
    region: str
    year: int
    announced: bool
    days: int
    work: int
    entered: HolidayTableYear | None


def show_list(request: Request) -> HttpResponse:
    """Every region with its years, the latest first; the next year that is missing can be entered."""
    look_for_days_off()
    rows = (
        HolidayTableYear.objects.order_by("region", "year", "-id")
        .distinct("region", "year")
        .select_related("entered_by")
    )
    entered = {(row.region, row.year): row for row in rows}
    regions = [
        (region, title_of(region), _rows(region, entered), _wanted(region, request.now.year))
        for region in known_tables()
    ]
    shown = {"regions": regions}
    history = HolidayTableYear.objects.select_related("entered_by").order_by("-id")[:SHOWN]
    return render(request, "handbook_admin/days_off.html", {**shown, "history": history})


def title_of(region: str) -> str:
    return {"cn": gettext("中国大陆")}.get(region, region)


def _wanted(region: str, this_year: int) -> int:
    """The year to be entered next: the first that is not announced, from this year on."""
    known = years_of(region)
    return next(
        (year for year in range(this_year, 2101) if year not in known or known[year].status != "announced"), 2100
    )


def _rows(region: str, entered: dict[tuple[str, int], HolidayTableYear]) -> list[YearRow]:
    return [
        YearRow(
            region, number, year.status == "announced", sum((s.last - s.first).days + 1 for s in year.off), len(year.work),
            entered.get((region, number)),
        )
        for number, year in sorted(years_of(region).items(), reverse=True)
    ]  # fmt: skip


def edit(request: Request, region: str, year: int) -> HttpResponseBase:
    """Type or upload a year, look at what would move, then let it count."""
    if region not in known_tables() or not 2000 <= year <= 2100:
        raise Http404
    look_for_days_off()
    known = years_of(region).get(year)
    shown: dict[str, Any] = {
        "region": region,
        "title": title_of(region),
        "year": year,
        "typed": _typed(known),
        "wrong": "",
        "moves": None,
    }
    if request.method == "POST":
        try:
            asked = _asked(request, region, year)
            shown |= {"typed": {**_typed(asked), "why": request.POST.get("why", "")}}
            if request.POST.get("deed") == "enter":
                return _enter(request, asked)
            shown |= _preview(request, asked)
        except (BadDays, DaysOffRefused) as bad:
            words = bad.words.say(get_language() or "zh") if isinstance(bad, DaysOffRefused) else str(bad)
            shown |= {"wrong": words, "typed": shown["typed"] if isinstance(bad, DaysOffRefused) else request.POST}
    return render(request, "handbook_admin/year.html", shown, status=422 if shown["wrong"] else 200)


def _enter(request: Request, asked: HolidayYear) -> HttpResponseBase:
    assert request.viewer.staff is not None
    enter_year(asked, by=request.viewer.staff, now=request.now, why=request.POST.get("why", ""))
    messages.success(request, gettext("%(year)d 年的节假日已生效，受影响的时限已重新计算。") % {"year": asked.year})
    return HttpResponseRedirect(reverse("handbook_admin:days_off"))


def _preview(request: Request, asked: HolidayYear) -> dict[str, Any]:
    """The limits that would move; counted up to MOST_MOVES."""
    found = list(islice(moves(asked.region, request.now, HolidayTable.with_year(asked)), MOST_MOVES))
    ids = {move.clock.subject_id for move in found[:SHOWN] if move.clock.subject_kind == "case"}
    numbers = numbers_of(visible_cases(request.viewer), ids)
    rows = [
        ExampleRow(numbers.get(m.clock.subject_id, ""), m.clock.clause, m.clock.due_at, m.due_at, moved_words(m.by))
        for m in found[:SHOWN]
    ]
    return {"moves": len(found), "rows": rows, "more": len(found) == MOST_MOVES}


def _asked(request: Request, region: str, year: int) -> HolidayYear:
    """The year as typed or uploaded. Raises BadDays."""
    sent = request.FILES.get("file")
    data = (
        _of_file(sent.read(LARGEST + 1))
        if sent
        else _of_text(request.POST.get("off", ""), request.POST.get("work", ""))
    )
    status = "announced" if request.POST.get("announced") or sent else "not_yet_announced"
    whole = {"status": status, **data, "region": region, "year": year}
    if sent and data.get("year", year) != year:
        raise BadDays(gettext("文件是 %(year)s 年的，请到那一年的页面导入。") % {"year": data.get("year")})
    try:
        return read_year(whole)
    except ValidationError as error:
        raise BadDays(gettext("这些日子不成立：%(why)s") % {"why": _why(error)}) from error


def _why(error: ValidationError) -> str:
    first = error.errors()[0]
    return str(first["msg"]).removeprefix("Value error, ")


def _of_file(data: bytes) -> dict[str, Any]:
    """A YAML or JSON file of the shape of those that come with the product."""
    findings = Findings()
    try:
        text = data[:LARGEST].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDays(gettext("文件不是 UTF-8 编码，请另存为 UTF-8。")) from error
    tree = plain(parse(text, "file", findings))
    if findings.errors:
        raise BadDays(findings.errors[0].say(get_language() or "zh"))
    if not isinstance(tree, dict):
        raise BadDays(gettext("文件里没有 off 和 work 两项。"))
    return tree


def _of_text(off: str, work: str) -> dict[str, Any]:
    """One holiday a line: `春节 2027-02-05 至 2027-02-11`; workdays in any order."""
    spans = []
    for number, line in enumerate(off.splitlines(), start=1):
        if not line.strip():
            continue
        match = LINE.match(line)
        if match is None:
            words = gettext("第 %(n)d 行读不懂，请写成“春节 2027-02-05 至 2027-02-11”。")
            raise BadDays(words % {"n": number})
        first, last = _days(match)
        spans.append({"name": {"zh": match["name"].strip()}, "from": first, "to": last})
    return {"off": spans, "work": [_day(*found) for found in re.findall(DAY, work)]}


def _days(match: re.Match[str]) -> tuple[dt.date, dt.date]:
    parts = match.groups()[1:]
    first = _day(*parts[:3])
    return first, _day(*parts[3:]) if parts[3] else first


def _day(year: str, month: str, day: str) -> dt.date:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError as error:
        raise BadDays(gettext("没有 %(day)s 这一天。") % {"day": f"{year}-{month}-{day}"}) from error


def _typed(known: HolidayYear | None) -> dict[str, Any]:
    if known is None:
        return {"off": "", "work": "", "announced": True}
    lines = [
        f"{say(span.name)} {span.first}" + (f" {gettext('至')} {span.last}" if span.last != span.first else "")
        for span in known.off
    ]
    work = "\n".join(day.isoformat() for day in known.work)
    return {"off": "\n".join(lines), "work": work, "announced": known.status == "announced"}
