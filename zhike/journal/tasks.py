"""Jobs that keep the queue itself in order."""

from __future__ import annotations

from procrastinate import JobContext
from procrastinate.contrib.django import app

STALLED_AFTER = 30.0
"""Seconds without a sign from the worker after which its jobs are queued again."""
KEEP_HOURS = 7 * 24
"""Hours a finished job stays visible."""


@app.periodic(cron="* * * * *")
@app.task(name="journal.requeue_stalled", queueing_lock="journal.requeue_stalled", pass_context=True)
async def requeue_stalled(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - every periodic job is told the time
    """Queue again what a killed worker was doing; Procrastinate leaves such jobs as they are."""
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
        await jobs.retry_job(job)


@app.periodic(cron="17 3 * * *")
@app.task(name="journal.forget_old_jobs", queueing_lock="journal.forget_old_jobs", pass_context=True)
async def forget_old_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - every periodic job is told the time
    """Remove finished jobs; those that failed for good stay three times as long."""
    jobs = context.app.job_manager
    await jobs.delete_old_jobs(KEEP_HOURS)
    await jobs.delete_old_jobs(3 * KEEP_HOURS, include_failed=True, include_cancelled=True, include_aborted=True)
