"""Every write to staff, roles and departments. Each deed is one transaction: the row and the fact that tells of it.

`by` is the principal who does it ("staff:1", "system"), `now` an aware moment. A deed that cannot be done raises
`OrgRefused`, which names the field and says in both languages what would do.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.lib.text import clean_line
from zhike.org import events
from zhike.org.models import Assignment, Department, Staff

USERNAME = re.compile(r"^[a-z0-9][a-z0-9._-]{1,39}$")
CODE = re.compile(r"^[a-z0-9][a-z0-9-]{0,39}$")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 - an alphabet without look-alikes
BAD_USERNAME = Text(
    zh="用户名用 2 到 40 个小写字母、数字、点、下划线或连字符",
    en="A user name is 2 to 40 small letters, digits, dots, underscores or hyphens",
)
BAD_CODE = Text(
    zh="编码用小写字母、数字和连字符，最多 40 个",
    en="A code is small letters, digits and hyphens, at most 40",
)
STAFF_FIELDS = ("name", "phone", "language", "is_admin")
DEPARTMENT_FIELDS = ("name", "calendar")


class OrgRefused(Exception):
    """A deed that cannot be done: {field: what is wrong and what would do}. The field "" is the deed as a whole."""

    def __init__(self, problems: Mapping[str, Text]) -> None:
        super().__init__("; ".join(f"{field}: {text.zh}" for field, text in problems.items()))
        self.problems = dict(problems)


def add_staff(
    *,
    username: str,
    name: str,
    by: str,
    now: dt.datetime,
    phone: str = "",
    language: str = "",
    password: str | None = None,
    is_admin: bool = False,
    is_sample: bool = False,
) -> Staff:
    """Add a person. Without a password nobody can sign in as him until a link is used or a password given."""
    username = username.strip().lower()
    _check(username=None if USERNAME.match(username) else BAD_USERNAME, name=_name_problem(name, 40))
    if Staff.objects.filter(username=username).exists():
        raise _refused("username", "这个用户名已经有人用了，请换一个", "This user name is taken; choose another")
    staff = Staff(
        username=username,
        name=name.strip(),
        phone=clean_line(phone)[:20],
        language=language,
        is_admin=is_admin,
        is_sample=is_sample,
    )
    if password is None:
        staff.set_unusable_password()
    else:
        staff.set_password(password)
    with transaction.atomic():
        staff.save(force_insert=True)
        _tell(events.StaffAdded(username, staff.name), ("staff", staff.pk), by, now)
    return staff


def edit_staff(staff: Staff, changes: Mapping[str, str | bool], *, by: str, now: dt.datetime) -> Staff:
    """Change name, phone, language or the right to administer; other keys are refused."""
    unknown = set(changes) - set(STAFF_FIELDS)
    if unknown:
        raise ValueError(f"not a field of staff that can be changed: {', '.join(sorted(unknown))}")
    _check(name=_name_problem(str(changes.get("name", staff.name)), 40))
    changes = {name: clean_line(value) if isinstance(value, str) else value for name, value in changes.items()}
    with transaction.atomic():
        held = Staff.objects.select_for_update().get(pk=staff.pk)
        if held.is_admin and held.is_active and changes.get("is_admin") is False:
            keep_an_administrator(held)
        if changed := _written(held, STAFF_FIELDS, changes):
            _tell(events.StaffEdited(changed), ("staff", held.pk), by, now)
    return held


def disable_staff(staff: Staff, *, by: str, now: dt.datetime) -> Staff:
    """Nobody signs in as this person any more; running sessions and live streams end at once (reactions.py)."""
    with transaction.atomic():
        held = Staff.objects.select_for_update().get(pk=staff.pk)
        if not held.is_active:
            return held
        if by == f"staff:{held.pk}":
            raise _refused(
                "", "不能停用自己，请另一位管理员来做", "You cannot disable yourself; ask another administrator"
            )
        if held.is_admin:
            keep_an_administrator(held)
        held.is_active = False
        held.save(update_fields=["is_active"])
        _tell(events.StaffDisabled(held.username), ("staff", held.pk), by, now)
    return held


def enable_staff(staff: Staff, *, by: str, now: dt.datetime) -> Staff:
    with transaction.atomic():
        held = Staff.objects.select_for_update().get(pk=staff.pk)
        if held.left_at is not None:
            raise _refused("", "这个人已离职，请用“办理返岗”", "This person has left; let him return instead")
        if not held.is_active:
            held.is_active = True
            held.save(update_fields=["is_active"])
            _tell(events.StaffEnabled(held.username), ("staff", held.pk), by, now)
    return held


def generate_password(groups: int = 4) -> str:
    """Groups of four letters without look-alikes, about 20 bits each ("k7mp-q2xd-..."); easy to read out."""
    return "-".join("".join(secrets.choice(PASSWORD_LETTERS) for _ in range(4)) for _ in range(groups))


def assign_role(
    staff: Staff, handbook: str, role: str, department: Department | None = None, *, by: str, now: dt.datetime
) -> Assignment:
    """Give a role; given twice it is held once. Whether the handbook has such a role is the caller's to check."""
    if department is not None and not department.is_active:
        raise _refused("department", "这个部门已停用", "This department is retired")
    with transaction.atomic():
        held, is_new = Assignment.objects.get_or_create(
            staff=staff, handbook=handbook, role=role, department=department
        )
        if is_new:
            told = events.RoleAssigned(handbook, role, department.code if department else "")
            _tell(told, ("staff", staff.pk), by, now, handbook)
    return held


