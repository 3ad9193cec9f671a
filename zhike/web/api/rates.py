"""How often a token may call: 600 times a minute, counted in this process."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

MOST = 600
WINDOW = 60.0
"""Seconds."""
FORGET_BEYOND = 10_000


class Limiter:
    """Counts calls in windows of a minute; a window begins with its first call. The machine's time, whatever the product's."""

    def __init__(self, most: int = MOST, window: float = WINDOW, time_of: Callable[[], float] = time.monotonic) -> None:
        self.most, self.window, self.time_of = most, window, time_of
        self._counts: dict[int, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def wait(self, caller: int) -> int:
        """Count one call. 0 when it may go on, else the whole seconds after which it may try again."""
        at = self.time_of()
        with self._lock:
            if len(self._counts) > FORGET_BEYOND:
                self._counts = {k: v for k, v in self._counts.items() if at - v[0] < self.window}
            began, count = self._counts.get(caller, (at, 0))
            if at - began >= self.window:
                began, count = at, 0
            self._counts[caller] = (began, count + 1)
        return 0 if count < self.most else max(1, math.ceil(self.window - (at - began)))

    def remaining(self, caller: int) -> int:
        return max(0, self.most - self._counts.get(caller, (0.0, 0))[1])


limiter = Limiter()
