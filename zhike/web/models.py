"""Tables of the roof itself: the sandbox's clock, the codes customers follow a case with, what other software calls with."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from zhike.cases.models import Case
from zhike.org.models import Staff


class SandboxClock(models.Model):
    """The virtual time of a sandbox: one row. It stands still until somebody moves it."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()
    moved_at = models.DateTimeField(db_default=Now())
    """The machine's time of the last move."""

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="web_one_sandbox_clock")]


class FollowCode(models.Model):
    """A request to follow a case by its number and a code sent to a phone.

    There is a row for every request, also for a number that does not exist: limits count them alike, and the page
    answers the same. Times are the machine's: guessing happens in real time even where the product's time stands still.
    """

    case = models.ForeignKey(Case, null=True, on_delete=models.CASCADE)
    """None: there is no such case, or the phone is not the customer's."""
    number = models.CharField(max_length=40)
    """As it was typed, in capitals."""
    address = models.CharField(max_length=45)
    """The network address that asked."""
    digest = models.CharField(max_length=64, blank=True, default="")
    """Keyed hash of the code; empty where none was sent."""
    sent_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["number", "-sent_at"], name="web_code_number"),
            models.Index(fields=["address", "-sent_at"], name="web_code_address"),
        ]


class SignInAttempt(models.Model):
    """A failed sign-in. Holds a digest of the name, not the name; limits in web/sign_in/attempts.py."""

    address = models.CharField(max_length=45)
    account = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["address", "-at"], name="web_sign_in_address"),
            models.Index(fields=["account", "-at"], name="web_sign_in_account"),
        ]


class AllowanceWindow(models.Model):
    """How much of an allowance a caller has taken in the window that runs (web/allowances.py). Not logged: a crash begins it anew."""

    key = models.CharField(max_length=120, primary_key=True)
    began = models.DateTimeField()
    taken = models.IntegerField()

    class Meta:
        db_table = "web_allowance"
        indexes = [models.Index(fields=["began"], name="web_allowance_began")]


class ApiToken(models.Model):
    """What other software signs in with. It acts as its owner, with the owner's keys and never more."""

    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the token; the token itself is shown once and kept nowhere."""
    begins = models.CharField(max_length=12)
    """Its first characters, to recognise it by."""
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="api_tokens")
    scopes = ArrayField(models.CharField(max_length=32), default=list)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=80)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    """To the minute: looking at a list writes nothing."""
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=80, blank=True, default="")
    is_held_back: bool
    """Where api.tokens.living_token read it: its owner has to set up a second factor first."""

    class Meta:
        indexes = [models.Index(fields=["owner", "-created_at"], name="web_token_owner")]


class ApiRequest(models.Model):
    """A write that was answered under an idempotency key: the same request sent again gets this answer."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE)
    key = models.CharField(max_length=128)
    digest = models.CharField(max_length=64)
    """SHA-256 of what was asked: method, address, condition, body."""
    at = models.DateTimeField()
    status = models.SmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="web_api_request_once")]
        indexes = [models.Index(fields=["at"], name="web_api_request_at")]


class BackupPlan(models.Model):
    """When backups are made by themselves and how long they are kept: one row, there from the beginning."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    is_on = models.BooleanField(default=True)
    hour = models.SmallIntegerField(default=2)
    """From this hour of the night on, the product's time zone."""
    keep_days = models.IntegerField(default=14)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="web_one_backup_plan"),
            models.CheckConstraint(
                condition=models.Q(hour__range=(0, 23), keep_days__range=(1, 3650)), name="web_backup_plan_sound"
            ),
        ]


class BackupRun(models.Model):
    """A backup the product made or tried to make. Those written by `zhike backup FILE` stand in the journal only."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    by = models.CharField(max_length=80)
    name = models.CharField(max_length=120)
    """The name of the file in the folder of backups."""
    size = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    files = models.IntegerField(default=0)
    step = models.CharField(max_length=20, blank=True, default="")
    share = models.SmallIntegerField(default=0)
    """How much of the step is done, in per cent."""
    why = models.CharField(max_length=400, blank=True, default="")
    removed_at = models.DateTimeField(null=True)
    """When its time was over and the file was removed."""

    class Meta:
        indexes = [models.Index(fields=["-started_at", "-id"], name="web_backup_newest")]


class ChainCheck(models.Model):
    """A walk along the journal's chain that somebody asked for: how far it is, and what it found."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=80)
    expect = models.CharField(max_length=64, blank=True, default="")
    """A digest noted earlier that must still be in the chain."""
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    seals = models.IntegerField(default=0)
    unsealed = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True, default="")
    findings = models.JSONField(default=list)
    """[[first position, last position, kind, message]]"""
    why = models.CharField(max_length=200, blank=True, default="")
    """Why it was not brought to its end."""

    class Meta:
        indexes = [models.Index(fields=["-started_at", "-id"], name="web_chain_check_newest")]


class FactReview(models.Model):
    """Somebody else's verdict on a fact: a look behind a mask, or data that were taken out."""

    fact_id = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="fact_reviews")
    is_justified = models.BooleanField()
