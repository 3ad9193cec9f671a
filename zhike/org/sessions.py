"""Sessions of browsers, kept in a table that knows whose they are. Django's session engine, and how sessions are ended.

A session is ended by removing its row: the next request is nobody's, and the fact that tells of it makes the live feed
look again at once. A page that was being answered meanwhile cannot bring the row back: saving updates or fails.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from zhike.journal import statements
from zhike.journal.actions import NewFact, record
from zhike.lib.text import clean_line
from zhike.org.events import SessionsEnded
from zhike.org.models import Session, Staff
from zhike.org.sign_in_rules import NeedsSecondFactor

ENTERED = "entered"
"""What a session's data says of its signing in; its columns are written from there."""
SEEN_NOTED = dt.timedelta(minutes=1)
LONGEST_DEVICE = 200


class SessionStore(DatabaseStore):
    """Django's, with the columns that a list of sessions needs."""

    seen_at: dt.datetime | None = None
    person: Staff | None = None
    """Whose session was read, whatever he may still do; read with it, because every page asks for both."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        found = statements.row(
            Session, "WHERE session_key = %s AND expire_date > now()", [self.session_key], joined=("staff",)
        )
        if found is None:
            self._session_key = None
        self.seen_at = found.seen_at if found is not None else None
        self.person = found.staff if found is not None else None
        return found

    def note_seen(self, now: dt.datetime) -> None:
        """Keep when the session was last used, to the minute: most requests write nothing."""
        if self.seen_at is None or now - self.seen_at >= SEEN_NOTED or now < self.seen_at:
            Session.objects.filter(session_key=self.session_key).update(seen_at=now)
            self.seen_at = now

    def create_model_instance(self, data: Mapping[str, Any]) -> Session:
        row: Session = super().create_model_instance(data)  # type: ignore[arg-type, assignment]
        number = str(data.get(SESSION_KEY, ""))
        row.staff_id = int(number) if number.isdigit() else None
        said = data.get(ENTERED) or {}
        row.address, row.device = said.get("address", ""), said.get("device", "")
        row.second_factor = bool(said.get("second_factor"))
        row.since = dt.datetime.fromisoformat(said["since"]) if "since" in said else None
        row.seen_at = self.seen_at or row.since
        return row


def entered(*, address: str, device: str, second_factor: bool, now: dt.datetime) -> dict[str, Any]:
    """What to keep under ENTERED in the data of a session that begins."""
    return {
        "address": address[:45],
        "device": clean_line(device)[:LONGEST_DEVICE],
        "second_factor": second_factor,
        "since": now.isoformat(),
    }


def handle_of(session_key: str) -> str:
    """How a page names a session without giving its key away."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:20]


def sessions_of(staff: Staff) -> QuerySet[Session]:
    """Where he is signed in, the one used last first."""
    return Session.objects.filter(staff=staff, expire_date__gt=Now()).order_by("-seen_at", "-since", "session_key")


def end_session(staff: Staff, handle: str, *, by: str, now: dt.datetime) -> bool:
    """End one of his sessions, named by its handle; False when he has no such session (any more)."""
    keys = [row.session_key for row in sessions_of(staff) if handle_of(row.session_key) == handle]
    return bool(keys) and _end(staff, Q(session_key__in=keys), by=by, now=now) > 0


def end_sessions(staff: Staff, *, by: str, now: dt.datetime, keep: str | None = None) -> int:
    """End every session of his, but the one with the key `keep`; answers how many."""
    return _end(staff, ~Q(session_key=keep or ""), by=by, now=now)


def end_sessions_without_second_factor(*, by: str, now: dt.datetime, staff_ids: list[int] | None = None) -> int:
    """End the sessions that were begun without a second factor by people who need one now."""
    without = Session.objects.filter(NeedsSecondFactor("staff_id"), second_factor=False, staff__isnull=False)
    if staff_ids is not None:
        without = without.filter(staff_id__in=staff_ids)
    people = Staff.objects.filter(pk__in=without.values("staff_id")).order_by("pk")
    return sum(_end(person, Q(second_factor=False), by=by, now=now) for person in people)


def _end(staff: Staff, which: Q, *, by: str, now: dt.datetime) -> int:
    with transaction.atomic():
        ending = list(Session.objects.select_for_update().filter(which, staff=staff).order_by("session_key"))
        if ending:
            Session.objects.filter(session_key__in=[row.session_key for row in ending]).delete()
            fact = SessionsEnded(len(ending), tuple(row.device for row in ending[:20]))
            record([NewFact(fact, at=now, subject=("staff", staff.pk), actor=by, audience=[f"staff:{staff.pk}"])])
    return len(ending)


def forget_old_sessions() -> int:
    """Remove rows that have run out; answers how many."""
    return Session.objects.filter(expire_date__lt=Now()).delete()[0]
