"""Proposals: content that may come into force, who prepared and who approved it; and who has read what changed."""

from __future__ import annotations

from django.db import models

from zhike.org.models import HandbookVersion, Staff


class Proposal(models.Model):
    """One change of a handbook. Its content never changes; a correction is another proposal."""

    class Kind(models.TextChoices):
        CONTENT = "content"
        """Another text with its clauses."""
        PARAMETERS = "parameters"
        """The same text, other values of a manager."""
        RESTORE = "restore"
        """What was in force before."""

    class State(models.TextChoices):
        DRAFT = "draft"
        SUBMITTED = "submitted"
        APPROVED = "approved"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"
        """By whoever prepared it, before anybody decided."""
        CANCELLED = "cancelled"
        """After the approval, before it took effect."""

    class Study(models.TextChoices):
        NONE = "none"
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    OPEN = (State.DRAFT, State.SUBMITTED)

    name = models.CharField(max_length=64)
    title = models.JSONField()
    version = models.CharField(max_length=32)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    source = models.JSONField()
    """As HandbookVersion.source."""
    text = models.TextField()
    parameters = models.JSONField(default=dict)
    files = models.JSONField(default=dict)
    """Path -> text of everything that came with it, scenarios and sample too."""
    digest = models.CharField(max_length=64)
    base = models.ForeignKey(HandbookVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    """The version it was compared with and follows; None for a handbook that is new."""
    dropped = models.JSONField(default=list)
    """Ids of parameters whose value of a manager it cannot take over."""
    touched = models.JSONField(default=dict)
    """{"parameter": id, "before": value, "after": value} of a change of one parameter."""
    why = models.TextField(blank=True, default="")
    wanted_from = models.DateTimeField(null=True)
    """When it is to take effect; None: with the approval."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    prepared_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    decided_by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    remark = models.TextField(blank=True, default="")
    """Why it was declined or cancelled."""
    installed = models.OneToOneField(HandbookVersion, null=True, on_delete=models.SET_NULL, related_name="proposal")
    study_state = models.CharField(max_length=8, choices=Study.choices, default=Study.NONE)
    study_done = models.IntegerField(default=0)
    study_total = models.IntegerField(default=0)
    study = models.JSONField(default=dict)
    """What would change for open work, and how the scenarios went; see study.py."""
    studied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="approved") | ~models.Q(decided_by=models.F("prepared_by")),
                name="adoption_nobody_approves_his_own",
            )
        ]
        indexes = [
            models.Index(fields=["name", "-id"], name="adoption_name"),
            models.Index(fields=["state"], name="adoption_state"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.state})"


class Receipt(models.Model):
    """Somebody whose work a change touches: told when, reminded how often, read when."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="receipts")
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+")
    roles = models.JSONField(default=list)
    """Ids of the roles he held then that are touched."""
    told_at = models.DateTimeField()
    reminded = models.IntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "staff"], name="adoption_receipt_once")]
        indexes = [models.Index(fields=["staff"], condition=models.Q(read_at=None), name="adoption_unread")]
