"""Staff: list, add, edit, disable, roles and departments. How they sign in: web/credentials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.conversations.aptitudes import kept_by
from zhike.handbook.structure import Role
from zhike.lib.text import clean_line
from zhike.org import access, actions
from zhike.org.actions import OrgRefused
from zhike.org.handbooks import book_of, in_force
from zhike.org.leaving import handed_over
from zhike.org.models import Assignment, Department, Staff
from zhike.org.principals import staff_key
from zhike.web.case_page.lasting import lasting_for
from zhike.web.context import Request

PAGE = 50
LANGUAGES = ("", "zh-hans", "en")


@dataclass(frozen=True, slots=True)
class Held:
    """A role somebody holds, in words."""

    assignment: Assignment
    title: str
    place: str


def staff(request: Request) -> HttpResponse:
    """Everybody who works here, by number; filtered by name and state."""
    text, state = clean_line(request.GET.get("q", ""))[:40], request.GET.get("state", "active")
    found = Staff.objects.order_by("id").prefetch_related("assignments__department")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(username__icontains=text))
    if state != "all":
        found = found.filter(is_active=state != "disabled")
    after = request.GET.get("after", "")
    if after.isdecimal():
        found = found.filter(pk__gt=int(after[:18]))
    page = list(found[: PAGE + 1])
    titles = role_titles(request)
    shown = {
        "rows": [(person, held_by(person, titles)) for person in page[:PAGE]],
        "next": page[PAGE - 1].pk if len(page) > PAGE else None,
        "q": text,
        "state": state,
    }
    return render(request, "administration/staff.html", shown)


def add_staff(request: Request) -> HttpResponseBase:
    """Add a person; roles and the link for his password follow on his pages."""
    typed = {name: request.POST.get(name, "").strip() for name in ("username", "name", "phone")}
    if request.method == "POST":
        try:
            made = actions.add_staff(
                username=typed["username"], name=typed["name"], phone=typed["phone"][:20],
                by=request.viewer.principal, now=request.now,
            )  # fmt: skip
        except OrgRefused as refused:
            shown = {"typed": typed, "wrong": words_of(refused)}
            return render(request, "administration/add_staff.html", shown, status=422)
        messages.success(request, gettext("已添加 %(name)s。请分配岗位，并给他设置密码的链接。") % {"name": made.name})
        return HttpResponseRedirect(reverse("administration:edit_staff", args=[made.pk]))
    return render(request, "administration/add_staff.html", {"typed": typed})


def edit_staff(request: Request, number: int) -> HttpResponseBase:
    """One person: name, phone, language, right to administer; beside it the roles."""
    person = person_for(request, number)
    if request.method != "POST":
        return _person_page(request, person)
    language = request.POST.get("language", "")
    changes: dict[str, Any] = {
        "name": request.POST.get("name", "").strip(),
        "phone": request.POST.get("phone", "").strip()[:20],
        "language": language if language in LANGUAGES else "",
        "is_admin": request.POST.get("is_admin") == "true",
    }
    try:
        actions.edit_staff(person, changes, by=request.viewer.principal, now=request.now)
    except OrgRefused as refused:
        typed = changes | {"phone": request.POST.get("phone", "")}
        return _person_page(request, person, {"wrong": words_of(refused), "typed": typed}, status=422)
    messages.success(request, gettext("已保存。"))
    return HttpResponseRedirect(reverse("administration:edit_staff", args=[person.pk]))


def switch_staff(request: Request, number: int) -> HttpResponseBase:
    """Disable somebody, or take it back."""
    person = person_for(request, number)
    act = actions.enable_staff if request.POST.get("active") == "true" else actions.disable_staff
    try:
        now_is = act(person, by=request.viewer.principal, now=request.now)
    except OrgRefused as refused:
        return _person_page(request, person, {"wrong": words_of(refused)}, status=422)
    words = (
        gettext("已启用 %(name)s。")
        if now_is.is_active
        else gettext("已停用 %(name)s，他不能再登录；随时可以重新启用。")
    )
    messages.success(request, words % {"name": person.name})
    return HttpResponseRedirect(reverse("administration:edit_staff", args=[person.pk]))


def assign(request: Request, number: int) -> HttpResponseBase:
    """Give a role of a handbook in force, in a department of the kind the role is held at."""
    person = person_for(request, number)
    handbook, _, role_id = request.POST.get("role", "").partition(":")
    role = next((role for name, role in assignable(request) if (name, role.id) == (handbook, role_id)), None)
    wanted = request.POST.get("department", "")
    department = Department.objects.filter(pk=int(wanted[:18])).first() if wanted.isdecimal() else None
    wrong = _wrong_assignment(role, department)
    if role is None or wrong:
        return _person_page(request, person, {"wrong": {"role": wrong}, "chosen": request.POST}, status=422)
    try:
        actions.assign_role(
            person, handbook, role_id, department if role.places else None, by=request.viewer.principal, now=request.now
        )
    except OrgRefused as refused:
        return _person_page(request, person, {"wrong": words_of(refused), "chosen": request.POST}, status=422)
    messages.success(request, gettext("已分配岗位。"))
    return HttpResponseRedirect(reverse("administration:edit_staff", args=[person.pk]))


def _wrong_assignment(role: Role | None, department: Department | None) -> str:
    if role is None:
        return gettext("请选择一个岗位。")
    if role.places and (department is None or department.kind not in role.places):
        return gettext("这个岗位设在部门里，请选择对应类型的部门。")
    return ""


def withdraw(request: Request, number: int) -> HttpResponseBase:
    """Take a role away; it can be given again."""
    person = person_for(request, number)
    wanted = request.POST.get("assignment", "")
    held = person.assignments.filter(pk=int(wanted[:18]) if wanted.isdecimal() else 0).first()
    if held is not None:
        actions.withdraw_role(held, by=request.viewer.principal, now=request.now)
        messages.success(request, gettext("已收回岗位；需要时可以重新分配。"))
    return HttpResponseRedirect(reverse("administration:edit_staff", args=[person.pk]))


def person_for(request: Request, number: int) -> Staff:
    """The person of that number, for whoever administers. Raises Http404."""
    try:
        return access.staff_for(request.viewer, number)
    except access.NotFound as error:
        raise Http404 from error


def _person_page(
    request: Request, person: Staff, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    language = get_language() or "zh"
    found = assignable(request)
    kinds = {place for _, role in found for place in role.places}
    shown = {
        "person": person,
        "typed": {"name": person.name, "phone": person.phone, "language": person.language, "is_admin": person.is_admin},
        "held": held_by(person, role_titles(request)),
        "roles": [(f"{name}:{role.id}", role.title.say(language), " ".join(role.places)) for name, role in found],
        "departments": Department.objects.filter(is_active=True, kind__in=kinds).order_by("path"),
        "is_self": request.viewer.principal == f"staff:{person.pk}",
        "answers": kept_by(request.viewer, request.now).filter(staff=person).exists(),
        "lasting": lasting_for(staff_key(person.pk), request.viewer.keys, request.now),
        "handed": [(what.say(language), who) for what, who in handed_over(person)],
        **(more or {}),
    }
    return render(request, "administration/person.html", shown, status=status)


def assignable(request: Request) -> list[tuple[str, Role]]:
    """(handbook, role) of every role a member of staff can hold, of the handbooks in force."""
    books = [book_of(version.pk) for version in in_force(request.now)]
    return [(b.name, r) for b in books for r in b.handbook.roles if not (r.is_customer or r.is_system)]


def role_titles(request: Request) -> dict[tuple[str, str], str]:
    language = get_language() or "zh"
    return {(name, role.id): role.title.say(language) for name, role in assignable(request)}


def held_by(person: Staff, titles: dict[tuple[str, str], str], only: Iterable[Assignment] | None = None) -> list[Held]:
    """Roles in the order they were given, or only these; nothing is queried where they were read before."""
    held = sorted(person.assignments.all() if only is None else only, key=lambda assignment: assignment.pk)
    return [Held(a, titles.get((a.handbook, a.role), a.role), a.department.name if a.department else "") for a in held]


def words_of(refused: OrgRefused) -> dict[str, str]:
    """{field: words}; what is about the deed as a whole stands under `deed`."""
    language = get_language() or "zh"
    return {name or "deed": text.say(language) for name, text in refused.problems.items()}
