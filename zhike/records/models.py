"""What was filled in, what was attached, and the directories a department keeps."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class Filling(models.Model):
    """One filling of a form; never changed, a correction is another filling."""

    at = models.DateTimeField()
    version_id = models.BigIntegerField()
    record = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.BigIntegerField()
    action = models.CharField(max_length=40, blank=True, default="")
    round = models.IntegerField(default=1)
    actor = models.CharField(max_length=80)
    values = models.JSONField()

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="records_filling_subject"),
            models.Index(fields=["record", "at"], name="records_filling_counted"),
        ]


class UndoneFilling(models.Model):
    """A filling that counts no more, because the action it was made with was undone. The filling itself stays."""

    filling = models.OneToOneField(Filling, primary_key=True, on_delete=models.CASCADE, related_name="undone")
    at = models.DateTimeField()
    by = models.CharField(max_length=80)


class Occurrence(models.Model):
    """A combination that occurs once and the filling that has it, where a form says so (`unique`); the values are a digest here."""

    handbook = models.CharField(max_length=64)
    record = models.CharField(max_length=40)
    key = models.CharField(max_length=64)
    filling = models.ForeignKey(Filling, on_delete=models.CASCADE, related_name="occurrences")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handbook", "record", "key"], name="records_occurs_once")]


class ReferenceRow(models.Model):
    """A row of a reference record: an outlet, an answer to an enquiry."""

    handbook = models.CharField(max_length=64)
    record = models.CharField(max_length=40)
    label = models.CharField(max_length=200)
    values = models.JSONField()
    department_id = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)
    is_sample = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["handbook", "record", "label"], name="records_reference")]


class RowLikeness(models.Model):
    """What the texts of a row in use are recognised by (likeness.py); apart, so that nobody reads it who only reads the row."""

    row = models.OneToOneField(ReferenceRow, primary_key=True, on_delete=models.CASCADE, related_name="likeness")
    handbook = models.CharField(max_length=64)
    record = models.CharField(max_length=40)
    grams = ArrayField(models.CharField(max_length=40))

    class Meta:
        indexes = [
            models.Index(fields=["handbook", "record"], name="records_likeness_of"),
            GinIndex(fields=["grams"], fastupdate=False, name="records_likeness_grams"),
        ]


class Attachment(models.Model):
    """A stored file. Bound to a subject; reached only through the subject's gate or the unguessable token."""

    token = models.CharField(max_length=43, unique=True)
    subject_kind = models.CharField(max_length=16, blank=True, default="")
    """Empty until the action it was uploaded for is taken."""
    subject_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=120)
    """Cleaned; for display and download only, never a path."""
    media_type = models.CharField(max_length=60)
    """Found by reading the content, never by what the sender said."""
    size = models.IntegerField()
    digest = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=80)
    internal = models.BooleanField(default=False)
    """True: never shown to the customer."""
    held = models.CharField(max_length=40, blank=True, default="")
    """Why a safety check keeps the file from everybody; empty where none does."""

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="records_attachment_subject"),
            models.Index(fields=["digest"], name="records_attachment_digest"),
            models.Index(
                fields=["uploaded_at"], condition=models.Q(subject_kind=""), name="records_attachment_unbound"
            ),
        ]
