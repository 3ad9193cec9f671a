"""The worker's loop over clocks: fire what is due, then sleep until exactly the next moment.

A started, resumed or extended clock that comes sooner than everything else says so on the channel `clocks`, which ends
the sleep. So nothing is polled: between two moments the loop is one process waiting in select(). The longest sleep is
only a safety net for a notification that was lost with its connection.
"""

from __future__ import annotations

import datetime as dt
import select
from collections.abc import Callable
from threading import Event as Flag

import psycopg
import structlog
from django.db import InterfaceError, OperationalError, connection

from zhike.clocks.firing import BATCH, fire_due, fire_singly
from zhike.clocks.queries import next_moment

log = structlog.get_logger(__name__)

LONGEST = 30.0
"""Seconds of sleep after which the loop looks again whatever happened."""
BUSY = 0.05
"""Seconds before another look when everything that is due belongs to somebody at work on it."""
RETRY = 1.0
"""Seconds before the database is tried again."""


class Alarm:
    """Sleeps that end early when a sooner clock is announced. One connection of its own, which only listens."""

    def __init__(self) -> None:
        self._link: psycopg.Connection[object] | None = None

    def listen(self) -> None:
        """Listen, unless that is so already. Whoever calls this must look at the clocks afterwards, not before."""
        if self._link is None or self._link.closed:
            self._link = psycopg.connect(**connection.get_connection_params(), autocommit=True)
            self._link.execute("LISTEN clocks")

    def sleep(self, seconds: float) -> None:
        """Sleep so long, or until something is announced. Raises psycopg.OperationalError without a connection."""
        if self._link is None:
            raise psycopg.OperationalError("not listening")
        readable, _, _ = select.select([self._link.fileno()], [], [], max(0.0, seconds))
        if readable:
            self._link.pgconn.consume_input()
            while self._link.pgconn.notifies():
                continue

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None


def keep_firing(stop: Flag, now: Callable[[], dt.datetime], *, batch: int = BATCH, longest: float = LONGEST) -> None:
    """Fire clocks until `stop` is set, on the time `now` tells. Survives a database that goes away and comes back.

    After `stop.set()` the loop ends with its current sleep; notify the channel `clocks` to end that at once.
    """
    alarm = Alarm()
    while not stop.is_set():
        try:
            alarm.listen()
            fire_all(now, batch)
            alarm.sleep(_seconds_to_sleep(now(), longest))
        except (OperationalError, InterfaceError, psycopg.OperationalError) as error:
            log.warning("the clocks wait for the database", error=str(error).strip())
            alarm.close()
            connection.close()
            stop.wait(RETRY)
    alarm.close()
    connection.close()


def fire_all(now: Callable[[], dt.datetime], batch: int = BATCH) -> int:
    """Fire until nothing more is due, in batches; a batch that fails is fired one clock at a time. Answers how many
    fired.
    """
    fired = 0
    while done := _fire_batch(now(), batch):
        fired += done
    return fired


def _fire_batch(now: dt.datetime, batch: int) -> int:
    try:
        return fire_due(now, batch)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("a batch of clocks failed; firing them one by one")
        return fire_singly(now, batch)


def _seconds_to_sleep(now: dt.datetime, longest: float) -> float:
    moment = next_moment()
    if moment is None:
        return longest
    away = (moment - now).total_seconds()
    return min(away, longest) if away > 0 else BUSY
