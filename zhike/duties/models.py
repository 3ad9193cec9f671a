"""Obligations: one row for each thing owed in each period."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Obligation(models.Model):
    class State(models.TextChoices):
        OWED = "owed"
        MET = "met"
        MISSED = "missed"
        EXEMPT = "exempt"
        ENDED = "ended"
        """No longer owed: the condition that ended it came first."""

    version_id = models.BigIntegerField()
    handbook = models.CharField(max_length=64)
    clause = models.CharField(max_length=32)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.BigIntegerField()
    period = models.CharField(max_length=40)
    """"once", "2025-06-11", "2025-Q2"."""
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    holders = ArrayField(models.CharField(max_length=120))
    state = models.CharField(max_length=8, choices=State.choices, default=State.OWED)
    done = models.IntegerField(default=0)
    """How many of the `times` owed were done."""
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=80, blank=True, default="")
    survives_close = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["handbook", "clause", "subject_kind", "subject_id", "period", "begins_at"], name="duties_once_a_period"
            )
        ]
        indexes = [models.Index(fields=["subject_kind", "subject_id", "state"], name="duties_subject")]
