"""The sandbox's time: one row. It stands still until somebody moves it, and it moves forward only."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from zhike.handbook.common import Duration, Unit, parse_duration
from zhike.lib import clock
from zhike.web.models import SandboxClock
from zhike.web.sandbox.steps import fire_until

MOVE_LOCK = 7_401_002
"""Key of the advisory lock: two moves at once happen one after the other."""
FURTHEST = dt.timedelta(days=3660)
SPANS = {
    Unit.second: dt.timedelta(seconds=1),
    Unit.minute: dt.timedelta(minutes=1),
    Unit.hour: dt.timedelta(hours=1),
    Unit.day: dt.timedelta(days=1),
    Unit.week: dt.timedelta(weeks=1),
}
PART = re.compile(r"\d+\s*[a-z]+")


class BadMove(ValueError):
    """A move the clock cannot make; the message says why."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did: the time it is now, and how many clocks fired on the way."""

    now: dt.datetime
    fired: int


def install() -> None:
    """Let the whole process live in the sandbox's time. Called once, when Django is ready, and only in the sandbox."""
    if not settings.SANDBOX:
        raise RuntimeError("there is no virtual clock outside the sandbox")
    clock.install(read)


def read() -> dt.datetime:
    """The virtual time; the machine's while nobody has set one."""
    at = SandboxClock.objects.filter(pk=1).values_list("at", flat=True).first()
    return at or clock.wall()


def is_set() -> bool:
    """Whether this database has ever been a sandbox."""
    return SandboxClock.objects.exists()


def begin(at: dt.datetime) -> None:
    """Set the time of a new sandbox; nothing happens in one that has a time already."""
    SandboxClock.objects.get_or_create(pk=1, defaults={"at": at})


def move_to(target: dt.datetime) -> Moved:
    """Move the clock to `target`. When this returns, everything due until then has fired, each at its own moment.

    Raises BadMove for a time before the present one, or absurdly far away.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MOVE_LOCK])
    try:
        return _move(target)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MOVE_LOCK])


def _move(target: dt.datetime) -> Moved:
    now = read()
    if target < now:
        raise BadMove(f"the clock stands at {now.isoformat()} and does not go back to {target.isoformat()}")
    if target - now > FURTHEST:
        raise BadMove("at most ten years at once")
    return Moved(target, fire_until(target, now, _set))


def _set(at: dt.datetime) -> None:
    SandboxClock.objects.update_or_create(pk=1, defaults={"at": at, "moved_at": clock.wall()})


def span_of(text: str) -> dt.timedelta:
    """`"2h"`, `"90 minutes"`, `"1d 6h"` as a length of time. Raises BadMove for anything else."""
    parts = PART.findall(text.strip().lower())
    if not parts or PART.sub("", text.strip().lower()).strip():
        raise BadMove(f"'{text}' is not a length of time; write for example 10m, 2h, 1d 6h")
    return sum((_span(part) for part in parts), dt.timedelta())


def _span(part: str) -> dt.timedelta:
    try:
        length = Duration.model_validate(parse_duration(part))
        return SPANS[length.unit] * length.amount
    except (ValueError, KeyError, OverflowError) as error:
        raise BadMove(f"'{part}' is not a length of time; write for example 10m, 2h, 1d 6h") from error


def moment_of(text: str) -> dt.datetime:
    """An ISO moment with its offset. Raises BadMove."""
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise BadMove(f"'{text}' is not a moment; write for example 2025-06-10T09:00:00+08:00") from error
    if at.tzinfo is None:
        raise BadMove(f"'{text}' has no offset; write for example 2025-06-10T09:00:00+08:00")
    return at
