"""The sample people somebody in the sandbox can be."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language, gettext

from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion, Staff


@dataclass(frozen=True, slots=True)
class Person:
    """One sample member of staff: what he is, where, and who."""

    id: int
    name: str
    username: str
    roles: str


@dataclass(frozen=True, slots=True)
class Group:
    """Sample people of one department."""

    title: str
    people: list[Person]


def groups() -> list[Group]:
    """Active sample staff by department; whoever belongs to none stands in the group without a title. Three queries."""
    titles = role_titles()
    found: dict[str, list[Person]] = {}
    people = (
        Staff.objects.filter(is_sample=True, is_active=True).order_by("id").prefetch_related("assignments__department")
    )
    for staff in people:
        held = sorted(staff.assignments.all(), key=lambda a: a.pk)
        place = next((a.department.name for a in held if a.department), "")
        roles = gettext("、").join(dict.fromkeys(titles.get((a.handbook, a.role), a.role) for a in held))
        found.setdefault(place, []).append(Person(staff.pk, staff.name, staff.username, roles))
    return [Group(title, people) for title, people in found.items()]


def role_titles() -> dict[tuple[str, str], str]:
    """(handbook, role) -> its title in the language in force, of the newest version of each installed handbook."""
    newest = HandbookVersion.objects.order_by("name", "-id").distinct("name").values_list("pk", flat=True)
    books = [book_of(pk) for pk in newest]
    language = get_language() or "zh"
    return {(book.name, role.id): role.title.say(language) for book in books for role in book.handbook.roles}
