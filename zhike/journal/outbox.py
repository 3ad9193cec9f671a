"""What leaves the house: jobs that are queued in the same transaction as the fact they follow from.

    @task(attempts=5)
    def send_text(phone: str, words: str) -> None: ...        # in <room>/tasks.py

    with transaction.atomic():
        record([...])
        defer(send_text, phone=phone, words=words)            # rolled back, nothing is ever sent

A job may run twice: a worker that is killed after the effect and before its note of it leaves a job that is queued
again. So an effect carries a key by which the other side, or a table of ours, tells a repetition.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, ParamSpec

from django.db import connection
from procrastinate import RetryStrategy, jobs, manager
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.tasks import Task

from zhike.journal.actions import OutsideTransaction

P = ParamSpec("P")

FIRST_WAIT = 5
"""Seconds before the second attempt; the waits grow as 5, 25, 125, 625 s."""


def task(*, attempts: int = 1, queue: str = "default", name: str = "") -> Callable[[Callable[P, Any]], Task[P, Any, P]]:
    """Declare a background job. `attempts` counts every run, the first one too.

    Procrastinate's own `max_attempts=3` runs four times: it counts repetitions. That is put right here.
    """
    if attempts < 1:
        raise ValueError(f"A job is attempted at least once, not {attempts} times")
    retry = RetryStrategy(max_attempts=attempts - 1, exponential_wait=FIRST_WAIT) if attempts > 1 else False
    declare: Callable[[Callable[P, Any]], Task[P, Any, P]] = app.task(retry=retry, queue=queue, name=name or None)
    return declare


def defer(
    task: Task[..., Any, ...],
    *,
    lock: str | None = None,
    once: str | None = None,
    not_before: dt.datetime | None = None,
    **arguments: Any,
) -> int:
    """Queue a job in the caller's transaction; answers its id. Arguments are JSON-able.

    `lock`: no two jobs with it run at the same time. `once`: no two jobs with it wait in the queue (raises
    AlreadyEnqueued). `not_before` is wall time. Raises OutsideTransaction when no transaction is open.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"defer({task.name}) outside a transaction; it stands or falls with a fact")
    job = task.configure(lock=lock, queueing_lock=once, schedule_at=not_before, task_kwargs=arguments).job
    # Inside a worker the task's own connector is the worker's, which knows nothing of our transaction.
    return jobs.JobDeferrer(job=job, job_manager=manager.JobManager(DjangoConnector())).defer()
