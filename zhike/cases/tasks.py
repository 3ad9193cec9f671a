"""Jobs of this room."""

from __future__ import annotations

from zhike.cases import takeout
from zhike.journal.outbox import task
from zhike.lib import clock


@task(attempts=5, name="cases.export")
def write_export(export_id: int) -> None:
    """Write the file somebody asked for."""
    takeout.write(export_id, now=clock.now)
