"""Firing everything that is due, as the worker does between two sleeps.

The worker listens on the channel `clocks` before it looks, fires, asks `queries.next_moment()` and sleeps exactly until
then. A clock that is started, resumed or extended and comes sooner than all others says so on that channel (rows.WAKE),
which ends the sleep.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError

from zhike.clocks.firing import BATCH, fire_due, fire_singly

log = structlog.get_logger(__name__)


def fire_all(now: Callable[[], dt.datetime], batch: int = BATCH) -> int:
    """Fire until nothing more is due by the time `now` tells, in batches. Answers how many fired.

    A batch whose reactions fail is fired one clock at a time, so that one bad clock does not hold up the others. A lost
    connection is raised.
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
