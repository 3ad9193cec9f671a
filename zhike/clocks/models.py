"""Deadlines as rows. `next_at` is the one indexed moment at which something happens next; NULL when nothing will."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class Clock(models.Model):
    class State(models.TextChoices):
        RUNNING = "running"
        PAUSED = "paused"
        OVERDUE = "overdue"
        """Breached and still to be done."""
        KEPT = "kept"
        LATE = "late"
        """Done, after the limit."""
        CANCELLED = "cancelled"

    OPEN = (State.RUNNING, State.PAUSED, State.OVERDUE)

    version_id = models.BigIntegerField()
    """The handbook version it was started under, and stays under."""
    handbook = models.CharField(max_length=64)
    clause = models.CharField(max_length=32)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.BigIntegerField()
    key = models.CharField(max_length=120, unique=True)
    """Makes a start idempotent, e.g. "case:7/WARN-05/2"."""
    holders = ArrayField(models.CharField(max_length=120))
    """Principals who hold the clock."""
    held_as = models.CharField(max_length=200, blank=True, default="")
    """Role ids the holders were resolved from, comma separated; for display."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    limit = models.JSONField()
    """{"amount": 30, "unit": "minute", "time": "wall", "calendar": null}"""
    warn_at = ArrayField(models.DateTimeField(), default=list)
    """Warnings still to come, soonest first."""
    next_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=80, blank=True, default="")
    pauses = models.JSONField(default=list)
    """[[from, to or null], ...] as ISO instants."""
    extensions = models.JSONField(default=list)
    survives_close = models.BooleanField(default=False)
    until = ArrayField(models.CharField(max_length=80), default=list)
    facts = models.JSONField(default=dict)
    """What the decision rested on."""
    audience = ArrayField(models.CharField(max_length=120), default=list)

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="clocks_next"),
            models.Index(fields=["subject_kind", "subject_id"], name="clocks_subject"),
            models.Index(fields=["due_at", "id"], condition=models.Q(state__in=["running", "paused", "overdue"]), name="clocks_open_due"),
            GinIndex(fields=["holders"], condition=models.Q(state__in=["running", "paused", "overdue"]), name="clocks_open_holders"),
        ]
