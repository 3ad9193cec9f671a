"""Jobs of the archive."""

from __future__ import annotations

from zhike.customers.importing import work
from zhike.journal.outbox import task
from zhike.lib import clock


@task(attempts=5, name="customers.import")
def import_customers(run_id: int) -> None:
    """Stage and apply a file. Run again after a kill, it goes on where the last commit left off."""
    work(run_id, now=clock.now)
