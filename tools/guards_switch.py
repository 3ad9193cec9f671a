"""The switch of the checks in a copy of the product. One check at most is off; who passes which one is noted."""

from __future__ import annotations

off = ""
"""The check that is off, "" for none."""
passed: set[str] = set()
"""Checks that were come to since somebody emptied it."""


def gone(name: str) -> bool:
    """True when this check is off; notes that it was come to."""
    passed.add(name)
    return name == off
