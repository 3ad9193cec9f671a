"""Obligations: one row for each thing owed in each period."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

WATCH_PREFIX = "duty:"


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
    every = models.CharField(max_length=20, default="once")
    """How the clause repeats: "once", "calendar_day", ..."""
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    holders = ArrayField(models.CharField(max_length=120))
    held_as = models.CharField(max_length=200, blank=True, default="")
    """Role ids the holders were resolved from, comma separated; for display."""
    owes = ArrayField(models.CharField(max_length=80), default=list)
    """Events that settle it."""
    times = models.IntegerField(default=1)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OWED)
    is_open = models.BooleanField(default=True)
    """It can still be done: it is owed, or was missed and is not tied to a period that has passed."""
    done = models.IntegerField(default=0)
    """How many of the `times` owed were done."""
    tries = models.JSONField(default=list)
    """Moments of the tries in a row that did not reach anybody (`attempts`); they go along into the next period."""
    streak = models.IntegerField(default=0)
    """How many deeds in a row had the outcome the clause looks for (`streak`); it goes along into the next period."""
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=80, blank=True, default="")
    survives_close = models.BooleanField(default=False)
    exemption = models.JSONField(default=dict)
    """{"asked_by", "approved_by", "why", "at"} of an exempt one; while it waits {"asked_by", "why", "at", "to"}, `to` the principals who
    may grant it.
    """
    audience = ArrayField(models.CharField(max_length=120), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["handbook", "clause", "subject_kind", "subject_id", "period", "begins_at"],
                name="duties_once_a_period",
            )
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "state"], name="duties_subject"),
            models.Index(fields=["clause", "begins_at"], name="duties_coverage"),
            models.Index(
                fields=["id"], condition=models.Q(state="owed") & ~models.Q(exemption={}), name="duties_exemption_asked"
            ),
            models.Index(fields=["settled_at"], condition=models.Q(state="exempt"), name="duties_exempt"),
            GinIndex(fields=["holders"], condition=models.Q(is_open=True), name="duties_open_holders"),
        ]

    @property
    def subject(self) -> tuple[str, int]:
        return (self.subject_kind, self.subject_id)

    @property
    def watch_key(self) -> str:
        """The key of the clock that watches it."""
        return f"{WATCH_PREFIX}{self.pk}"

    @property
    def recurs(self) -> bool:
        return self.every not in ("once", "event")

    def __str__(self) -> str:
        return f"{self.clause} {self.period} {self.subject_kind}:{self.subject_id}"
