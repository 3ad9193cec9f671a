"""Subscriptions, what was and is to be delivered to them, and every attempt."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from zhike.org.models import Department, Staff


class Subscription(models.Model):
    """An address that is told of certain events, as far as its owner may see them."""

    class State(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"
        REMOVED = "removed"

    name = models.CharField(max_length=80)
    address = models.CharField(max_length=500)
    owner = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="webhooks")
    kinds = ArrayField(models.CharField(max_length=64))
    handbook = models.CharField(max_length=64, blank=True, default="")
    """Only facts of this handbook; "" all."""
    process = models.CharField(max_length=40, blank=True, default="")
    """Only facts about cases of this process; "" all."""
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")
    """Only facts about cases of this department and those below it, or about these departments."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    why = models.CharField(max_length=16, blank=True, default="")
    """Why it is paused: by_hand, failing, gone (the receiver said 410) or owner (disabled)."""
    changed_at = models.DateTimeField()
    """Since when it is in this state."""
    position = models.BigIntegerField()
    """The place in the stream up to which deliveries were written. It stands still while paused: nothing is lost."""
    secret_key = models.CharField(max_length=16)
    secret_sealed = models.BinaryField()
    former_key = models.CharField(max_length=16, blank=True, default="")
    former_sealed = models.BinaryField(null=True)
    """The secret before, while receivers change over."""
    former_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=80)

    class Meta:
        indexes = [models.Index(fields=["state", "position"], name="webhooks_place")]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One fact for one subscription. Sent in the order of ids; what waits holds up what comes after it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        WITHHELD = "withheld"
        """The owner may not see it any more."""
        SKIPPED = "skipped"
        """Somebody gave it up."""
        FAILED = "failed"
        """A test that failed: tests are tried once."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    """The same on every attempt and on every replay: receivers know a repetition by it."""
    position = models.BigIntegerField(null=True)
    """Of the fact in the stream; None for a test."""
    fact_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=16, blank=True, default="")
    subject_id = models.BigIntegerField(null=True)
    audience = ArrayField(models.CharField(max_length=120), default=list)
    """Of the fact: asked again before each attempt."""
    body = models.TextField()
    """JSON, signed and sent as it stands."""
    at = models.DateTimeField()
    """When it was written, in the machine's time."""
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.IntegerField(default=0)
    """Since it was written, or replayed, or the subscription resumed."""
    next_at = models.DateTimeField()
    """Not before; in the machine's time."""
    settled_at = models.DateTimeField(null=True)
    replays = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "position"], name="webhooks_once")]
        indexes = [
            models.Index(fields=["subscription", "-id"], name="webhooks_newest"),
            models.Index(fields=["subscription", "id"], condition=models.Q(state="waiting"), name="webhooks_waiting"),
            models.Index(fields=["at"], name="webhooks_at"),
        ]


class Attempt(models.Model):
    """One try: what went out when, and what came back."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    status = models.SmallIntegerField(default=0)
    """Of HTTP; 0 where no answer came."""
    fault = models.CharField(max_length=16, blank=True, default="")
    milliseconds = models.IntegerField()
    answer = models.TextField(blank=True, default="")
    """The beginning of the answer, numbers and secrets masked."""
