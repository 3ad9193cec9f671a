"""Beginning, keeping and ending a member of staff's session; the step between password and second factor."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.contrib.auth import login, logout
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from zhike.lib import clock
from zhike.org.credentials import tell
from zhike.org.events import SignedIn, SignedOut
from zhike.org.handbooks import viewer as staff_viewer
from zhike.org.models import Staff
from zhike.org.principals import Viewer
from zhike.org.sessions import ENTERED, SessionStore, entered
from zhike.web.context import Request
from zhike.web.proxies import address_of
from zhike.web.sign_in.attempts import forget_failures

BACKEND = "zhike.org.backend.StaffBackend"
WAITING = "waiting"
"""In a session that is nobody's yet: whose password was right, and until when his code is waited for."""
GRANTED = "granted"
"""A digest of what the session's person might do when its id was made."""
PATIENCE = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody whose password was right and whose second factor is still to come."""

    staff: Staff
    target: str
    set_up: int | None
    """The number of the secret this session may show, for whoever sets his second factor up now."""


def enter(request: Request, staff: Staff, second_factor: str = "") -> None:
    """Sign in: a new session id, its place in the list of sessions, a fact. `second_factor`: "totp", "recovery" or ""."""
    address = address_of(request)
    forget_failures(address, staff.username)
    request.session.pop(WAITING, None)
    device = request.headers.get("User-Agent", "")
    login(request, staff, backend=BACKEND)
    said = entered(address=address, device=device, second_factor=bool(second_factor), now=request.now)
    request.session[ENTERED] = said
    request.session[GRANTED] = mark_of(staff_viewer(staff, request.now))
    with transaction.atomic():
        event = SignedIn(address, str(said["device"]), second_factor)
        tell(staff, event, by=f"staff:{staff.pk}", now=request.now)


def leave(request: Request) -> None:
    """Sign out; the fact makes open pages of this session stop hearing at once."""
    staff = request.viewer.staff
    logout(request)
    if staff is not None:
        with transaction.atomic():
            tell(staff, SignedOut(), by=f"staff:{staff.pk}", now=request.now)


def wait_for_code(request: Request, staff: Staff, target: str, set_up: int | None = None) -> None:
    """The password was right. The session gets a new id and is still nobody's."""
    request.session.cycle_key()
    request.session[WAITING] = {
        "staff": staff.pk,
        "proof": staff.get_session_auth_hash(),
        "target": target,
        "set_up": set_up,
        "until": (clock.wall() + PATIENCE).isoformat(),
    }


def waiting(request: Request) -> Waiting | None:
    """Who is waited for; None after ten minutes, when he was disabled, or has another password by now."""
    said = request.session.get(WAITING)
    if not said or dt.datetime.fromisoformat(said["until"]) < clock.wall():
        return None
    staff = Staff.objects.filter(pk=said["staff"], is_active=True).first()
    if staff is None or not constant_time_compare(said["proof"], staff.get_session_auth_hash()):
        return None
    return Waiting(staff, said["target"], said["set_up"])


def raise_session(request: Request, *, second_factor: bool) -> None:
    """The person proved more, or less, than when he signed in: a new session id that says so."""
    request.session[ENTERED] = {**(request.session.get(ENTERED) or {}), "second_factor": second_factor}
    request.session.cycle_key()


def keep_session(request: HttpRequest, viewer: Viewer, now: dt.datetime) -> None:
    """On each page: note that the session is used; give it a new id when its person may do other things than before."""
    session, mark = request.session, mark_of(viewer)
    if session.get(GRANTED) != mark:
        if GRANTED in session:
            session.cycle_key()
        session[GRANTED] = mark
    if isinstance(session, SessionStore):
        session.note_seen(now)


def mark_of(viewer: Viewer) -> str:
    """A digest of somebody's roles and rights."""
    text = f"{viewer.is_admin} {sorted(viewer.roles, key=repr)}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
