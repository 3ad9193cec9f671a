"""Jobs of the duties' room."""

from __future__ import annotations

from procrastinate.contrib.django import app

from zhike.duties.populations import look_at_populations
from zhike.lib import clock


@app.periodic(cron="*/10 * * * *")
@app.task(name="duties.look_at_populations", queueing_lock="duties.look_at_populations")
def look(timestamp: int) -> None:  # noqa: ARG001 - every periodic job is told the time
    """Whoever has joined a class is owed what its clauses say; whoever left it, no longer."""
    look_at_populations(clock.now())
