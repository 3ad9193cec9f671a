"""The only way a page gets a person or a department: administrators keep them, nobody else opens them by number."""

from __future__ import annotations

from zhike.org.models import Department, Staff
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


def sample_staff(*, number: int = 0, username: str = "") -> Staff:
    """An active sample person, by number or by user name: who plays in a sandbox and in a sample history. Raises NotFound."""
    samples = Staff.objects.filter(is_sample=True, is_active=True)
    found = samples.filter(username=username).first() if username else samples.filter(pk=number).first()
    if found is None:
        raise NotFound(username or number)
    return found
