"""Exemptions from duties: asking, granting, declining, and taking back what one granted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.access import visible_cases
from zhike.duties.exempting import (
    ExemptionRefused,
    ask_exemption,
    decline_exemption,
    grant_exemption,
    revoke_exemption,
)
from zhike.duties.models import Obligation
from zhike.duties.populations import kinds, names_of_members
from zhike.duties.queries import asked_exemptions, exempted, may_be_exempted
from zhike.handbook.clauses import Duty
from zhike.org.handbooks import book_of, in_force
from zhike.org.principals import Viewer
from zhike.web.base.names import names_of
from zhike.web.context import Request
from zhike.web.handbook_page.titles import say

LOOKING_BACK = dt.timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Line:
    """One period somebody owes, in words. `number`: of its case, where the viewer may see it; `who`: who asked."""

    row: Obligation
    title: str
    subject: str
    number: str
    who: str
    granted_by: str
    mine: bool
    """He asked for it himself."""
    can_revoke: bool


def show(request: Request, wrong: tuple[int, str] | None = None, status: int = 200) -> HttpResponseBase:
    """What waits for the viewer's decision, what he may ask for, and what was granted lately."""
    viewer, now = request.viewer, request.now
    waiting = asked_exemptions(viewer)
    owed = may_be_exempted(viewer, _exemptable(now), now)
    lately = exempted(viewer, now - LOOKING_BACK)
    lines = {line.row.pk: line for line in _lines([*waiting, *owed, *lately], viewer, now)}
    known = {
        "waiting": [lines[row.pk] for row in waiting],
        "owed": [lines[row.pk] for row in owed],
        "lately": [lines[row.pk] for row in lately],
        "wrong_at": wrong[0] if wrong else 0,
        "wrong": wrong[1] if wrong else "",
        "typed": request.POST.get("words", ""),
    }
    return render(request, "approvals/exemptions.html", known, status=status)


def _exemptable(now: dt.datetime) -> dict[str, list[str]]:
    """Handbook -> its duties that may be exempted."""
    found: dict[str, list[str]] = {}
    for version in in_force(now):
        book = book_of(version.pk)
        named = [clause.id for clause in book.clauses("duty") if isinstance(clause, Duty) and clause.exempt]
        found |= {book.name: named} if named else {}
    return found


def _lines(rows: Sequence[Obligation], viewer: Viewer, now: dt.datetime) -> list[Line]:
    """One query for the cases, one for each kind of member, one for the people."""
    cases = {row.subject_id for row in rows if row.subject_kind == "case"}
    numbers = dict(visible_cases(viewer).filter(pk__in=cases).values_list("pk", "number")) if cases else {}
    members = _members(rows, now)
    people = {str(row.exemption.get(key, "")) for row in rows for key in ("asked_by", "approved_by")} - {""}
    called = names_of(people)
    return [_line(row, viewer, now, numbers, members, called) for row in rows]


def _members(rows: Iterable[Obligation], now: dt.datetime) -> dict[tuple[str, int], str]:
    named: dict[tuple[str, int], str] = {}
    wanted: dict[tuple[int, str], set[int]] = {}
    for row in rows:
        if row.subject_kind in kinds():
            wanted.setdefault((row.version_id, row.subject_kind), set()).add(row.subject_id)
    for (version, kind), ids in wanted.items():
        found = names_of_members(book_of(version), kind, sorted(ids), now)
        named |= {(kind, number): name for number, name in found.items()}
    return named


def _line(
    row: Obligation, viewer: Viewer, now: dt.datetime, numbers: dict[int, str], members: dict[tuple[str, int], str],
    called: dict[str, str],
) -> Line:  # fmt: skip
    asked_by, granted_by = (str(row.exemption.get(key, "")) for key in ("asked_by", "approved_by"))
    is_case = row.subject_kind == "case"
    ends = row.ends_at is None or row.ends_at > now
    return Line(
        row=row,
        title=say(book_of(row.version_id).clause(row.clause).title),
        subject=members.get(row.subject, ""),
        number=numbers.get(row.subject_id, "") if is_case else "",
        who=called.get(asked_by, ""),
        granted_by=called.get(granted_by, ""),
        mine=asked_by == viewer.principal,
        can_revoke=row.state == Obligation.State.EXEMPT and row.settled_by == viewer.principal and ends,
    )


def ask(request: Request, number: int) -> HttpResponseBase:
    """POST `words`: why it need not be done."""
    if number not in {row.pk for row in may_be_exempted(request.viewer, _exemptable(request.now), request.now, number)}:
        raise Http404
    words = request.POST.get("words", "")
    done = gettext("已申请免办，等待批准。")
    return _deed(request, number, done, lambda: ask_exemption(number, by=request.viewer, why=words, at=request.now))


def decide(request: Request, number: int) -> HttpResponseBase:
    """POST `deed` grant, decline (with `words`) or withdraw. What does not wait for him is not there for him."""
    deed = request.POST.get("deed")
    if number not in {row.pk for row in asked_exemptions(request.viewer, number)}:
        raise Http404
    by, at = request.viewer, request.now
    if deed == "grant":
        return _deed(request, number, gettext("已同意免办。"), lambda: grant_exemption(number, by=by, at=at))
    if deed not in ("decline", "withdraw"):
        raise Http404
    words = request.POST.get("words", "")
    done = gettext("已撤回。") if deed == "withdraw" else gettext("已记下不同意，理由已经告诉申请的人。")
    return _deed(request, number, done, lambda: decline_exemption(number, by=by, words=words, at=at))


def revoke(request: Request, number: int) -> HttpResponseBase:
    if number not in {row.pk for row in exempted(request.viewer, request.now - LOOKING_BACK, number)}:
        raise Http404
    done = gettext("已收回，这一期仍然要办。")
    by = request.viewer.principal
    return _deed(request, number, done, lambda: revoke_exemption(number, by=by, at=request.now))


def _deed(request: Request, number: int, done: str, deed: Callable[[], object]) -> HttpResponseBase:
    """What is refused is said beside what was typed."""
    try:
        deed()
    except ExemptionRefused as error:
        return show(request, (number, say(error.words)), status=422)
    messages.success(request, done)
    return HttpResponseRedirect(reverse("approvals:exemptions"))
