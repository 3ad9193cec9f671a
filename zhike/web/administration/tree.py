"""Departments as a tree; moving and retiring one with its consequences told first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext

from zhike.cases.models import Case
from zhike.cases.moved import open_cases_below
from zhike.handbook.structure import DepartmentKind
from zhike.lib.text import clean_line
from zhike.org import access
from zhike.org.actions import OrgRefused, retire_department
from zhike.org.models import Department
from zhike.org.tree import Node, below, move_department, tree
from zhike.web.administration.people import words_of
from zhike.web.administration.places import kinds
from zhike.web.context import Request

LONGEST_NUMBER = 18


@dataclass(slots=True)
class Branch:
    """A node as the page draws it."""

    department: Department
    kind: str
    people: int
    people_below: int
    open_cases: int
    """In the department itself."""
    open_below: int
    children: list[Branch] = field(default_factory=list)


def show(request: Request) -> HttpResponse:
    """The whole tree; `?q=` shows the departments whose name or code holds it, and what leads to them."""
    text = clean_line(request.GET.get("q", ""))[:40].lower()
    titles = {kind.id: _say(kind) for kind in kinds(request)}
    counts = dict(
        Case.objects.filter(status=Case.Status.OPEN, department__isnull=False)
        .order_by()
        .values_list("department")
        .annotate(n=Count("id"))
    )
    roots = [branch for node in tree() if (branch := _branch(node, titles, counts, text)) is not None]
    return render(request, "administration/tree.html", {"roots": roots, "q": text})


def _branch(node: Node, titles: dict[str, str], counts: dict[int, int], text: str) -> Branch | None:
    department = node.department
    children = [b for child in node.children if (b := _branch(child, titles, counts, text)) is not None]
    hit = not text or text in department.name.lower() or text in department.code
    if not hit and not children:
        return None
    own = counts.get(department.pk, 0)
    below_it = own + sum(child.open_below for child in children)
    kind = titles.get(department.kind, department.kind)
    return Branch(department, kind, node.people, node.people_below, own, below_it, children)


def move(request: Request, number: int) -> HttpResponseBase:
    """GET `?to=`: what follows from it. POST: do it."""
    department = _department(request, number)
    chosen = request.POST.get("to", "") if request.method == "POST" else request.GET.get("to", "")
    targets = _targets(request, department)
    target = next((each for each in targets if str(each.pk) == chosen), None)
    top = chosen == "top" and _may_hang(request, department, None)
    if request.method != "POST":
        return _move_page(request, department, targets, target, top=top)
    if target is None and not top:
        wrong = gettext("请选择新的上级部门。")
        return _move_page(request, department, targets, None, wrong=wrong, status=422)
    try:
        moved = move_department(department, target, by=request.viewer.principal, now=request.now)
    except OrgRefused as refused:
        return _move_page(request, department, targets, target, wrong=" ".join(words_of(refused).values()), status=422)
    place = target.name if target is not None else gettext("最上层")
    messages.success(request, gettext("已把 %(name)s 移到 %(place)s 下面。") % {"name": moved.name, "place": place})
    return HttpResponseRedirect(reverse("administration:departments"))


def retire(request: Request, number: int) -> HttpResponseBase:
    """GET: what follows from it. POST: do it."""
    department = _department(request, number)
    if request.method == "POST":
        try:
            retire_department(department, by=request.viewer.principal, now=request.now)
        except OrgRefused as refused:
            messages.error(request, " ".join(words_of(refused).values()))
        else:
            words = gettext("已停用 %(name)s，新的工单不再转给它；在部门树里可以恢复。")
            messages.success(request, words % {"name": department.name})
        return HttpResponseRedirect(reverse("administration:departments"))
    under = [each for each in below(department) if each.pk != department.pk and each.is_active]
    known = {"department": department, "under": under, "follows": _standing(department)}
    return render(request, "administration/retire.html", known)


def _move_page(
    request: Request,
    department: Department,
    targets: list[Department],
    target: Department | None,
    *,
    top: bool = False,
    wrong: str = "",
    status: int = 200,
) -> HttpResponse:
    known: dict[str, Any] = {
        "department": department,
        "targets": targets,
        "target": target,
        "top": top,
        "may_be_top": _may_hang(request, department, None),
        "wrong": wrong,
        "follows": _consequences(department, target) if target is not None or top else [],
    }
    return render(request, "administration/move.html", known, status=status)


def _consequences(department: Department, target: Department | None) -> list[str]:
    """What a move brings about, in sentences, before it is done."""
    found = []
    under = len(below(department)) - 1
    if under:
        found.append(
            ngettext("下面的 %(n)d 个部门跟着一起移动。", "下面的 %(n)d 个部门跟着一起移动。", under) % {"n": under}
        )
    cases = open_cases_below(department)
    if cases:
        found.append(
            ngettext(
                "%(n)d 张在办工单改由新上级的岗位承担：轮到谁、时限和例行由谁持有、谁看得到，都重新确定；时间照走。",
                "%(n)d 张在办工单改由新上级的岗位承担：轮到谁、时限和例行由谁持有、谁看得到，都重新确定；时间照走。",
                cases,
            )
            % {"n": cases}
        )
    lost = _names(set(department.path[:-1]) - set(target.path if target is not None else []))
    if lost:
        found.append(gettext("%(names)s 的人按岗位不再看得到这些工单。") % {"names": gettext("、").join(lost)})
    if department.head_id is None:
        found.append(gettext("它没有自己的负责人，排班、请假和换班改由新上级的负责人管。"))
    found.append(gettext("员工的岗位不变；已经办结的工单不变。"))
    return found


def _standing(department: Department) -> list[str]:
    cases = open_cases_below(department)
    people = department.assignments.filter(staff__is_active=True).values("staff").distinct().count()
    found = []
    if cases:
        found.append(
            ngettext("%(n)d 张在办工单留在这里，照常办完。", "%(n)d 张在办工单留在这里，照常办完。", cases)
            % {"n": cases}
        )
    if people:
        found.append(
            ngettext(
                "%(n)d 位员工在这里的岗位不变；以后不能再把人分配到这里。",
                "%(n)d 位员工在这里的岗位不变；以后不能再把人分配到这里。",
                people,
            )
            % {"n": people}
        )
    return [*found, gettext("表单里不能再选它，新的工单不再转给它；随时可以恢复。")]


def _names(numbers: set[int]) -> list[str]:
    return list(Department.objects.filter(pk__in=numbers).order_by("path").values_list("name", flat=True))


def _targets(request: Request, department: Department) -> list[Department]:
    """Where the handbooks let it hang: other departments at work of the kind its kind belongs under, not below itself."""
    rows = Department.objects.filter(is_active=True).exclude(path__contains=[department.pk]).order_by("path")
    return [each for each in rows if each.pk != department.parent_id and _may_hang(request, department, each)]


def _may_hang(request: Request, department: Department, parent: Department | None) -> bool:
    """A kind without a place of its own hangs anywhere, also at the top."""
    kind = next((each for each in kinds(request) if each.id == department.kind), None)
    if kind is None or not kind.within:
        return True
    return parent is not None and parent.kind == kind.within


def _department(request: Request, number: int) -> Department:
    try:
        return access.department_for(request.viewer, number)
    except access.NotFound as error:
        raise Http404 from error


def _say(kind: DepartmentKind) -> str:
    return kind.title.say(get_language() or "zh")
