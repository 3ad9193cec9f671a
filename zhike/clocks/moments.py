"""Moments of rooms above that come by themselves and are no limits: nobody holds them and nothing is broken when they come.

A room registers what it waits for; whoever lets clocks fire, the worker, the sandbox and a rehearsal, meets these moments too, each after
the clocks of the same instant.

    register_moments("consequence", Ends())
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol


class Moments(Protocol):
    def next(self, after: dt.datetime | None = None) -> dt.datetime | None:
        """The next moment; later than `after` where that is given. One query."""

    def meet(self, now: dt.datetime, limit: int) -> int:
        """Do what is due by `now`, a transaction each; answers how many. What fails is tried again later and holds up nothing."""


_kinds: dict[str, Moments] = {}


def register_moments(kind: str, moments: Moments) -> None:
    _kinds[kind] = moments


def next_of_others(after: dt.datetime | None = None) -> dt.datetime | None:
    """The soonest moment another room waits for. One query a room."""
    return min((at for each in _kinds.values() if (at := each.next(after)) is not None), default=None)


def meet_others(now: dt.datetime, limit: int) -> int:
    """What other rooms do by `now`; answers how many moments were met."""
    return sum(each.meet(now, limit) for each in _kinds.values())
