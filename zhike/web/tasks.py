"""Jobs of the pages."""

from __future__ import annotations

from django.db import transaction

from zhike.journal.outbox import task
from zhike.lib import clock
from zhike.org.credentials import tell
from zhike.org.events import LockedOut
from zhike.org.models import Staff
from zhike.web.sign_in.attempts import account_key


@task(attempts=3, name="web.note_lock")
def note_lock(account: str, address: str) -> None:
    """Write down that somebody's tries are used up; an account that does not exist leaves no trace."""
    people = Staff.objects.filter(is_active=True)
    person = next((each for each in people.iterator() if account_key(each.username) == account), None)
    if person is not None:
        with transaction.atomic():
            tell(person, LockedOut(address), by="anonymous", now=clock.now())
