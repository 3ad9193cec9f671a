"""Jobs of the room."""

from __future__ import annotations

import datetime as dt

from procrastinate.contrib.django import app

from zhike.lib import clock
from zhike.webhooks.forgetting import forget_old


@app.periodic(cron="41 3 * * *")
@app.task(name="webhooks.forget_old", queueing_lock="webhooks.forget_old")
def forget_old_deliveries(timestamp: int) -> None:  # noqa: ARG001 - every periodic job is told the time
    """Remove deliveries that were settled long ago."""
    forget_old(clock.wall() - dt.timedelta(days=KEPT_DAYS))


KEPT_DAYS = 30
"""How long a delivery can be looked at and sent again."""
