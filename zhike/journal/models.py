"""Tables of the journal. Facts and seals are append-only: triggers refuse UPDATE and DELETE, but for the emptying of a listed fact."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now


class Fact(models.Model):
    """Something that happened. `at` is the product's time, `recorded_at` the database's."""

    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    type = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.BigIntegerField()
    actor = models.CharField(max_length=80)
    """A principal: "staff:5", "customer:9", "system"."""
    handbook = models.CharField(max_length=64, blank=True, default="")
    clauses = ArrayField(models.CharField(max_length=32), default=list)
    payload = models.JSONField(default=dict)
    audience = ArrayField(models.CharField(max_length=120), default=list)
    """Principals that may hear of it; see org.principals."""

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="journal_fact_subject"),
            models.Index(fields=["actor", "id"], name="journal_fact_actor"),
            models.Index(fields=["type", "id"], name="journal_fact_type"),
            GinIndex(
                fields=["clauses"], fastupdate=False, condition=~models.Q(clauses=[]), name="journal_fact_clauses"
            ),
        ]


class Pending(models.Model):
    """A committed or committing fact that has no place in the stream yet."""

    fact = models.OneToOneField(Fact, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False)


class Stream(models.Model):
    """The order everybody reads in. Positions are given after commit, by one sequencer at a time, so a reader skips
    nothing.
    """

    position = models.BigAutoField(primary_key=True)
    fact = models.OneToOneField(Fact, on_delete=models.DO_NOTHING, db_constraint=False)


class Seal(models.Model):
    """The hash over a closed range of the stream, chained to the seal before it."""

    first = models.BigIntegerField()
    last = models.BigIntegerField(unique=True)
    count = models.IntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(db_default=Now())


class ClauseUse(models.Model):
    """One line of the clause ledger: the engine applied this clause to that subject, with this outcome."""

    class Outcome(models.TextChoices):
        APPLIED = "applied"
        KEPT = "kept"
        BROKEN = "broken"
        REFUSED = "refused"

    at = models.DateTimeField()
    handbook = models.CharField(max_length=64)
    version_id = models.BigIntegerField()
    clause = models.CharField(max_length=32)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.BigIntegerField()
    holder = models.CharField(max_length=120, blank=True, default="")
    minutes = models.FloatField(null=True)
    """Minutes used, where the clause is a limit."""
    late_minutes = models.FloatField(null=True)
    detail = models.JSONField(default=dict)
    """Facts used and the reason, as the Decision gave them."""

    class Meta:
        indexes = [
            models.Index(fields=["handbook", "clause", "outcome", "at"], name="journal_use_clause"),
            models.Index(fields=["subject_kind", "subject_id"], name="journal_use_subject"),
        ]


class UndoneUse(models.Model):
    """A line of the clause ledger that counts nowhere: what it tells of was undone, as the fact says. The line itself stays."""

    use = models.OneToOneField(
        ClauseUse, primary_key=True, on_delete=models.DO_NOTHING, related_name="undone", db_constraint=False
    )
    fact = models.ForeignKey(Fact, on_delete=models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+")


class Redaction(models.Model):
    """Where it is told that a fact was emptied: `told` is a fact `journal.redacted`, whose payload alone counts (redactions.py)."""

    fact = models.OneToOneField(
        Fact, primary_key=True, on_delete=models.DO_NOTHING, related_name="redaction", db_constraint=False
    )
    told = models.ForeignKey(Fact, on_delete=models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+")


class Heartbeat(models.Model):
    """A process that must be there says so every few seconds; `/healthz` reads how long ago, by the database's own
    time.
    """

    name = models.CharField(max_length=40, primary_key=True)
    """"worker", "live"."""
    beaten_at = models.DateTimeField(db_default=Now())
