"""What the page of deletions asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case as When
from django.db.models import CharField, Count, F, Max, Q, QuerySet, Value
from django.db.models import When as Then

from zhike.keeping.due import Due, due_by
from zhike.keeping.models import Deletion, Failure, Run
from zhike.keeping.rules import Rule, every_rule

SHOWN = 30
MOST = 2000
"""How far what is due is counted under one rule."""
ROWS = 60


@dataclass(frozen=True, slots=True)
class Coming:
    """What is due under one rule by some moment; `held` and `tied` are among the `due`."""

    rule: Rule
    due: int
    held: int
    tied: int
    soonest: Sequence[Due]


def coming(now: dt.datetime, ahead: dt.timedelta) -> list[Coming]:
    """Every rule with what falls due within `ahead`, counted up to MOST. Four queries a rule at most."""
    return [_coming(rule, now + ahead) for rule in every_rule()]


def _coming(rule: Rule, moment: dt.datetime) -> Coming:
    found: list[Due] = []
    for one in due_by(rule, moment):
        found.append(one)
        if len(found) == MOST:
            break
    waits = [one.waits for one in found]
    return Coming(rule, len(found), waits.count("held"), waits.count("tied"), found[:SHOWN])


def latest_run() -> Run | None:
    return Run.objects.order_by("-started_at", "-pk").first()


def deleted() -> list[dict[str, Any]]:
    """How much of what each run deleted by which clause, the newest first; `rest`: whose copies are still to go. One query."""
    of = When(
        Then(subject_kind="conversation", record="", then=Value("conversation")),
        Then(record="", then=Value("process")),
        default=Value("record"),
        output_field=CharField(),
    )
    rows: QuerySet[Any] = Deletion.objects.annotate(of=of, started_at=F("run__started_at"))
    rows = rows.annotate(name=When(Then(record="", then=F("process")), default=F("record"), output_field=CharField()))
    grouped = rows.values("run_id", "started_at", "handbook", "clause", "of", "name")
    counted = grouped.annotate(version=Max("version_id"), count=Count("pk"), rest=Count("pk", filter=Q(rest=True)))
    return list(counted.order_by("-started_at", "-run_id", "handbook", "clause", "name")[:ROWS])


def failures() -> list[Failure]:
    """What the latest run that has come to its end, or is at it, could not delete. One query."""
    newest = Run.objects.order_by("-started_at", "-pk").values("pk")[:1]
    return list(Failure.objects.filter(run__in=newest).order_by("pk")[:ROWS])
