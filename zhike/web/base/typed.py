"""Days and moments as date fields send them and addresses carry them, by the clock on the wall.

What nobody means is no day: before 1900 and after 2200, where reckoning a day further would leave the calendar.
"""

from __future__ import annotations

import datetime as dt

from zhike.records.values import FIRST_YEAR, LAST_YEAR
from zhike.web.base.times import ZONE


def day_of(text: str | None) -> dt.date | None:
    """ "2025-06-10"; None for anything else."""
    try:
        found = dt.date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def moment_of(text: str | None) -> dt.datetime | None:
    """ "2025-06-10T09:00", without an offset; None for anything else."""
    try:
        found = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found.replace(tzinfo=ZONE) if found.tzinfo is None and FIRST_YEAR <= found.year <= LAST_YEAR else None


def midnight(day: dt.date) -> dt.datetime:
    """When it begins."""
    return dt.datetime.combine(day, dt.time.min, ZONE)
