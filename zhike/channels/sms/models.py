"""Tables of short messages."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from zhike.conversations.models import Inbox
from zhike.customers.models import Customer


class Purpose(models.TextChoices):
    SERVICE = "service"
    """Carrying out what the customer asked for."""
    MARKETING = "marketing"
    VERIFICATION = "verification"
    """A code somebody asked for this very moment."""


class SmsGateway(models.Model):
    """A provider's account through which messages leave and replies come in."""

    class Provider(models.TextChoices):
        LOCAL = "local"
        """Keeps everything here, for trying things out; receipts and replies are played by hand."""
        ALIYUN = "aliyun"
        TENCENT = "tencent"

    name = models.CharField(max_length=80)
    provider = models.CharField(max_length=8, choices=Provider.choices)
    inbox = models.OneToOneField(Inbox, on_delete=models.PROTECT, related_name="sms_gateway")
    """Where replies become conversations."""
    access_id = models.CharField(max_length=128, blank=True, default="")
    """Aliyun: AccessKeyId. Tencent: SecretId."""
    region = models.CharField(max_length=32, blank=True, default="")
    app_id = models.CharField(max_length=32, blank=True, default="")
    """Tencent: SmsSdkAppId."""
    endpoint = models.CharField(max_length=200, blank=True, default="")
    """Another address of the interface than the provider's own."""
    price = models.IntegerField(default=0)
    """Of one segment, in thousandths of a yuan."""
    key_id = models.CharField(max_length=16, blank=True, default="")
    sealed = models.BinaryField(default=b"")
    """The secret of the account, encrypted."""
    callback = models.CharField(max_length=43, unique=True)
    """The part of the callback's address nobody can guess: these providers sign nothing."""
    reply_template = models.ForeignKey("SmsTemplate", null=True, on_delete=models.SET_NULL, related_name="+")
    """Free words of an agent travel as the one variable of this template."""
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=80)

    class Meta:
        app_label = "channels"

    def __str__(self) -> str:
        return self.name


class SmsTemplate(models.Model):
    """Words with variables in braces. Only an approved one is sent; who wrote it does not approve it."""

    class State(models.TextChoices):
        DRAFT = "draft"
        WAITING = "waiting"
        APPROVED = "approved"
        REFUSED = "refused"
        RETIRED = "retired"

    code = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=80)
    handbook = models.CharField(max_length=64)
    gateway = models.ForeignKey(SmsGateway, on_delete=models.PROTECT, related_name="templates")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    words = models.CharField(max_length=500)
    variables = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    """In the order they first stand in the words: Tencent counts, Aliyun names them."""
    signature = models.CharField(max_length=20)
    """What stands in 【】 before the words, as registered with the provider."""
    provider_code = models.CharField(max_length=40, blank=True, default="")
    """The provider's own name of the template: SMS_123456789, 1234567."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    written_by = models.CharField(max_length=80)
    """A principal."""
    written_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True, default="")
    version = models.IntegerField(default=1)

    class Meta:
        app_label = "channels"
        indexes = [models.Index(fields=["handbook", "state", "code"], name="channels_templates")]

    def __str__(self) -> str:
        return self.title


class OutgoingMessage(models.Model):
    """A short message to a phone. Without a gateway it stays here, where an administrator can read it."""

    class State(models.TextChoices):
        HELD = "held"
        """No gateway is connected: kept, not sent."""
        WAITING = "waiting"
        """To be sent, not before `not_before`."""
        SENDING = "sending"
        """A worker is at it."""
        SENT = "sent"
        """The provider took it."""
        DELIVERED = "delivered"
        FAILED = "failed"
        REFUSED = "refused"
        """The gate did not let it through; `why` and `clause` say which."""
        UNKNOWN = "unknown"
        """The provider may have it: no answer came. It is asked about, and never sent again by itself."""

    UNDECIDED = (State.WAITING, State.SENDING, State.SENT, State.UNKNOWN)

    to = models.CharField(max_length=20)
    """A phone number in E.164."""
    words = models.TextField()
    at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.HELD)
    why = models.CharField(max_length=200, blank=True, default="")
    """The code of why it failed, was refused or is tried again (conversations/failures.py)."""
    why_values = models.JSONField(default=dict)
    clause = models.CharField(max_length=32, blank=True, default="")
    gateway = models.ForeignKey(
        SmsGateway, null=True, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    template = models.ForeignKey(SmsTemplate, null=True, on_delete=models.PROTECT, related_name="messages")
    values = models.JSONField(default=dict)
    """{variable: words}"""
    purpose = models.CharField(max_length=12, choices=Purpose.choices, default=Purpose.SERVICE)
    handbook = models.CharField(max_length=64, blank=True, default="")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.SET_NULL, related_name="+")
    message = models.BigIntegerField(null=True, db_index=True)
    """The message of a conversation it carries; tried again by a person it is carried by another row."""
    key = models.CharField(max_length=80, null=True, unique=True)
    """Chosen by whoever asks for it: the same key again is the same message."""
    by = models.CharField(max_length=80, blank=True, default="")
    segments = models.IntegerField(default=1)
    price = models.IntegerField(default=0)
    """Of all segments, in thousandths of a yuan, once the provider took it."""
    attempts = models.IntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=64, blank=True, default="", db_index=True)
    code = models.CharField(max_length=64, blank=True, default="")
    """What the provider calls what happened: OK, isv.BUSINESS_LIMIT_CONTROL, DELIVERED."""
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    early = models.JSONField(default=list)
    """Receipts that came before the provider's answer: without its id nobody knew yet whether they are about this one."""

    class Meta:
        app_label = "channels"
        indexes = [
            models.Index(fields=["-at", "-id"], name="channels_newest"),
            models.Index(fields=["state", "-id"], name="channels_sms_state"),
            models.Index(fields=["to", "-at"], name="channels_sms_to"),
        ]

    def __str__(self) -> str:
        return f"{self.to} {self.state}"


class IncomingSms(models.Model):
    """A reply as the provider handed it over: kept whatever becomes of it, so that it is taken once."""

    gateway = models.ForeignKey(SmsGateway, on_delete=models.PROTECT, related_name="replies", db_index=False)
    key = models.CharField(max_length=64)
    number = models.CharField(max_length=20)
    words = models.TextField(blank=True, default="")
    at = models.DateTimeField()
    became = models.CharField(max_length=32, blank=True, default="")
    """The number of a conversation, or `unsubscribed`."""

    class Meta:
        app_label = "channels"
        constraints = [models.UniqueConstraint(fields=["gateway", "key"], name="channels_reply_once")]
        indexes = [models.Index(fields=["-at", "-id"], name="channels_replies")]

    def __str__(self) -> str:
        return f"{self.number} {self.became}"


class DoNotContact(models.Model):
    """A number that wants no marketing, or nothing at all; until somebody ends it with a reason."""

    class Scope(models.TextChoices):
        MARKETING = "marketing"
        ALL = "all"

    number = models.CharField(max_length=20)
    scope = models.CharField(max_length=9, choices=Scope.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    why = models.CharField(max_length=120, blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        app_label = "channels"
        constraints = [
            models.UniqueConstraint(
                fields=["number", "scope"],
                condition=models.Q(ended_at__isnull=True),
                name="channels_not_contacted_once",
            )
        ]
        indexes = [models.Index(fields=["-at", "-id"], name="channels_not_contacted")]

    def __str__(self) -> str:
        return f"{self.number} {self.scope}"
