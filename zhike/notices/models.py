"""Notices: what somebody is told, and who has read it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from zhike.org.models import Staff


class Notice(models.Model):
    at = models.DateTimeField()
    to = ArrayField(models.CharField(max_length=120))
    """Principals; whoever holds one of them sees the notice."""
    kind = models.CharField(max_length=40)
    """warned, breached, missed, told, arrived, mentioned, followed."""
    clause = models.CharField(max_length=32, blank=True, default="")
    handbook = models.CharField(max_length=64, blank=True, default="")
    subject_kind = models.CharField(max_length=16)
    subject_id = models.BigIntegerField()
    words = models.JSONField(default=dict)
    """{"zh": ..., "en": ...}"""

    class Meta:
        indexes = [GinIndex(fields=["to"], name="notices_to"), models.Index(fields=["-at"], name="notices_at")]


class Reading(models.Model):
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE)
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "staff"], name="notices_read_once")]
