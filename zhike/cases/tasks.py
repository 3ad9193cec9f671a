"""Jobs of this room."""

from __future__ import annotations

from procrastinate.contrib.django import app

from zhike.cases import takeout
from zhike.cases.closing import look_at_periods
from zhike.journal.outbox import task
from zhike.lib import clock


@task(attempts=5, name="cases.export")
def write_export(export_id: int) -> None:
    """Write the file somebody asked for."""
    takeout.write(export_id, now=clock.now)


@app.periodic(cron="*/10 * * * *")
@app.task(name="cases.look_at_periods", queueing_lock="cases.look_at_periods")
def look(timestamp: int) -> None:  # noqa: ARG001 - every periodic job is told the time
    """Figures of which something follows when their period is over are waited for."""
    look_at_periods(clock.now())
