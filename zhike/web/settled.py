"""What a web process does once, beside its first requests: compile the handbooks in force, and let the garbage collector pass over all
that stays. Otherwise it looks through half a million lasting objects again and again, which took a fifth of the time of a page."""

from __future__ import annotations

import gc
import sys

import structlog
from django.db import Error, connection

from zhike.lib import clock
from zhike.org.handbooks import book_of, in_force

log = structlog.get_logger(__name__)

THRESHOLDS = (20_000, 20, 20)
"""New objects after which the young, the older and all are looked through; a page makes about five thousand."""
TURN = 0.0005
"""Seconds after which a thread that works lets another have its turn. With Python's own 5 ms the thread that tells of messages waits that
long, several times for each, for one that writes them."""


def settle() -> None:
    """Runs in a thread of its own. Without a database the first pages compile the books themselves."""
    try:
        for version in in_force(clock.now()):
            book_of(version.pk)
    except Error as error:
        log.warning("no handbook compiled ahead", error=str(error))
    finally:
        connection.close()
    sys.setswitchinterval(TURN)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
