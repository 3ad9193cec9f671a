"""The switch of the checks in a copy of the product. One check at most is off; which ones refused somebody is noted.

A test in which a check refuses nobody goes the same way without it, so only those in which it does are asked later. Of a filter
and of a condition on whose rows they are nobody can say that here: for them every test that comes by counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

off = ""
"""The check that is off, "" for none."""
passed: set[str] = set()
"""Checks that were come to, or that refused, since somebody emptied it."""


def gone(name: str) -> bool:
    """True when this check is off; notes that it was come to."""
    passed.add(name)
    return name == off


def absent(name: str) -> bool:
    """True when this check is off; what it says is noted by `said` or `raised`."""
    return name == off


def said(name: str, value: Any, refuses: bool) -> Any:
    """What a condition says, noted when it is the answer that keeps somebody out."""
    if bool(value) is refuses:
        passed.add(name)
    return value


def raised(name: str, ask: Callable[[], Any]) -> Any:
    """What a gate gives, noted when it gives nothing."""
    try:
        return ask()
    except Exception:
        passed.add(name)
        raise
