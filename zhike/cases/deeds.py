"""The actions a case saw, as facts, without those that were undone."""

from __future__ import annotations

from django.db.models import BigIntegerField, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from zhike.cases.events import ActionTaken, DeedUndone
from zhike.journal.models import Fact


def standing_deeds(case_id: int) -> QuerySet[Fact]:
    """Facts of actions taken on the case that count, unordered."""
    of_case = Fact.objects.filter(subject_kind="case", subject_id=case_id)
    undone = of_case.filter(type=DeedUndone.event_type).values_list(
        Cast(KeyTextTransform("deed", "payload"), BigIntegerField()), flat=True
    )
    return of_case.filter(type=ActionTaken.event_type).exclude(pk__in=undone)
