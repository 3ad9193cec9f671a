"""Clocks put back to what they were, when what moved them counts as not done."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from zhike.clocks.events import ClockCancelled, ClockRestored
from zhike.clocks.models import Clock
from zhike.clocks.rows import CHANGING, locked, update_clocks, wake_worker
from zhike.clocks.timing import warn_anew
from zhike.journal.actions import NewFact, record

Subject = tuple[str, int]

SET = ", ".join(f'"{name}" = old."{name}"' for name in CHANGING)
CHANGED = " OR ".join(f'clock."{name}" IS DISTINCT FROM old."{name}"' for name in CHANGING)
RESTORE = f"""
UPDATE clocks_clock AS clock SET {SET}
FROM jsonb_populate_recordset(NULL::clocks_clock, %s::jsonb) AS old
WHERE clock.id = old.id AND clock.subject_kind = %s AND clock.subject_id = %s AND ({CHANGED})
RETURNING clock.id
"""  # noqa: S608 - only names of this module


def run_again(keys: Sequence[str], *, at: dt.datetime, by: str, why: str = "") -> list[Clock]:
    """Cancelled clocks of these keys run on as if they had not been, due when they were; warnings that would have come meanwhile do not.

    The caller holds their subject.
    """
    clocks = locked(key__in=list(keys), state=Clock.State.CANCELLED)
    for clock in clocks:
        clock.state = Clock.State.WAITING if clock.started_at > at else Clock.State.RUNNING
        clock.stopped_at, clock.stopped_by = None, ""
        warn_anew(clock, clock.limit["warn"], after=at)
    update_clocks(clocks)
    back = [(clock, ClockRestored(clock.pk, clock.state, clock.due_at, why)) for clock in clocks]
    record(
        [NewFact(event, at, c.subject, by, c.handbook, (c.clause,), c.audience) for c, event in back],
    )
    return clocks


def restore_clocks(
    subject: Subject, images: Sequence[Mapping[str, Any]], *, at: dt.datetime, by: str, why: str = ""
) -> list[Clock]:
    """Make the subject's clocks what `images` (rows as JSON) show: those started since are gone, those moved run, wait or are
    overdue as before. Answers with the ones that changed. The caller holds the subject and undoes the ledger's lines.
    """
    kind, number = subject
    since = Clock.objects.select_for_update().filter(subject_kind=kind, subject_id=number)
    since = since.exclude(pk__in=[image["id"] for image in images])
    gone = list(since.order_by("id"))
    Clock.objects.filter(pk__in=[clock.pk for clock in gone]).delete()
    with connection.cursor() as cursor:
        cursor.execute(RESTORE, [json.dumps(list(images)), kind, number])
        ids = [row[0] for row in cursor.fetchall()]
    changed = list(Clock.objects.filter(pk__in=ids).order_by("id"))
    wake_worker(clock.next_at for clock in changed)
    events = [(clock, ClockCancelled(clock.pk, clock.holders, False, why, clock.watches)) for clock in gone]
    back = [(clock, ClockRestored(clock.pk, clock.state, clock.due_at, why)) for clock in changed]
    record(
        [
            NewFact(event, at, clock.subject, by, clock.handbook, (clock.clause,), clock.audience)
            for clock, event in [*events, *back]
        ]
    )
    return changed
