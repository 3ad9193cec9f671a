"""Tables of the roof itself: the sandbox's clock and the codes customers follow a case with."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from zhike.cases.models import Case


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
