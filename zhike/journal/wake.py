"""Waking whoever listens, after the commit.

PostgreSQL gives notifications their order by letting one transaction with a NOTIFY commit at a time, the flush to disk
included. Eight writers that notify inside their transactions queue for the commit; notifying afterwards, in a statement
that writes nothing, they flush together. A process that dies in between loses only the wake-up: every listener looks
again after a few seconds anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.db import connection, transaction

NOTIFY = "SELECT pg_notify(%s, '')"


def wake(channel: str) -> None:
    """Notify `channel` once the transaction has committed; at once when none is open.

    However often it is called in a transaction, readers are woken once; a wake-up that fails never fails the deed.
    """
    call = call_for(channel)
    if call not in (waiting[1] for waiting in connection.run_on_commit):
        transaction.on_commit(call, robust=True)


@cache
def call_for(channel: str) -> Callable[[], None]:
    def notify() -> None:
        with connection.cursor() as cursor:
            cursor.execute(NOTIFY, [channel])

    return notify
