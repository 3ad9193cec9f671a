"""The one place that reads the time.

Only entry points (views, the worker's loop, the command line) call `now()`; everything below takes `now` as an argument.
A sandbox installs its own source, so that the whole product runs on a virtual clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

Source = Callable[[], dt.datetime]


def wall() -> dt.datetime:
    """The machine's time, timezone-aware, in UTC."""
    return dt.datetime.now(dt.UTC)


_source: Source = wall


def now() -> dt.datetime:
    """The time as the product sees it: an aware datetime."""
    return _source()


def install(source: Source) -> Source:
    """Let `source` answer `now()` from here on; returns the source it replaces, so that a caller can put it back."""
    global _source
    previous, _source = _source, source
    return previous
