"""Moments and spans as people write them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo


def moment(at: dt.datetime, zone: str = "Asia/Shanghai") -> str:
    """`06-10 14:30` in the zone; seconds only where there are any."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%m-%d %H:%M:%S}" if local.second else f"{local:%m-%d %H:%M}"
