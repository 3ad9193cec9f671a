"""Walking along the journal's chain because somebody asked: in the background, with how far it is and what was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from zhike.journal.actions import NewFact, record
from zhike.journal.seals import Finding, verify_chain
from zhike.web.audit.events import JournalChecked
from zhike.web.models import ChainCheck

SUBJECT = ("journal", 0)
EVERY = 20
"""Seals between two notes of how far it is."""
MOST_FINDINGS = 50
Clock = Callable[[], dt.datetime]


def begin_check(*, by: str, expect: str, now: dt.datetime) -> ChainCheck:
    """A check that waits to be carried out."""
    return ChainCheck.objects.create(started_at=now, by=by, expect=expect)


def carry_out(check_id: int, *, now: Clock) -> ChainCheck:
    """Walk the whole chain; called again after a kill it begins anew, which does no harm."""
    check = ChainCheck.objects.get(pk=check_id)  # house-rule: one-gate, the row of the job itself
    if check.finished_at is not None:
        return check
    walked = [0]

    def progress(done: int, total: int) -> None:
        walked[0] += 1
        if walked[0] % EVERY == 1:
            ChainCheck.objects.filter(pk=check_id).update(done=done, total=total)

    report = verify_chain(check.expect, progress)
    with transaction.atomic():
        check.finished_at, check.done, check.total = now(), report.sealed, report.sealed + report.unsealed
        check.seals, check.unsealed, check.head = report.seals, report.unsealed, report.head
        check.findings = [_kept(finding) for finding in report.findings[:MOST_FINDINGS]]
        check.save(update_fields=["finished_at", "done", "total", "seals", "unsealed", "head", "findings"])
        event = JournalChecked(ok=report.ok, sealed=report.sealed, head=report.head)
        record([NewFact(event, at=now(), subject=SUBJECT, actor=check.by)])
    return check


def _kept(finding: Finding) -> list[object]:
    return [finding.first, finding.last, finding.kind, finding.message]
