"""Firing what is due: late beginnings, warnings and breaches, in batches, each exactly once.

A batch is one transaction: rows are claimed with SKIP LOCKED, changed, told of in the journal and the ledger, and the
reactions of other rooms run, or none of it happened. A worker that dies in the middle leaves the rows as they were for
the next one; two workers never hold the same row, and a row that has fired no longer has the `next_at` that found it.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from zhike.clocks.events import ClockBreached, ClockStarted, ClockTargetPassed, ClockWarned
from zhike.clocks.moments import meet_others
from zhike.clocks.subjects import lock_subjects
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.journal.ledger import Use
from zhike.org.principals import SYSTEM

log = structlog.get_logger(__name__)

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
BATCH = 500
POSTPONED = dt.timedelta(minutes=1)
"""How long a clock whose reactions fail waits for its next try."""

# Moments come as microseconds since 1970, which are read ten times faster than texts; warnings only where one may be
# due.
COLUMNS = """id, key, version_id, handbook, clause, subject_kind, subject_id, holders, held_as,
    (extract(epoch FROM started_at) * 1000000)::bigint, (extract(epoch FROM due_at) * 1000000)::bigint, strict, state,
    CASE WHEN due_at >= %(now)s THEN warn_at END, watches, audience, ("limit"->>'minutes')::float8, "limit"->'warn', charged, target_at"""

# The moment is a parameter: a volatile clock_timestamp() would not use the index.
CLAIM = f"""
SELECT {COLUMNS} FROM clocks_clock WHERE next_at <= %(now)s ORDER BY next_at LIMIT %(limit)s
FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608 - only names of this module

CLAIM_ONE = f"""
SELECT {COLUMNS} FROM clocks_clock WHERE id = %(id)s AND next_at <= %(now)s FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608 - only names of this module

# Only the next try moves; when it is due does not.
POSTPONE = "UPDATE clocks_clock SET next_at = %(later)s WHERE id = %(id)s AND next_at <= %(now)s"

OVERTAKEN = f"""
SELECT {COLUMNS} FROM clocks_clock
WHERE id = ANY(%(ids)s) AND next_at <= %(now)s AND (state = 'waiting' OR due_at <= %(now)s)
ORDER BY due_at, id FOR NO KEY UPDATE
"""  # noqa: S608 - only names of this module

BREACH = """
UPDATE clocks_clock SET state = CASE WHEN lapses THEN 'missed' ELSE 'overdue' END, next_at = NULL, warn_at = '{}',
    stopped_at = CASE WHEN lapses THEN due_at END
WHERE id = ANY(%(ids)s)
"""

GO_ON = """
UPDATE clocks_clock SET state = 'running',
    warn_at = ARRAY(SELECT w FROM unnest(warn_at) AS w WHERE w > %(now)s ORDER BY w),
    next_at = coalesce((SELECT min(w) FROM unnest(warn_at) AS w WHERE w > %(now)s),
        due_at + CASE WHEN strict THEN interval '0' ELSE interval '1 microsecond' END)
