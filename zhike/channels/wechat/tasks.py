"""Jobs of WeChat, in the queue of calls to other houses."""

from __future__ import annotations

import datetime as dt

from procrastinate.contrib.django import app

from zhike.channels.wechat import sending, taking
from zhike.channels.wechat.models import WechatEvent
from zhike.journal.outbox import task
from zhike.lib import clock

QUEUE = "outside"
KEPT = dt.timedelta(days=30)


@task(queue=QUEUE, name="channels.wechat_take")
def take_in(account: int) -> None:
    """Run again it finds nothing left to do."""
    taking.take_waiting(account, clock.now())  # house-rule: time-is-an-argument, a job begins here


@task(queue=QUEUE, name="channels.wechat_fetch", attempts=5)
def fetch_messages(account: int, token: str) -> None:
    """Run again it goes on from the cursor."""
    now = clock.now()  # house-rule: time-is-an-argument, a job begins here
    taking.fetch(account, token, now)
    taking.take_waiting(account, now)


@task(queue=QUEUE, name="channels.wechat_send")
def send_message(message: int) -> None:
    """Run again it says that nobody knows, and sends nothing."""
    sending.deliver(message, clock.now())  # house-rule: time-is-an-argument, a job begins here


@app.periodic(cron="17 4 * * *")
@app.task(name="channels.wechat_forget", queueing_lock="channels.wechat_forget")
def forget_old_events(timestamp: int) -> None:  # noqa: ARG001 - every periodic job is told the time
    """What became a message long ago needs no second copy; WeChat repeats nothing after days."""
    old = clock.wall() - KEPT
    WechatEvent.objects.filter(at__lt=old).exclude(state=WechatEvent.State.WAITING).delete()
