"""Jobs of the people's room."""

from __future__ import annotations

from procrastinate.contrib.django import app

from zhike.org.sessions import forget_old_sessions


@app.periodic(cron="41 3 * * *")
@app.task(name="org.forget_old_sessions", queueing_lock="org.forget_old_sessions")
def forget_sessions(timestamp: int) -> None:  # noqa: ARG001 - every periodic job is told the time
    """Sessions that have run out open nothing; their rows go."""
    forget_old_sessions()
