"""Copies in tables that no index leads to by subject, and the journal: for many deletions at once, after their contents are gone.

A deletion is done when nothing of it is left here; until then every run comes back to it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence

import structlog
from django.db import transaction

from zhike.cases.exporting import forget
from zhike.cases.models import AskedDeed, CaseExport, Submission
from zhike.handbook.common import Text
from zhike.journal.redactions import Because, ChainBroken, redact_facts, redact_uses
from zhike.keeping.models import Deletion
from zhike.notices.models import Notice
from zhike.org.principals import SYSTEM
from zhike.webhooks.models import Attempt, Delivery

log = structlog.get_logger("zhike.keeping")
AT_ONCE = 200
GONE = Text(zh="内容已按保存期限删除。", en="The contents were deleted when their time of keeping was over.")
Clock = Callable[[], dt.datetime]


def sweep(now: Clock) -> int:
    """Finish what was deleted, AT_ONCE deletions at a time; how many are finished. What the journal has not sealed yet waits."""
    after, done = 0, 0
    while True:
        some = list(Deletion.objects.filter(rest=True, pk__gt=after).order_by("pk")[:AT_ONCE])
        if not some:
            return done
        for kind in ("case", "conversation"):
            done += _finish(kind, [one for one in some if one.subject_kind == kind], now)
        after = some[-1].pk


def _finish(kind: str, deletions: Sequence[Deletion], now: Clock) -> int:
    if not deletions:
        return 0
    ids = sorted({one.subject_id for one in deletions})
    with transaction.atomic():
        _forget_copies(kind, ids)
    because = {one.subject_id: Because(one.handbook, one.clause) for one in deletions}
    try:
        left = redact_facts(kind, because, by=SYSTEM, now=now())
    except ChainBroken as broken:
        log.warning("facts were not emptied", kind=kind, why=str(broken))
        return 0
    finished = [one.pk for one in deletions if one.subject_id not in left]
    return Deletion.objects.filter(pk__in=finished).update(rest=False)


def _forget_copies(kind: str, ids: Sequence[int]) -> None:
    gone = {"zh": GONE.zh, "en": GONE.say("en")}
    Notice.objects.filter(subject_kind=kind, subject_id__in=ids).update(words=gone)
    if kind == "case":
        asked = AskedDeed.objects.filter(case__in=ids).values_list("pk", flat=True)
        Notice.objects.filter(subject_kind="asked_deed", subject_id__in=list(asked)).update(words=gone)
    told = Delivery.objects.filter(subject_kind=kind, subject_id__in=ids)
    for number, body in list(told.values_list("pk", "body")):
        bare = json.dumps({**json.loads(body), "data": {}}, ensure_ascii=False, separators=(",", ":"))
        Delivery.objects.filter(pk=number).update(body=bare)
    Attempt.objects.filter(delivery__in=told.values("pk")).update(answer="")
    if kind == "case":
        Submission.objects.filter(case_id__in=ids).update(answer={})
        forget(CaseExport.objects.filter(state=CaseExport.State.READY))
    redact_uses(kind, ids)