def withdraw_role(assignment: Assignment, *, by: str, now: dt.datetime) -> None:
    with transaction.atomic():
        code = assignment.department.code if assignment.department else ""
        gone, _ = Assignment.objects.filter(pk=assignment.pk).delete()
        if gone:
            told = events.RoleWithdrawn(assignment.handbook, assignment.role, code)
            _tell(told, ("staff", assignment.staff_id), by, now, assignment.handbook)


def add_department(
    *,
    code: str,
    name: str,
    kind: str,
    by: str,
    now: dt.datetime,
    parent: Department | None = None,
    calendar: str = "",
    is_sample: bool = False,
) -> Department:
    """Add a department under `parent`. Its path and the kinds along it are kept here and nowhere else."""
    code = code.strip().lower()
    _check(code=None if CODE.match(code) else BAD_CODE, name=_name_problem(name, 80))
    if Department.objects.filter(code=code).exists():
        raise _refused("code", "这个编码已经用了，请换一个", "This code is taken; choose another")
    if parent is not None and not parent.is_active:
        raise _refused("parent", "上级部门已停用，请先恢复它", "The department above is retired; restore it first")
    with transaction.atomic():
        made = Department(
            code=code, name=name.strip(), kind=kind, parent=parent, calendar=calendar, is_sample=is_sample
        )
        made.kinds = [*(parent.kinds if parent else []), kind]
        made.save(force_insert=True)
        made.path = [*(parent.path if parent else []), made.pk]
        made.save(update_fields=["path"])
        _tell(events.DepartmentAdded(code, made.name, kind), ("department", made.pk), by, now)
    return made


def edit_department(department: Department, changes: Mapping[str, str], *, by: str, now: dt.datetime) -> Department:
    """Change the name or the working calendar. Code, kind and place in the tree stay: open cases went by them."""
    unknown = set(changes) - set(DEPARTMENT_FIELDS)
    if unknown:
        raise ValueError(f"not a field of a department that can be changed: {', '.join(sorted(unknown))}")
    _check(name=_name_problem(changes.get("name", department.name), 80))
    with transaction.atomic():
        held = Department.objects.select_for_update().get(pk=department.pk)
        if changed := _written(held, DEPARTMENT_FIELDS, changes):
            _tell(events.DepartmentEdited(changed), ("department", held.pk), by, now)
    return held


def retire_department(department: Department, *, by: str, now: dt.datetime) -> Department:
    """No new work goes there; what is open stays where it is. Departments below it must be retired first."""
    with transaction.atomic():
        held = Department.objects.select_for_update().get(pk=department.pk)
        if held.children.filter(is_active=True).exists():
            raise _refused("", "请先停用它的下级部门", "Retire the departments below it first")
        if held.is_active:
            held.is_active = False
            held.save(update_fields=["is_active"])
            _tell(events.DepartmentRetired(held.code), ("department", held.pk), by, now)
    return held


def restore_department(department: Department, *, by: str, now: dt.datetime) -> Department:
    with transaction.atomic():
        held = Department.objects.select_for_update(of=("self",)).select_related("parent").get(pk=department.pk)
        if held.parent is not None and not held.parent.is_active:
            raise _refused("", "请先恢复上级部门", "Restore the department above it first")
        if not held.is_active:
            held.is_active = True
            held.save(update_fields=["is_active"])
            _tell(events.DepartmentRestored(held.code), ("department", held.pk), by, now)
    return held


def keep_an_administrator(leaving: Staff) -> None:
    """Somebody must be able to administer. The rows are locked: two cannot disable each other at once."""
    administrators = Staff.objects.select_for_update().filter(is_admin=True, is_active=True).order_by("id")
    if not set(administrators.values_list("id", flat=True)) - {leaving.pk}:
        raise _refused(
            "", "这是最后一位管理员，请先指定另一位", "This is the last administrator; appoint another first"
        )


def _written(row: Staff | Department, fields: Sequence[str], changes: Mapping[str, str | bool]) -> tuple[str, ...]:
    """Write what differs; the names of it."""
    changed = tuple(name for name in fields if name in changes and getattr(row, name) != changes[name])
    for name in changed:
        setattr(row, name, changes[name])
    if changed:
        row.save(update_fields=changed)
    return changed


def _tell(
    event: Event, subject: tuple[str, int], by: str, now: dt.datetime, handbook: str = "", audience: Iterable[str] = ()
) -> None:
    record([NewFact(event=event, at=now, subject=subject, actor=by, handbook=handbook, audience=tuple(audience))])


def _check(**problems: Text | None) -> None:
    found = {field: text for field, text in problems.items() if text is not None}
    if found:
        raise OrgRefused(found)


def _name_problem(name: str, longest: int) -> Text | None:
    if not name.strip():
        return _text("请填写名称", "Enter a name")
    if CONTROL.search(name):
        return _text("名称里有看不见的字符，请重新输入", "The name holds invisible characters; type it again")
    if len(name.strip()) > longest:
        return _text(f"最多 {longest} 个字", f"At most {longest} characters")
    return None


def _refused(field: str, zh: str, en: str) -> OrgRefused:
    return OrgRefused({field: _text(zh, en)})


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)
