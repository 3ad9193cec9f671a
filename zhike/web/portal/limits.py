"""How often one address may file or write. Kept in the process: it slows a flood down, the rest is the proxy's."""

from __future__ import annotations

from django.core.cache import cache

WINDOW = 600
"""Seconds."""
MOST = {"file": 60, "write": 120}


def allow(what: str, address: str) -> bool:
    """Count one more; False once there were too many in the last ten minutes."""
    key = f"portal/{what}/{address}"
    cache.add(key, 0, WINDOW)
    try:
        return cache.incr(key) <= MOST[what]
    except ValueError:  # it ran out between the two
        return True
