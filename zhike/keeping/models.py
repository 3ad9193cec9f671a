"""The daily runs, what they deleted, and what they could not."""

from __future__ import annotations

from django.db import models


class Run(models.Model):
    """One day's run. Killed half-way it is gone on with: what it has done is done, one transaction each."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=80)

    class Meta:
        indexes = [models.Index(fields=["-started_at", "-id"], name="keeping_run_newest")]


class Deletion(models.Model):
    """The contents of one case or conversation are gone, or of one form of it. Of what they were nothing stands here."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="deletions")
    subject_kind = models.CharField(max_length=16)
    subject_id = models.BigIntegerField()
    number = models.CharField(max_length=32)
    handbook = models.CharField(max_length=64)
    version_id = models.BigIntegerField()
    process = models.CharField(max_length=40, blank=True, default="")
    clause = models.CharField(max_length=32, blank=True, default="")
    """"" where the form itself says how long it is kept."""
    record = models.CharField(max_length=40, blank=True, default="")
    """The one form that was deleted; "" everything."""
    due_at = models.DateTimeField()
    at = models.DateTimeField()
    counts = models.JSONField(default=dict)
    """{"fillings": 3, "notes": 2, "files": 1}"""
    rest = models.BooleanField(default=True)
    """Copies are still to be looked for and facts of the journal to be emptied (sweeping.py)."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id", "record"], name="keeping_deleted_once")
        ]
        indexes = [
            models.Index(fields=["-at", "-id"], name="keeping_newest"),
            models.Index(fields=["id"], condition=models.Q(rest=True), name="keeping_rest"),
        ]


class Failure(models.Model):
    """What a run could not delete; the next one tries again."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="failures")
    at = models.DateTimeField()
    subject_kind = models.CharField(max_length=16)
    subject_id = models.BigIntegerField()
    number = models.CharField(max_length=32)
    why = models.CharField(max_length=200)
    """The kind of fault, never the words in which it quotes what was to be deleted."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "subject_kind", "subject_id"], name="keeping_failed_once")
        ]
