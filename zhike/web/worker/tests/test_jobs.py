import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from zhike.journal.actions import OutsideTransaction, record
from zhike.journal.outbox import defer, task
from zhike.journal.tasks import requeue_stalled
from zhike.journal.tests.happenings import bell
from zhike.web.worker.jobs import run_jobs, worker_app
from zhike.web.worker.parts import told

pytestmark = pytest.mark.django_db(transaction=True)
Declare = Callable[..., Any]


@pytest.fixture(autouse=True)
def empty_queue() -> None:
    """Procrastinate's tables are not Django's to empty after a test."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers CASCADE")


@pytest.fixture
def declare() -> Iterator[Declare]:
    """Declare a task that is forgotten after the test."""
    before = dict(app.tasks)

    def declare_task(function: Callable[..., Any], **options: Any) -> Any:
        return task(**options)(function)

    yield declare_task
    app.tasks.clear()
    app.tasks.update(before)


def work_until_idle() -> None:
    async def work() -> None:
        async with worker_app().open_async() as ours:
            await ours.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
        await sync_to_async(connections.close_all)()  # the thread that queues periodic jobs outlives the test

    asyncio.run(work())


def states() -> dict[str, str]:
    """The jobs of this test by name; what the worker does every so often by itself is left out."""
    periodic = {name for name, _ in app.periodic_registry.periodic_tasks}
    return {job.task_name: job.status for job in ProcrastinateJob.objects.exclude(task_name__in=periodic)}


def due_now() -> None:
    """Let every waiting job be due, as if its time had passed."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() - interval '1 s' WHERE status = 'todo'")


def test_a_job_is_run_with_its_arguments(declare: Declare) -> None:
    sent: list[str] = []

    def send(words: str) -> None:
        sent.append(words)

    job = declare(send)
    with transaction.atomic():
        defer(job, words="您好")
    work_until_idle()
    assert sent == ["您好"]


def test_a_rollback_leaves_no_job(declare: Declare) -> None:
    def send() -> None: ...

    job = declare(send)
    with transaction.atomic():
        record([bell(1)])
        defer(job)
        transaction.set_rollback(True)
    assert not ProcrastinateJob.objects.exists()


def test_a_job_outside_a_transaction_is_refused(declare: Declare) -> None:
    def send() -> None: ...

    with pytest.raises(OutsideTransaction, match="stands or falls with a fact"):
        defer(declare(send))


def test_a_job_deferred_inside_a_worker_belongs_to_the_transaction_there_too(declare: Declare) -> None:
    def send() -> None: ...

    follow_up = declare(send, name="follow-up")

    def stumble() -> None:
        with transaction.atomic():
            defer(follow_up)
            raise LookupError("after all not")

    job = declare(stumble, name="stumble")
    with transaction.atomic():
        defer(job)
    work_until_idle()
    assert states() == {"stumble": "failed"}


def test_three_attempts_are_three_runs(declare: Declare) -> None:
    runs: list[int] = []

    def send() -> None:
        runs.append(1)
        raise ConnectionError("the other side is away")

    job = declare(send, attempts=3, name="send")
    with transaction.atomic():
        defer(job)
    for _ in range(6):
        work_until_idle()
        due_now()
    assert len(runs) == 3
    assert states() == {"send": "failed"}


def test_what_a_killed_worker_was_doing_is_queued_again(declare: Declare) -> None:
    sent: list[int] = []

    def send() -> None:
        sent.append(1)

    job = declare(send)
    with transaction.atomic():
        number = defer(job)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
        )
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s",
            [cursor.fetchone()[0], number],
        )

    async def tidy() -> None:
        async with worker_app().open_async() as ours:
            await requeue_stalled.configure(task_kwargs={"timestamp": 0}).defer_async()
            await ours.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    asyncio.run(tidy())
    work_until_idle()
    assert sent == [1]


def test_the_worker_takes_jobs_of_every_queue(declare: Declare) -> None:
    """As the worker runs it, with a job waiting in each queue any task of ours names."""
    taken: list[str] = []

    def take(where: str) -> None:
        taken.append(where)

    queues = sorted({job.queue for job in app.tasks.values()} - {"builtin"})
    with transaction.atomic():
        for queue in queues:
            defer(declare(take, name=f"take_{queue}", queue=queue), where=queue)

    async def work() -> None:
        await run_jobs(wait=False)
        await sync_to_async(connections.close_all)()

    asyncio.run(work())
    assert sorted(taken) == queues == ["default", "outside"]


def test_a_part_that_fails_tells_what_lies_behind() -> None:
    inner = RuntimeError("no answer")
    inner.__cause__ = ValueError("malformed array")
    group = ExceptionGroup("unhandled", [inner, RuntimeError("no answer")])
    assert told(group) == "RuntimeError: no answer (ValueError: malformed array); RuntimeError: no answer"
