"""Jobs of the pages."""

from __future__ import annotations

from django.db import transaction
from procrastinate.contrib.django import app

from zhike.journal.outbox import task
from zhike.lib import clock
from zhike.org.credentials import tell
from zhike.org.events import LockedOut
from zhike.org.models import Staff
from zhike.org.principals import SYSTEM
from zhike.web.audit import checking
from zhike.web.backup.nightly import is_due, run_backup
from zhike.web.sign_in.attempts import account_key


@task(attempts=3, name="web.note_lock")
def note_lock(account: str, address: str) -> None:
    """Write down that somebody's tries are used up; an account that does not exist leaves no trace."""
    people = Staff.objects.filter(is_active=True)
    person = next((each for each in people.iterator() if account_key(each.username) == account), None)
    if person is not None:
        with transaction.atomic():
            tell(person, LockedOut(address), by="anonymous", now=clock.now())


@task(name="web.backup")
def back_up(by: str) -> None:
    """A backup somebody asked for."""
    run_backup(by=by, now=clock.wall)


@task(attempts=3, name="web.check_chain")
def check_chain(check: int) -> None:
    """A walk along the journal's chain that somebody asked for."""
    checking.carry_out(check, now=clock.now)


@app.periodic(cron="*/10 * * * *")
@app.task(name="web.nightly_backup", queueing_lock="web.nightly_backup")
def nightly_backup(timestamp: int) -> None:  # noqa: ARG001 - every periodic job is told the time
    """This night's backup, when it is still to be made."""
    if is_due(clock.wall()):
        run_backup(by=SYSTEM, now=clock.wall)
