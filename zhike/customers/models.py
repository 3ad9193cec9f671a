"""The archive: people and companies, how they are reached, what they agreed to, and files of them that come in."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Reverse, Upper

from zhike.org.models import Staff


class Customer(models.Model):
    class Kind(models.TextChoices):
        PERSON = "person"
        COMPANY = "company"

    name = models.CharField(max_length=80, blank=True, default="")
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.PERSON)
    name_key = models.CharField(max_length=80, blank=True, default="")
    """The name as duplicates are found by it: `lib.names` of customers, see `naming.name_key`."""
    tier = models.CharField(max_length=20, blank=True, default="")
    tags = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    """Sorted, each once."""
    kept = ArrayField(models.TextField(), default=list, blank=True, editable=False)
    """What the cards say, as `handbook.field=value`: kept by the database with every change of a card, read by the list's filter."""
    remark = models.TextField(blank=True, default="")
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="absorbed")
    """The customer this one turned out to be; its page leads there."""
    version = models.IntegerField(default=1)
    """Counts edits by hand; a page that saves over a newer one is refused."""
    created_at = models.DateTimeField()
    is_sample = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="customers_name_prefix"),
            models.Index(fields=["name_key"], condition=~models.Q(name_key=""), name="customers_name_key"),
            models.Index(fields=["kind", "tier", "-id"], name="customers_listed"),
            models.Index(
                fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="customers_absorbed"
            ),
        ]


class ContactPoint(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=10, choices=[("phone", "phone"), ("email", "email")])
    value = models.CharField(max_length=120)
    """Normalised: phone numbers in E.164, e-mail in lower case."""
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="customers_contact_once")]
        indexes = [
            models.Index(fields=["value"], opclasses=["varchar_pattern_ops"], name="customers_contact_begins"),
            models.Index(OpClass(Reverse("value"), name="text_pattern_ops"), name="customers_contact_ends"),
        ]


class Identifier(models.Model):
    """A number somebody is registered under, encrypted; `blind` finds it again."""

    class Kind(models.TextChoices):
        RESIDENT = "resident_id"
        CREDIT_CODE = "credit_code"
        ORGANISATION = "organisation_code"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identifiers")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    key_id = models.CharField(max_length=16)
    sealed = models.BinaryField()
    blind = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "blind"], name="customers_identifier_once")]
        indexes = [models.Index(fields=["key_id", "id"], name="customers_identifier_key")]


class CustomerCard(models.Model):
    """What one handbook keeps of a customer beside the archive's own fields, as its record of kind `customer` asks."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="cards")
    handbook = models.CharField(max_length=60)
    values = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "handbook"], name="customers_card_once")]


class Relation(models.Model):
    """`other` is the contact person, authorised agent ... of `customer`, until it is ended."""

    class Kind(models.TextChoices):
        CONTACT = "contact_person"
        AGENT = "authorised_agent"
        FAMILY = "family"
        PARENT = "parent_company"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="relations")
    other = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="related_to")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "other", "kind"],
                condition=models.Q(ended_at__isnull=True),
                name="customers_relation_once",
            ),
            models.CheckConstraint(condition=~models.Q(customer=models.F("other")), name="customers_relation_of_two"),
        ]


class Consent(models.Model):
    """What a customer agreed to: which purpose, the words (version) he was shown, where and when; and when he took it
    back. Nothing is overwritten: agreeing again is another row.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20)
    version = models.CharField(max_length=40)
    channel = models.CharField(max_length=20)
    given_at = models.DateTimeField()
    noted_by = models.CharField(max_length=80)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_channel = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["customer", "purpose", "-given_at"], name="customers_consent_latest")]


class Unmasking(models.Model):
    """Somebody looked behind a mask, and said what for; somebody else looks over it."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="unmaskings")
    at = models.DateTimeField()
    by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="unmaskings")
    what = models.CharField(max_length=20)
    """"phone", "email" or a kind of identifier."""
    purpose = models.CharField(max_length=20)
    words = models.CharField(max_length=200)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="unmaskings_reviewed")
    is_justified = models.BooleanField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-at", "-id"], name="customers_unmasking_newest")]


class ImportMapping(models.Model):
    """Which column of a file is what, remembered for the next file with the same head."""

    head = models.CharField(max_length=64, unique=True)
    """SHA-256 of the column names."""
    columns = models.JSONField()
    """{"0": "name", "3": "phone"}: number of the column, from 0, and the field."""
    at = models.DateTimeField()


class ImportRun(models.Model):
    """One file coming in. `staged` and `applied` are lines of the file: the cursors a killed import goes on from."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        PAUSED = "paused"
        DONE = "done"
        FAILED = "failed"

    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    columns = models.JSONField(default=dict)
    head = ArrayField(models.CharField(max_length=80), default=list)
    tags = ArrayField(models.CharField(max_length=20), default=list)
    is_sample = models.BooleanField(default=False)
    staged = models.IntegerField(default=0)
    is_staged = models.BooleanField(default=False)
    applied = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    filled = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    why = models.CharField(max_length=300, blank=True, default="")
    """Why it failed, for people."""
    finished_at = models.DateTimeField(null=True)


class ImportRow(models.Model):
    """A line read and not yet applied; it goes when it is."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE)
    line = models.IntegerField()
    cells = ArrayField(models.TextField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "line"], name="customers_import_line_once")]


class ImportFault(models.Model):
    """A line that could not be taken, with what to do; identity numbers in it are masked."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="faults")
    line = models.IntegerField()
    field = models.CharField(max_length=120)
    words_zh = models.CharField(max_length=200)
    words_en = models.CharField(max_length=200)
    cells = ArrayField(models.TextField())

    class Meta:
        indexes = [models.Index(fields=["run", "line"], name="customers_import_faults")]
