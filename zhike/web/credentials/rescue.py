"""What `zhike rescue` does: a way in for somebody who has none, given by whoever keeps the machine."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from zhike.lib import clock
from zhike.org.actions import add_staff, edit_staff, enable_staff
from zhike.org.credentials import make_link
from zhike.org.models import Staff
from zhike.org.principals import SYSTEM
from zhike.org.second_factor import remove_second_factor as remove
from zhike.web.sign_in.attempts import lift_lock


class NoSuchPerson(LookupError):
    """Nobody has this user name."""


def rescue(username: str, *, remove_second_factor: bool = False, administrator: bool = False, name: str = "") -> str:
    """The path of a link that sets the password. All or nothing. Raises NoSuchPerson, OrgRefused."""
    now = clock.now()
    with transaction.atomic():
        if name:
            staff = add_staff(username=username, name=name, by=SYSTEM, now=now, is_admin=administrator)
        else:
            found = Staff.objects.filter(username=username.strip().lower()).first()
            if found is None:
                raise NoSuchPerson(username)
            staff = found
        if administrator:
            staff = edit_staff(enable_staff(staff, by=SYSTEM, now=now), {"is_admin": True}, by=SYSTEM, now=now)
        if remove_second_factor:
            remove(staff, by=SYSTEM, now=now)
        lift_lock(staff, by=SYSTEM, now=now)
        _, secret = make_link(staff, by=SYSTEM, now=now)
    return reverse("sign_in:link", args=[secret])
