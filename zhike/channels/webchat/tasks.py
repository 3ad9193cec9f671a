"""Jobs of the web chat."""

from __future__ import annotations

from procrastinate.contrib.django import app

from zhike.channels.webchat.trail import forget_trails
from zhike.lib import clock


@app.periodic(cron="23 3 * * *")
@app.task(name="channels.forget_trails", queueing_lock="channels.forget_trails")
def forget_old_trails(timestamp: int) -> None:  # noqa: ARG001 - every periodic job is told the time
    """Throw away the pages visitors were on, after the days the handbook or the inbox says."""
    forget_trails(clock.now())  # house-rule: time-is-an-argument, a job begins here
