"""How often somebody may do something, counted together by all processes: in one small table that is not written to the log of
PostgreSQL (after a crash everybody begins anew).

    CALLS = Allowance("api", most=600, seconds=60, at_once=20)
    wait = CALLS.wait("7")                # 0, or the whole seconds after which it is worth trying again

A window begins with its first call. A process takes `at_once` from the window at a time and asks again when they are used up: the limit
is never exceeded, and a busy caller costs one statement in so many calls. What a process has taken and not used by the window's end
is lost, so a caller whose requests go to n processes may be stopped up to n * (at_once - 1) calls early. Whoever is over is told so
from memory until the window ends.

The database's time, whatever the product's: a flood happens in real time.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field

from django.db import connection

FORGET_BEYOND = 10_000
"""Callers remembered in a process."""

# One statement: begin a window, or take from the one that runs. The row is locked for no longer than it takes. `taken` counts what
# was asked for, also beyond the limit: what is granted is what was left.
TAKE = """
INSERT INTO web_allowance AS held (key, began, taken) VALUES (%(key)s, clock_timestamp(), %(wanted)s)
ON CONFLICT (key) DO UPDATE SET
    began = CASE WHEN held.began <= clock_timestamp() - %(seconds)s * interval '1 second' THEN clock_timestamp() ELSE held.began END,
    taken = CASE WHEN held.began <= clock_timestamp() - %(seconds)s * interval '1 second' THEN %(wanted)s
                 ELSE least(held.taken, %(most)s) + %(wanted)s END
RETURNING taken - %(wanted)s, extract(epoch FROM began - clock_timestamp()) + %(seconds)s, xmax = 0
"""
FORGET = """
DELETE FROM web_allowance WHERE key IN (
    SELECT key FROM web_allowance WHERE began < clock_timestamp() - interval '1 day' ORDER BY began LIMIT 100 FOR UPDATE SKIP LOCKED
)
"""


_all: list[Allowance] = []


@dataclass(slots=True)
class Share:
    """What this process still has of a caller's window, which ends at `until` of its own clock."""

    left: int
    until: float


@dataclass(eq=False)
class Allowance:
    """`most` in `seconds`, for each caller of this kind."""

    name: str
    most: int
    seconds: float
    at_once: int = 1
    _shares: dict[str, Share] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        _all.append(self)

    def wait(self, caller: str) -> int:
        """Count one. 0 when it may be done, else the whole seconds after which the window is over."""
        at = time.monotonic()
        with self._lock:
            share = self._shares.get(caller)
            if share is not None and at < share.until:
                if share.left > 0:
                    share.left -= 1
                    return 0
                if share.left < 0:
                    return math.ceil(share.until - at)
        return self._ask(caller, at)

    def allows(self, caller: str) -> bool:
        return self.wait(caller) == 0

    def forget(self) -> None:
        with self._lock:
            self._shares.clear()

    def _ask(self, caller: str, at: float) -> int:
        """Take the next few from the window. Two threads that ask at once take twice: both are counted."""
        wanted = min(self.at_once, self.most)
        values: dict[str, str | int | float] = {
            "key": f"{self.name}/{caller}"[:120],
            "wanted": wanted,
            "most": self.most,
            "seconds": self.seconds,
        }
        with connection.cursor() as cursor:
            cursor.execute(TAKE, values)
            before, rest, is_new = cursor.fetchone()
            if is_new:
                cursor.execute(FORGET)
        granted = min(wanted, self.most - int(before))
        with self._lock:
            if len(self._shares) > FORGET_BEYOND:
                self._shares = {key: share for key, share in self._shares.items() if at < share.until}
            kept = self._shares.get(caller)
            more = kept.left if kept is not None and at < kept.until and kept.left > 0 else 0
            self._shares[caller] = Share(granted - 1 + more if granted > 0 else (more or -1), at + float(rest))
        return 0 if granted > 0 else max(1, math.ceil(float(rest)))


def forget_shares() -> None:
    """Forget what this process has taken of every window, as a process that begins anew; the counts in the database stay."""
    for allowance in _all:
        allowance.forget()
