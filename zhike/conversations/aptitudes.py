"""What agents can do, as route clauses ask for it (`strategy: skills`, `nearest`): who keeps it, what is asked for, what changed.

Who keeps somebody's skills: administrators, the head of a department above him, and whoever his role reports to under the handbook,
in the same department or above.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from zhike.conversations.events import AptitudeKept
from zhike.conversations.models import Aptitude
from zhike.handbook.book import Book
from zhike.handbook.clauses import Route
from zhike.handbook.common import Test, Text
from zhike.journal.actions import NewFact, record
from zhike.lib.text import clean_line, narrow
from zhike.org.actions import OrgRefused
from zhike.org.attendance import planned_by
from zhike.org.handbooks import book_of, in_force
from zhike.org.models import Assignment, Staff
from zhike.org.principals import Viewer

LONGEST_SKILL = 40
MOST_SKILLS = 30
AREA = re.compile(r"[0-9]{2,12}")
TOO_LONG = Text(zh="一项技能最多40个字。", en="A skill is at most 40 characters.")
TOO_MANY = Text(zh="一个人最多30项技能。", en="Somebody has at most 30 skills.")
BAD_AREA = Text(zh="地区代码是 2 到 12 位数字，例如 440305。", en="The code of an area is 2 to 12 digits, e.g. 440305.")
STALE = Text(
    zh="别人刚刚改过他的技能。请看一下最新内容，再保存一次。",
    en="Somebody has just changed his skills. Look at what they are now and save again.",
)
NOT_YOURS = Text(
    zh="只有他的主管、部门负责人和管理员可以改。",
    en="Only whoever he reports to, the head of his department and administrators may.",
)


def kept_by(viewer: Viewer, now: dt.datetime) -> QuerySet[Assignment]:
    """The roles under which people answer queues whose skills this viewer keeps. Two queries before the one it is."""
    headed = set() if viewer.is_admin or viewer.is_external else planned_by(viewer)
    wanted = Q(pk__in=[])
    for book in (book_of(version.pk) for version in in_force(now)):
        answering = answering_roles(book)
        if viewer.is_admin:
            wanted |= Q(handbook=book.name, role__in=answering)
            continue
        wanted |= Q(handbook=book.name, role__in=answering, staff__in=headed)
        for role, place in ((r, p) for name, r, p in viewer.roles if name == book.name and not viewer.is_external):
            below = Q(handbook=book.name, role__in={one for one in answering if book.role(one).reports_to == role})
            wanted |= below & (Q() if place is None else Q(department=None) | Q(department__path__contains=[place]))
    return Assignment.objects.filter(wanted, staff__is_active=True)


def answering_roles(book: Book) -> set[str]:
    """Whoever answers some queue of the handbook."""
    return {role for queue in book.handbook.queues for role in queue.answered_by}


def asked_skills(book: Book) -> dict[str, list[str]]:
    """{skill: clauses} of the skills the handbook's route clauses name themselves."""
    found: dict[str, list[str]] = {}
    for clause in book.clauses("route"):
        if isinstance(clause, Route):
            for skill in _named_in(clause):
                found.setdefault(skill, []).append(clause.id)
    return found


def _named_in(clause: Route) -> list[str]:
    named: list[Any] = list(clause.options.overflow) if clause.strategy == "skills" else []
    test = clause.qualified.get("skills")
    if isinstance(test, Test):
        named += [test.eq, test.contains, *(test.one_of or ())]
    return list(dict.fromkeys(str(skill) for skill in named if isinstance(skill, str)))


def skills_in_use(handbook: str) -> set[str]:
    """Every skill somebody has under the handbook: the words to choose from, so that one thing is called one name."""
    rows = Aptitude.objects.filter(handbook=handbook, staff__is_active=True).values_list("skills", flat=True)
    return {skill for skills in rows for skill in skills}


def aptitude_of(staff: Staff, handbook: str) -> Aptitude:
    """What is kept, or an empty one that is not."""
    return Aptitude.objects.filter(staff=staff, handbook=handbook).first() or Aptitude(staff=staff, handbook=handbook)


def keep_aptitude(
    staff: Staff, handbook: str, skills: Iterable[str], area: str, *, by: Viewer, now: dt.datetime, seen: str | None = None
) -> Aptitude:  # fmt: skip
    """What somebody can do from now on; the next choice of the router goes by it. `seen`: `mark_of` what the page showed.

    Raises OrgRefused with everything that is wrong.
    """
    if not kept_by(by, now).filter(staff=staff, handbook=handbook).exists():
        raise OrgRefused({"": NOT_YOURS})
    wanted, place = _checked(skills, area)
    with transaction.atomic():
        Staff.objects.select_for_update(no_key=True).get(pk=staff.pk)
        held = aptitude_of(staff, handbook)
        if seen is not None and seen != mark_of(held):
            raise OrgRefused({"": STALE})
        before = set(held.skills)
        if before == set(wanted) and held.area == place:
            return held
        kept, _ = Aptitude.objects.update_or_create(
            staff=staff, handbook=handbook, defaults={"skills": wanted, "area": place}
        )
        told = AptitudeKept(
            handbook=handbook, gained=sorted(set(wanted) - before), lost=sorted(before - set(wanted)), area=place,
            area_before=held.area,
        )  # fmt: skip
        record([NewFact(told, at=now, subject=("staff", staff.pk), actor=by.principal)])
    return kept


def mark_of(aptitude: Aptitude) -> str:
    """What tells one state of it from another."""
    return "|".join([*aptitude.skills, aptitude.area])


def _checked(skills: Iterable[str], area: str) -> tuple[list[str], str]:
    wrong: dict[str, Text] = {}
    wanted = sorted({clean_line(skill) for skill in skills} - {""})
    if any(len(skill) > LONGEST_SKILL for skill in wanted):
        wrong["skills"] = TOO_LONG
    if len(wanted) > MOST_SKILLS:
        wrong["skills"] = TOO_MANY
    place = narrow(area[:40]).strip()
    if place and not AREA.fullmatch(place):
        wrong["area"] = BAD_AREA
    if wrong:
        raise OrgRefused(wrong)
    return wanted, place
