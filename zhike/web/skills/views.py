"""Skills: everybody whose skills the viewer keeps, and one of them with what changed and by whom."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.conversations.aptitudes import aptitude_of, asked_skills, keep_aptitude, kept_by, mark_of, skills_in_use
from zhike.conversations.models import Aptitude
from zhike.handbook.book import Book
from zhike.journal.models import Fact
from zhike.lib.text import clean_line
from zhike.org.actions import OrgRefused
from zhike.org.handbooks import book_of, in_force
from zhike.org.models import Assignment, Staff
from zhike.web.base.names import names_of
from zhike.web.case_page.page import say
from zhike.web.context import Request

PAGE = 50
CHANGES = 20
SEPARATORS = re.compile(r"[,，;；、\n]")


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody under one handbook, in the list."""

    person: Staff
    handbook: str
    skills: list[str]
    area: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One handbook's skills of somebody, as the form has them."""

    book: Book
    title: str
    choices: list[tuple[str, bool, list[str]]]
    """(skill, he has it, clauses that name it)."""
    more: str
    area: str
    mark: str
    wrong: dict[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    at: dt.datetime
    who: str
    title: str
    gained: list[str]
    lost: list[str]
    area: str
    moved: bool


def show(request: Request) -> HttpResponse:
    """Whoever answers queues, of those the viewer keeps; by name or skill; pages by number."""
    text = clean_line(request.GET.get("q", ""))[:40]
    kept = kept_by(request.viewer, request.now)
    people = Staff.objects.filter(pk__in=kept.values("staff")).order_by("pk")
    if text:
        able = Aptitude.objects.filter(skills__contains=[text]).values("staff")
        people = people.filter(Q(name__icontains=text) | Q(username__icontains=text) | Q(pk__in=able))
    after = request.GET.get("after", "")
    if after.isdecimal():
        people = people.filter(pk__gt=int(after[:18]))
    page = list(people[: PAGE + 1])
    shown = {
        "rows": _rows(page[:PAGE], kept, _titles(request)),
        "next": page[PAGE - 1].pk if len(page) > PAGE else None,
        "q": text,
        "none": not page and not text,
    }
    return render(request, "skills/list.html", shown)


def _rows(people: list[Staff], kept: Any, titles: dict[str, str]) -> list[Row]:
    held: dict[int, list[str]] = {}
    pairs = kept.filter(staff__in=people).order_by("handbook").values_list("staff_id", "handbook").distinct()
    for number, handbook in pairs:
        held.setdefault(number, []).append(handbook)
    able = {(each.staff_id, each.handbook): each for each in Aptitude.objects.filter(staff__in=people)}
    none = Aptitude()
    return [
        Row(person, titles.get(name, name), (found := able.get((person.pk, name), none)).skills, found.area)
        for person in people
        for name in held.get(person.pk, ())
    ]


def person(request: Request, number: int) -> HttpResponseBase:
    """GET: his skills under each handbook. POST: keep those of one handbook."""
    mine = list(kept_by(request.viewer, request.now).filter(staff=number).select_related("staff"))
    if not mine:
        raise Http404
    if request.method != "POST":
        return _page(request, mine)
    handbook = request.POST.get("handbook", "")
    chosen = [*request.POST.getlist("skill"), *SEPARATORS.split(request.POST.get("more", "")[:2000])]
    area, seen = request.POST.get("area", ""), request.POST.get("seen", "")
    try:
        keep_aptitude(mine[0].staff, handbook, chosen, area, by=request.viewer, now=request.now, seen=seen)
    except OrgRefused as refused:
        wrong = {name or "deed": say(words) for name, words in refused.problems.items()}
        return _page(request, mine, handbook, chosen, area, wrong)
    messages.success(request, gettext("已保存，下一次派单就按新的技能。"))
    return HttpResponseRedirect(reverse("skills:person", args=[number]))


def _page(
    request: Request, mine: list[Assignment], handbook: str = "", chosen: list[str] | None = None, area: str = "",
    wrong: dict[str, str] | None = None,
) -> HttpResponse:  # fmt: skip
    staff, names = mine[0].staff, {each.handbook for each in mine}
    books = [book for version in in_force(request.now) if (book := book_of(version.pk)).name in names]
    sheets = [
        replace(_sheet(staff, book, chosen, area, wrong), more=request.POST.get("more", ""))
        if wrong and book.name == handbook
        else _sheet(staff, book)
        for book in books
    ]
    shown = {"person": staff, "sheets": sheets, "changes": _changes(staff, _titles(request)), "wrong": wrong}
    return render(request, "skills/person.html", shown, status=422 if wrong else 200)


def _sheet(
    staff: Staff, book: Book, chosen: list[str] | None = None, area: str = "", wrong: dict[str, str] | None = None
) -> Sheet:
    kept = aptitude_of(staff, book.name)
    asked = asked_skills(book)
    known = sorted({*asked, *skills_in_use(book.name), *kept.skills})
    has = set(kept.skills) if chosen is None else {clean_line(skill) for skill in chosen}
    return Sheet(
        book=book, title=say(book.handbook.title), choices=[(skill, skill in has, asked.get(skill, [])) for skill in known],
        more="、".join(sorted(has - set(known) - {""})), area=kept.area if chosen is None else area, mark=mark_of(kept),
        wrong=wrong or {},
    )  # fmt: skip


def _changes(staff: Staff, titles: dict[str, str]) -> list[Change]:
    about = Fact.objects.filter(subject_kind="staff", subject_id=staff.pk, type="staff.aptitude_kept")
    facts = list(about.order_by("-id")[:CHANGES])
    names = names_of({fact.actor for fact in facts})
    return [
        Change(
            fact.at, names.get(fact.actor, fact.actor), titles.get(told["handbook"], told["handbook"]), told["gained"],
            told["lost"], told["area"], told["area"] != told["area_before"],
        )
        for fact in facts
        for told in (fact.payload,)
    ]  # fmt: skip


def _titles(request: Request) -> dict[str, str]:
    language = get_language() or "zh"
    books = (book_of(version.pk) for version in in_force(request.now))
    return {book.name: book.handbook.title.say(language) for book in books}
