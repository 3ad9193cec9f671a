"""Somebody leaves: one page shows everything he holds and who takes it; one press hands it over and ends his access."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.org import leaving
from zhike.org.actions import OrgRefused
from zhike.org.holdings import Holding, holdings_of, kinds
from zhike.org.models import Staff
from zhike.web.administration.people import held_by, person_for, role_titles, words_of
from zhike.web.context import Request

LONGEST_NUMBER = 18
MOST_SINGLY = 100
"""Rows of a kind that get a choice of their own; more than that go to the successor for all."""


@dataclass(frozen=True, slots=True)
class Line:
    """A thing he holds, as the page draws it."""

    key: str
    words: str
    ends: bool
    becomes: str
    optional: bool
    people: Sequence[Staff]
    chosen: str
    wrong: str


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    count: int
    lines: list[Line] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.count - len(self.lines)


def leave(request: Request, number: int) -> HttpResponseBase:
    """GET: what he holds. POST: hand it over and end his access; refused as a whole where one thing has no fit successor."""
    person = person_for(request, number)
    if request.method != "POST":
        return _page(request, person, {})
    people = _people(request)
    sent = {name.removeprefix("to_"): request.POST.get(name, "") for name in request.POST if name.startswith("to_")}
    named = {key: people[value] for key, value in sent.items() if value in people}
    try:
        leaving.leave_staff(
            person,
            heir=people.get(request.POST.get("heir", "")),
            heirs=named,
            by=request.viewer.principal,
            now=request.now,
        )
    except OrgRefused as refused:
        return _page(request, person, words_of(refused), status=422)
    messages.success(request, gettext("%(name)s 已离职，他的工作已经交接，访问已经终止。") % {"name": person.name})
    return HttpResponseRedirect(reverse("administration:edit_staff", args=[person.pk]))


def come_back(request: Request, number: int) -> HttpResponseBase:
    """He works here again; what he handed over stays where it is."""
    person = person_for(request, number)
    try:
        leaving.return_staff(person, by=request.viewer.principal, now=request.now)
    except OrgRefused as refused:
        messages.error(request, " ".join(words_of(refused).values()))
    else:
        words = gettext("%(name)s 已返岗。请给他设置密码的链接；交出去的工作仍在接手的人那里，需要时逐件交回。")
        messages.success(request, words % {"name": person.name})
    return HttpResponseRedirect(reverse("administration:edit_staff", args=[person.pk]))


def _people(request: Request) -> dict[str, Staff]:
    """The people named in the form, by number. One query."""
    named = [request.POST.get(name, "") for name in request.POST if name == "heir" or name.startswith("to_")]
    asked = {int(value) for value in named if value.isdecimal() and len(value) < LONGEST_NUMBER}
    return {str(person.pk): person for person in Staff.objects.filter(pk__in=asked)}


def _page(request: Request, person: Staff, wrong: Mapping[str, str], status: int = 200) -> HttpResponse:
    held = holdings_of(person, request.now)
    people = leaving.successors([row for rows in held.values() for row in rows], person)
    titles = {kind.name: kind.title.say(get_language() or "zh") for kind in kinds()}
    groups = [_group(request, titles[name], rows, people, wrong) for name, rows in held.items() if rows]
    everybody = people[""]
    known: dict[str, Any] = {
        "person": person,
        "groups": groups,
        "people": everybody,
        "heir": request.POST.get("heir", ""),
        "needs": any(not line.ends for group in groups for line in group.lines),
        "wrong": wrong,
        "unseen": [text for key, text in wrong.items() if key not in {line.key for g in groups for line in g.lines}],
        "last": held_by(person, role_titles(request), only=leaving.last_of_role(person)),
        "is_self": request.viewer.principal == f"staff:{person.pk}",
    }
    return render(request, "administration/leave.html", known, status=status)


def _group(
    request: Request,
    title: str,
    rows: Sequence[Holding],
    people: Mapping[str, Sequence[Staff]],
    wrong: Mapping[str, str],
) -> Group:
    language = get_language() or "zh"
    shown = sorted(rows, key=lambda row: row.key not in wrong)[:MOST_SINGLY]
    lines = [
        Line(
            row.key,
            row.words.say(language),
            row.ends,
            row.becomes.say(language) if row.becomes else "",
            row.optional,
            people[row.principal] if not row.ends else (),
            request.POST.get(f"to_{row.key}", ""),
            wrong.get(row.key, ""),
        )
        for row in shown
    ]
    return Group(title, len(rows), lines)
