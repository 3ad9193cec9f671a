"""Messages on their way out."""

from __future__ import annotations

from django.db import models


class OutgoingMessage(models.Model):
    """A short message to a phone. Without a gateway it stays here, where an administrator can read it."""

    class State(models.TextChoices):
        HELD = "held"
        """No gateway is connected: kept, not sent."""
        SENT = "sent"
        FAILED = "failed"

    to = models.CharField(max_length=20)
    """A phone number in E.164."""
    words = models.TextField()
    at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State.choices, default=State.HELD)

    class Meta:
        indexes = [models.Index(fields=["-at", "-id"], name="channels_newest")]


class VisitorToken(models.Model):
    """An identity token of a web chat that was shown: it works for the browser that showed it first, and for no other."""

    digest = models.CharField(max_length=64, primary_key=True)
    holder = models.CharField(max_length=64)
    """The digest of that browser's secret."""
    ends_at = models.DateTimeField(db_index=True)
