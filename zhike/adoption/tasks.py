"""Jobs of the room."""

from __future__ import annotations

import datetime as dt

from zhike.journal.outbox import task


@task(attempts=2, name="adoption.study")
def study_proposal(number: int, now: str) -> None:
    """Look into what a proposal changes for open work, and rehearse it. Run again after a kill it begins anew."""
    from zhike.adoption.study import study

    study(number, dt.datetime.fromisoformat(now))
