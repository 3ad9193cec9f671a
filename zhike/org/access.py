"""The only way a page gets a person or a department: administrators keep them, nobody else opens them by number."""

from __future__ import annotations

from django.db.models import QuerySet

from zhike.org.models import Assignment, Department, Staff
from zhike.org.principals import Viewer


class NotFound(LookupError):
    """No such person or department, or not for this viewer: the same answer for both."""


def staff_for(viewer: Viewer, number: int) -> Staff:
    """A person, for whoever administers. Raises NotFound."""
    found = Staff.objects.filter(pk=number).first() if viewer.is_admin else None
    if found is None:
        raise NotFound(number)
    return found


def department_for(viewer: Viewer, number: int) -> Department:
    """A department, for whoever administers. Raises NotFound."""
    found = Department.objects.filter(pk=number).first() if viewer.is_admin else None
    if found is None:
        raise NotFound(number)
    return found


def departments_for(viewer: Viewer) -> QuerySet[Department]:
    """The departments at work that this viewer may choose among and filter by; a partner knows only his own."""
    found = Department.objects.filter(is_active=True)
    return found.filter(pk__in=viewer.places) if viewer.is_external else found


def colleagues_for(viewer: Viewer) -> QuerySet[Staff]:
    """The people this viewer may choose among; a partner knows only those of his own departments."""
    found = Staff.objects.filter(is_active=True)
    if not viewer.is_external:
        return found
    return found.filter(pk__in=Assignment.objects.filter(department_id__in=viewer.places).values("staff_id"))


def sample_staff(*, number: int = 0, username: str = "") -> Staff:
    """An active sample person, by number or by user name: who plays in a sandbox and in a sample history. Raises NotFound."""
    samples = Staff.objects.filter(is_sample=True, is_active=True)
    found = samples.filter(username=username).first() if username else samples.filter(pk=number).first()
    if found is None:
        raise NotFound(username or number)
    return found
