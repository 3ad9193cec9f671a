"""Departments: add, edit, retire and take back. The tree itself is in tree.py."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.handbook.structure import DepartmentKind
from zhike.org import access, actions
from zhike.org.actions import OrgRefused
from zhike.org.handbooks import book_of, in_force
from zhike.org.models import Department, Staff
from zhike.org.tree import appoint_head
from zhike.web.administration.people import words_of
from zhike.web.context import Request


def add_department(request: Request) -> HttpResponseBase:
    typed = {
        name: request.POST.get(name, request.GET.get(name, "")).strip()
        for name in ("code", "name", "kind", "parent", "calendar")
    }
    if request.method != "POST":
        return _form(request, typed)
    parent = Department.objects.filter(pk=int(typed["parent"][:18])).first() if typed["parent"].isdecimal() else None
    wrong = _wrong_place(request, typed["kind"], parent)
    if wrong:
        return _form(request, typed, {"kind": wrong}, status=422)
    calendar = typed["calendar"] if typed["calendar"] in dict(calendars(request)) else ""
    try:
        made = actions.add_department(
            code=typed["code"], name=typed["name"], kind=typed["kind"], parent=parent, calendar=calendar,
            by=request.viewer.principal, now=request.now,
        )  # fmt: skip
    except OrgRefused as refused:
        return _form(request, typed, words_of(refused), status=422)
    messages.success(request, gettext("已添加部门 %(name)s。") % {"name": made.name})
    return HttpResponseRedirect(reverse("administration:departments"))


def _wrong_place(request: Request, kind: str, parent: Department | None) -> str:
    found = next((each for each in kinds(request) if each.id == kind), None)
    if found is None:
        return gettext("请选择部门的类型。")
    if found.within and (parent is None or parent.kind != found.within):
        above = next((_say(each) for each in kinds(request) if each.id == found.within), found.within)
        return gettext("“%(kind)s”设在“%(above)s”下面，请选择上级部门。") % {"kind": _say(found), "above": above}
    return ""


def edit_department(request: Request, number: int) -> HttpResponseBase:
    """Name and working calendar; code, kind and place stay, because open cases went by them."""
    department = _department(request, number)
    typed = {"name": department.name, "calendar": department.calendar, "head": str(department.head_id or "")}
    if request.method != "POST":
        return _form(request, typed, department=department)
    calendar = request.POST.get("calendar", "")
    typed = {
        "name": request.POST.get("name", "").strip(),
        "calendar": calendar if calendar in dict(calendars(request)) else "",
    }
    asked = request.POST.get("head", "")
    head = next((person for person in heads(department) if str(person.pk) == asked), None)
    try:
        with transaction.atomic():
            actions.edit_department(department, typed, by=request.viewer.principal, now=request.now)
            appoint_head(department, head, by=request.viewer.principal, now=request.now)
    except OrgRefused as refused:
        return _form(request, {**typed, "head": asked}, words_of(refused), department=department, status=422)
    messages.success(request, gettext("已保存。"))
    return HttpResponseRedirect(reverse("administration:departments"))


def switch_department(request: Request, number: int) -> HttpResponseBase:
    """Retire a department, or take it back."""
    department = _department(request, number)
    restore = request.POST.get("active") == "true"
    act = actions.restore_department if restore else actions.retire_department
    try:
        act(department, by=request.viewer.principal, now=request.now)
    except OrgRefused as refused:
        messages.error(request, " ".join(words_of(refused).values()))
    else:
        words = (
            gettext("已恢复 %(name)s。")
            if restore
            else gettext("已停用 %(name)s，新的工单不再转给它；在列表里可以恢复。")
        )
        messages.success(request, words % {"name": department.name})
    return HttpResponseRedirect(reverse("administration:departments"))


def heads(department: Department) -> list[Staff]:
    """Who may head it: active people with a role on its path or below, and whoever heads it now. One query."""
    near = Q(assignments__department__path__contains=[department.pk]) | Q(assignments__department__in=department.path)
    found = Staff.objects.filter(near | Q(pk=department.head_id or 0), is_active=True)
    return list(found.distinct().order_by("name", "id"))


def _department(request: Request, number: int) -> Department:
    try:
        return access.department_for(request.viewer, number)
    except access.NotFound as error:
        raise Http404 from error


def kinds(request: Request) -> list[DepartmentKind]:
    """The kinds of department the handbooks in force know."""
    found = [kind for version in in_force(request.now) for kind in book_of(version.pk).handbook.departments]
    return list({kind.id: kind for kind in found}.values())


def calendars(request: Request) -> list[tuple[str, str]]:
    language = get_language() or "zh"
    books = [book_of(version.pk) for version in in_force(request.now)]
    return [(calendar.id, calendar.title.say(language)) for book in books for calendar in book.handbook.calendars]


def _say(kind: DepartmentKind) -> str:
    return kind.title.say(get_language() or "zh")


def _form(
    request: Request,
    typed: dict[str, Any],
    wrong: dict[str, str] | None = None,
    department: Department | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = {
        "typed": typed,
        "wrong": wrong or {},
        "department": department,
        "kinds": [(kind.id, _say(kind)) for kind in kinds(request)],
        "calendars": calendars(request),
        "heads": heads(department) if department is not None else [],
        "parents": Department.objects.filter(is_active=True).order_by("path"),
    }
    return render(request, "administration/department.html", shown, status=status)
