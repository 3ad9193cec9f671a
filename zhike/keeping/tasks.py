"""Jobs of the room."""

from __future__ import annotations

from procrastinate.contrib.django import app

from zhike.journal.outbox import task
from zhike.keeping.running import delete_due, is_due
from zhike.lib import clock
from zhike.org.principals import SYSTEM


@app.periodic(cron="*/10 * * * *")
@app.task(name="keeping.nightly", queueing_lock="keeping.nightly")
def delete_nightly(timestamp: int) -> None:  # noqa: ARG001 - every periodic job is told the time
    """This night's run when it is still to be made, or was cut off."""
    if is_due(clock.now()):  # house-rule: time-is-an-argument, a job begins here
        delete_due(by=SYSTEM, now=clock.now)


@task(name="keeping.now")
def delete_now(by: str) -> None:
    """A run somebody asked for."""
    delete_due(by=by, now=clock.now)
