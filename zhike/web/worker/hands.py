"""What the threads of one process are handing over, and what is still to be written down about it.

A mail that is handed over while the database goes away is known to whoever hands it over: he keeps what became of it until it can
be written, and nobody takes it for one that a killed process left behind.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import Error as DatabaseError

Writing = Callable[[], None]


class Hands:
    """Shared by the threads that send and the one that watches over them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._full: set[int] = set()
        self._owed: deque[Writing] = deque()

    @contextmanager
    def holding(self, number: int) -> Iterator[None]:
        """While a mail of this number is being handed over."""
        with self._lock:
            self._full.add(number)
        try:
            yield
        finally:
            with self._lock:
                self._full.discard(number)

    def held(self) -> frozenset[int]:
        """The numbers of what is being handed over this moment."""
        with self._lock:
            return frozenset(self._full)

    def write(self, what: Writing) -> None:
        """Write it down now; where the database is away it is kept, and the fault is raised."""
        try:
            what()
        except DatabaseError:
            self.owe(what)
            raise

    def owe(self, what: Writing) -> None:
        """To be written when the database is back."""
        with self._lock:
            self._owed.append(what)

    def settle(self) -> None:
        """Write down what is owed, the oldest first; what cannot be written stays, and the fault is raised. One caller at a time."""
        while self._owed:
            self._owed[0]()
            self._owed.popleft()