WHERE id = ANY(%(ids)s)
"""


class Due(NamedTuple):
    """A claimed row, as it was before it fired."""

    id: int
    key: str
    version_id: int
    handbook: str
    clause: str
    subject_kind: str
    subject_id: int
    holders: list[str]
    held_as: str
    started_at: dt.datetime
    due_at: dt.datetime
    strict: bool
    state: str
    warn_at: list[dt.datetime] | None
    watches: str
    audience: list[str]
    minutes: float | None
    shares: str | None
    charged: list[str]
    target_at: dt.datetime | None

    def is_over(self, now: dt.datetime) -> bool:
        return self.due_at < now or (self.strict and self.due_at == now)

    @property
    def begins(self) -> bool:
        return self.state == "waiting"

    @property
    def subject(self) -> tuple[str, int]:
        return (self.subject_kind, self.subject_id)


def fire_due(now: dt.datetime, limit: int = BATCH) -> int:
    """Fire up to `limit` clocks whose next moment has come by `now`; answers how many. Call again until it answers 0.
    When no clock is left, other rooms meet the moments they wait for.

    One past its due time breaches, and its warnings that nobody sent are dropped: they would warn nobody.
    """
    with without_collections(), transaction.atomic():
        rows = _select(CLAIM, {"now": now, "limit": limit})
        if rows:
            held = lock_subjects({row.subject for row in rows})
            rows = [row for row in rows if row.subject in held]
            _fire(rows, now)
    return len(rows) or meet_others(now, limit)


@contextmanager
def without_collections() -> Iterator[None]:
    """A batch makes thousands of small objects and no circles; collections in its midst took a third of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def fire_singly(now: dt.datetime, limit: int = BATCH) -> int:
    """As `fire_due`, one transaction a clock: when a batch failed, this lets all clocks pass but the one it failed on.

    That one keeps its state and is tried again a minute later; the failure is logged. Lost connections are raised.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM clocks_clock WHERE next_at <= %s ORDER BY next_at LIMIT %s", [now, limit])
        ids = [number for (number,) in cursor.fetchall()]
    return sum(_fire_one(number, now) for number in ids)


def _fire_one(number: int, now: dt.datetime) -> int:
    try:
        with transaction.atomic():
            rows = _select(CLAIM_ONE, {"id": number, "now": now})
            rows = [row for row in rows if row.subject in lock_subjects([row.subject])]
            _fire(rows, now)
            return len(rows)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("a clock could not fire", clock=number)
        with connection.cursor() as cursor:
            cursor.execute(POSTPONE, {"id": number, "now": now, "later": now + POSTPONED})
        return 0


def overtake(clock_ids: Sequence[int], at: dt.datetime) -> int:
    """Begin and breach those of these clocks whose time came before `at` but were not fired yet: what happens at `at`
    comes after.

    In the caller's transaction, which holds their subjects. Answers how many fired.
    """
    rows = _select(OVERTAKEN, {"ids": list(clock_ids), "now": at}) if clock_ids else []
    rows = [row for row in rows if row.begins or row.is_over(at)]
    _fire(rows, at)
    return len(rows)


def _select(sql: str, values: dict[str, Any]) -> list[Due]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [Due._make((*row[:9], instant(row[9]), instant(row[10]), *row[11:])) for row in cursor.fetchall()]


def instant(microseconds: int) -> dt.datetime:
    return EPOCH + dt.timedelta(microseconds=microseconds)


def _fire(rows: Sequence[Due], now: dt.datetime) -> None:
    over = [row for row in rows if row.is_over(now)]
    going_on = [row for row in rows if not row.is_over(now)]
    with connection.cursor() as cursor:
        if over:
            cursor.execute(BREACH, {"ids": [row.id for row in over]})
        if going_on:
            cursor.execute(GO_ON, {"ids": [row.id for row in going_on], "now": now})
    uses = [_applied(row) for row in rows if row.begins] + [use for row in over for use in _broken(row)]
    facts = [_started_fact(row) for row in rows if row.begins]
    facts += [_breached_fact(row) for row in over]
    facts += [fact for row in going_on for fact in _warned_facts(row, now)]
    if facts:
        record(sorted(facts, key=lambda fact: fact.at), uses)


def _started_fact(row: Due) -> NewFact:
    return _fact(row, row.started_at, ClockStarted(row.id, row.holders, row.held_as, row.due_at, row.watches))


def _breached_fact(row: Due) -> NewFact:
    breached = ClockBreached(
        row.id, row.key, row.holders, row.held_as, row.started_at, row.due_at, row.version_id, row.watches, row.charged
    )
    return _fact(row, row.due_at, breached)


def _warned_facts(row: Due, now: dt.datetime) -> Iterable[NewFact]:
    if not row.warn_at:
        return
    moments = list(row.warn_at)
    if row.target_at in moments:
        moments.remove(row.target_at)
        if row.target_at <= now:
            passed = ClockTargetPassed(row.id, row.holders, row.held_as, row.due_at, row.version_id)
            yield _fact(row, row.target_at, passed)
    shares = json.loads(row.shares or "[]")[-len(moments) :] if moments else []
    for at, share in zip(moments, shares, strict=False):
        if at <= now:
            warned = ClockWarned(row.id, row.holders, row.held_as, row.due_at, share, row.version_id, row.watches)
            yield _fact(row, at, warned)


def _fact(row: Due, at: dt.datetime, event: Event) -> NewFact:
    return NewFact(event, at, row.subject, SYSTEM, row.handbook, (row.clause,), row.audience)


def _applied(row: Due) -> Use:
    return _use(row, "applied", row.started_at, ",".join(row.holders), None)


def _broken(row: Due) -> list[Use]:
    """A line for each holder, or for each whom the clause charges instead: several who share a clock are each counted.
    `detail.clock` says that it is one clock.
    """
    return [_use(row, "broken", row.due_at, holder, row.minutes) for holder in row.charged or row.holders]


def _use(row: Due, outcome: str, at: dt.datetime, holder: str, minutes: float | None) -> Use:
    return Use(
        at=at,
        handbook=row.handbook,
        version_id=row.version_id,
        clause=row.clause,
        outcome=outcome,
        subject=row.subject,
        holder=holder[:120],
        minutes=minutes,
        detail={"clock": row.id, "holders": row.holders, **({"charged": row.charged} if row.charged else {})},
    )
