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

import json
import math
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection

FORGET_BEYOND = 10_000
"""Callers remembered in a process."""

# One statement for all who ask: begin a window, or take from the one that runs. Rows are locked in the order of their keys, for no longer
# than it takes. `taken` counts what was asked for, also beyond the limit: what is granted is what was left.
TAKE = """
INSERT INTO web_allowance AS held (key, began, taken)
SELECT key, clock_timestamp(), wanted FROM jsonb_to_recordset(%(asked)s::jsonb) AS asked(key text, wanted int) ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    began = CASE WHEN held.began <= clock_timestamp() - %(seconds)s * interval '1 second' THEN clock_timestamp() ELSE held.began END,
    taken = CASE WHEN held.began <= clock_timestamp() - %(seconds)s * interval '1 second' THEN excluded.taken
                 ELSE least(held.taken, %(most)s) + excluded.taken END
RETURNING key, taken, extract(epoch FROM began - clock_timestamp()) + %(seconds)s, xmax = 0
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
        return self.waits([caller])[0]

    def waits(self, callers: Sequence[str]) -> list[int]:
        """The same for several at once, with one statement at most."""
        at = time.monotonic()
        found = [self._from_memory(caller, at) for caller in callers]
        asking = [caller for caller, wait in zip(callers, found, strict=True) if wait is None]
        told = self._ask(Counter(asking), at) if asking else {}
        return [told[caller].pop() if wait is None else wait for caller, wait in zip(callers, found, strict=True)]

    def _from_memory(self, caller: str, at: float) -> int | None:
        """None where the table has to be asked."""
        with self._lock:
            share = self._shares.get(caller)
            if share is None or at >= share.until or share.left == 0:
                return None
            if share.left < 0:
                return math.ceil(share.until - at)
            share.left -= 1
            return 0

    def allows(self, caller: str) -> bool:
        return self.wait(caller) == 0

    def forget(self) -> None:
        with self._lock:
            self._shares.clear()

    def _ask(self, callers: Counter[str], at: float) -> dict[str, list[int]]:
        """Take the next few from the windows; a wait for each time somebody asked. Two threads that ask at once take twice: both are
        counted."""
        wanted = {self._key(caller): max(count, min(self.at_once, self.most)) for caller, count in callers.items()}
        asked = [{"key": key, "wanted": count} for key, count in wanted.items()]
        values: dict[str, str | int | float] = {"asked": json.dumps(asked), "most": self.most, "seconds": self.seconds}
        with connection.cursor() as cursor:
            cursor.execute(TAKE, values)
            rows = {key: (int(taken), float(rest), is_new) for key, taken, rest, is_new in cursor.fetchall()}
            if any(is_new for *_, is_new in rows.values()):
                cursor.execute(FORGET)
        found = {}
        for caller, count in callers.items():
            key = self._key(caller)
            taken, rest, _ = rows[key]
            granted = min(wanted[key], self.most - (taken - wanted[key]))
            found[caller] = [0 if n < granted else max(1, math.ceil(rest)) for n in reversed(range(count))]
            self._keep(caller, granted - count, at, rest, over=granted < 1)
        return found

    def _key(self, caller: str) -> str:
        return f"{self.name}/{caller}"[:120]

    def _keep(self, caller: str, left: int, at: float, rest: float, *, over: bool) -> None:
        """What this process has of the window now; what it had and has not used is still its own."""
        with self._lock:
            if len(self._shares) > FORGET_BEYOND:
                self._shares = {key: share for key, share in self._shares.items() if at < share.until}
            kept = self._shares.get(caller)
            more = kept.left if kept is not None and at < kept.until and kept.left > 0 else 0
            self._shares[caller] = Share((more or -1) if over else max(0, left) + more, at + rest)


def forget_shares() -> None:
    """Forget what this process has taken of every window, as a process that begins anew; the counts in the database stay."""
    for allowance in _all:
        allowance.forget()
