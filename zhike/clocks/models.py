"""Deadlines as rows. `next_at` is the one indexed moment at which something happens next; NULL when nothing will."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

INSTANT = dt.timedelta(microseconds=1)
"""The finest step the database keeps."""


class Clock(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting"
        """Begins at a later moment, `started_at`; until then it is nobody's."""
        RUNNING = "running"
        PAUSED = "paused"
        OVERDUE = "overdue"
        """Breached and still to be done."""
        KEPT = "kept"
        LATE = "late"
        """Done, after the limit."""
        CANCELLED = "cancelled"
        MISSED = "missed"
        """Ran out, and cannot be done any more: the day of a daily duty."""

    OPEN = (State.RUNNING, State.PAUSED, State.OVERDUE)
    UNDECIDED = (State.WAITING, *OPEN)

    version_id = models.BigIntegerField()
    """The handbook version it was started under, and stays under."""
    handbook = models.CharField(max_length=64)
    clause = models.CharField(max_length=32)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.BigIntegerField()
    key = models.CharField(max_length=120, unique=True)
    """Makes a start idempotent, e.g. "case:7/WARN-05/2"."""
    slot = models.CharField(max_length=120)
    """Taken by one open clock at a time: "case:7/WARN-05" where a second start changes nothing, else the key."""
    watches = models.CharField(max_length=8, blank=True, default="")
    """"duty" for the clock of an obligation: only the duties room stops it."""
    each_acts = models.BooleanField(default=False)
    """One of several clocks, one for each holder: only that holder's own act stops it."""
    lapses = models.BooleanField(default=False)
    """What was not done by then cannot be done later."""
    strict = models.BooleanField(default=False)
    """The very instant of `due_at` is late already."""
    holders = ArrayField(models.CharField(max_length=120))
    """Principals who hold the clock."""
    held_as = models.CharField(max_length=200, blank=True, default="")
    """Role ids the holders were resolved from, comma separated; for display."""
    charged = ArrayField(models.CharField(max_length=120), default=list)
    """Principals a breach is counted against where not the holders (`charged_to`)."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    target_at = models.DateTimeField(null=True)
    """A softer limit that is only measured (`target`); NULL where its clause has none."""
    limit = models.JSONField()
    """{"amount": 30, "unit": "minute", "time": "wall", "calendar": null, "at": null, "until": null, "from": null,
    "warn": [80.0], "zone": "Asia/Shanghai", "minutes": 30.0}

    `minutes` is the limit in the clock's own time; `until` a fixed instant instead of a duration; `from` where it is
    counted from, if not from its start; `rosters` who held it from when on, where the holder's shifts count; `warn` all its
    shares, ascending; `calendar` "" the handbook's own, null none. With a target also `target`: {"amount", "unit", "calendar",
    "warns"}, the last whether the holder is told when it passes.
    """
    warn_at = ArrayField(models.DateTimeField(), default=list)
    """Warnings still to come, soonest first."""
    next_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=80, blank=True, default="")
    pauses = models.JSONField(default=list)
    """[[from, to or null], ...] as ISO instants."""
    extensions = models.JSONField(default=list)
    """[{"amount", "unit", "at", "asked_by", "approved_by", "why", "before", "after"}, ...]; "request" too where it is known."""
    survives_close = models.BooleanField(default=False)
    until = ArrayField(models.CharField(max_length=80), default=list)
    facts = models.JSONField(default=dict)
    """What the decision rested on."""
    audience = ArrayField(models.CharField(max_length=120), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slot"],
                condition=models.Q(state__in=["running", "paused", "overdue"]),
                name="clocks_one_open_a_slot",
            )
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="clocks_next"),
            models.Index(fields=["subject_kind", "subject_id"], name="clocks_subject"),
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(state__in=["running", "paused", "overdue"]),
                name="clocks_open_due",
            ),
            GinIndex(
                fields=["holders"],
                condition=models.Q(state__in=["running", "paused", "overdue"]),
                name="clocks_open_holders",
            ),
            models.Index(fields=["handbook", "clause", "due_at"], name="clocks_clause"),
        ]

    @property
    def subject(self) -> tuple[str, int]:
        return (self.subject_kind, self.subject_id)

    @property
    def broken_by(self) -> list[str]:
        """Whom a breach is counted against."""
        return self.charged or self.holders

    @property
    def over_at(self) -> dt.datetime:
        """The first instant that is too late."""
        return self.due_at if self.strict else self.due_at + INSTANT

    @property
    def in_target(self) -> bool | None:
        return in_target(self.state, self.target_at, self.stopped_at, self.strict)

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    def __str__(self) -> str:
        return self.key


def in_target(state: str, target_at: dt.datetime | None, stopped_at: dt.datetime | None, strict: bool) -> bool | None:
    """Whether a clock in this state was done within its target; None without one, and until it is done or has run out."""
    if target_at is None:
        return None
    if state == Clock.State.KEPT and stopped_at is not None:
        return stopped_at < target_at if strict else stopped_at <= target_at
    return False if state in (Clock.State.OVERDUE, Clock.State.LATE, Clock.State.MISSED) else None
