"""Jobs of short messages. They have a queue of their own: a provider that hangs keeps nobody else waiting."""

from __future__ import annotations

from procrastinate.contrib.django import app

from zhike.channels.sms import sending
from zhike.journal.outbox import task
from zhike.lib import clock

QUEUE = "outside"


@task(queue=QUEUE, name="channels.sms_send")
def send_waiting(number: int) -> None:
    """Run twice it does nothing the second time: only one that waits is claimed."""
    sending.deliver(number, clock.now())  # house-rule: time-is-an-argument, a job begins here


@task(queue=QUEUE, name="channels.sms_ask")
def ask_about(number: int, turn: int) -> None:
    sending.ask_again(number, turn, clock.now())  # house-rule: time-is-an-argument, a job begins here


@app.periodic(cron="*/5 * * * *")
@app.task(name="channels.sms_find_lost", queueing_lock="channels.sms_find_lost")
def find_lost(timestamp: int) -> None:  # noqa: ARG001 - every periodic job is told the time
    sending.find_lost(clock.now())  # house-rule: time-is-an-argument, a job begins here
