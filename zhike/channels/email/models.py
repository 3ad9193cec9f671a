"""Mailboxes, every mail that came in, every mail that goes out."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from zhike.conversations.models import Conversation, Inbox, Message


class Mailbox(models.Model):
    """How the mails of one inbox are fetched and sent. Its address is the inbox's key."""

    class Security(models.TextChoices):
        TLS = "tls"
        STARTTLS = "starttls"
        NONE = "none"
        """In the clear: for servers on this machine only."""

    inbox = models.OneToOneField(Inbox, on_delete=models.PROTECT, related_name="mailbox")
    sender_name = models.CharField(max_length=80)
    """What customers read beside the address."""
    imap_host = models.CharField(max_length=190)
    imap_port = models.IntegerField(default=993)
    imap_security = models.CharField(max_length=8, choices=Security.choices, default=Security.TLS)
    imap_user = models.CharField(max_length=190)
    imap_key = models.CharField(max_length=16)
    imap_sealed = models.BinaryField()
    folder = models.CharField(max_length=80, default="INBOX")
    smtp_host = models.CharField(max_length=190)
    smtp_port = models.IntegerField(default=465)
    smtp_security = models.CharField(max_length=8, choices=Security.choices, default=Security.TLS)
    smtp_user = models.CharField(max_length=190, blank=True, default="")
    """Empty where the server asks for no name."""
    smtp_key = models.CharField(max_length=16, blank=True, default="")
    smtp_sealed = models.BinaryField(default=b"")
    signature = models.CharField(max_length=500, blank=True, default="")
    language = models.CharField(max_length=2, choices=[("zh", "中文"), ("en", "English")], default="zh")
    """Of what the product itself writes: to a customer whose language is not known, and in notes to those who answer."""
    auto_answer = models.TextField(blank=True, default="")
    """Said once to who begins a conversation; nothing where it is empty."""
    plus_addressing = models.BooleanField(default=False)
    """The server takes mail for name+anything@: answers come back to an address that names the conversation."""
    blocked = ArrayField(models.CharField(max_length=190), default=list, blank=True)
    """Addresses and domains (@example.com) whose mails are kept aside."""
    allowed = ArrayField(models.CharField(max_length=190), default=list, blank=True)
    """Addresses and domains whose mails are never kept aside."""
    uidvalidity = models.BigIntegerField(null=True)
    """Of the folder as it was read last; another one means that its numbers begin anew."""
    last_uid = models.BigIntegerField(default=0)
    """Everything up to here was taken."""
    since = models.DateTimeField()
    """Mails that came to the server before are left there."""
    read_at = models.DateTimeField(null=True)
    """When the folder was last looked through without a fault."""
    read_fault = models.CharField(max_length=300, blank=True, default="")
    sent_at = models.DateTimeField(null=True)
    send_fault = models.CharField(max_length=300, blank=True, default="")
    patience = models.IntegerField(default=72)
    """Hours after which a folder that cannot be read is tried no more; 0: it is tried for ever."""
    failures = models.IntegerField(default=0)
    """Attempts at reading in a row that failed."""
    failing_since = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    gave_up_at = models.DateTimeField(null=True)
    """These four in the machine's time."""
    revision = models.IntegerField(default=1)
    """Grows with each change of the settings: whoever reads or sends begins anew."""

    class Meta:
        verbose_name_plural = "mailboxes"

    @property
    def address(self) -> str:
        return self.inbox.key


class Mail(models.Model):
    """A mail that came in; its raw form is a file under its digest (raw.py)."""

    class State(models.TextChoices):
        ACCEPTED = "accepted"
        """In a conversation."""
        SPAM = "spam"
        AUTO = "auto"
        """Written by a machine: nobody waits for an answer."""
        REPORT = "report"
        """About a mail of ours: it did not arrive, it is late, it arrived."""
        OWN = "own"
        """From a mailbox of ours: taken up again it would go round for ever."""
        BROKEN = "broken"
        """It could not be taken up; a fault of ours."""

    HELD = (State.SPAM, State.AUTO, State.OWN, State.BROKEN)
    """Kept aside, to be released by somebody."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="mails", db_index=False)
    digest = models.CharField(max_length=64)
    """Of sender, Message-ID and body: fed twice, it is there once."""
    raw_digest = models.CharField(max_length=64)
    size = models.IntegerField()
    identifier = models.CharField(max_length=250, blank=True, default="")
    """Its Message-ID, without the angle brackets."""
    sender = models.CharField(max_length=190)
    sender_name = models.CharField(max_length=80, blank=True, default="")
    subject = models.CharField(max_length=200, blank=True, default="")
    sent_at = models.CharField(max_length=40, blank=True, default="")
    """As the sender says, in ISO; for display."""
    received_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices)
    reasons = ArrayField(models.CharField(max_length=40), default=list)
    """Why it stands where it stands: codes of judging.REASONS."""
    conversation = models.ForeignKey(
        Conversation, null=True, on_delete=models.SET_NULL, related_name="mails", db_index=False
    )
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="mails", db_index=False)
    about = models.ForeignKey("Outgoing", null=True, on_delete=models.SET_NULL, related_name="reports", db_index=False)
    """The mail of ours a report is about."""
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=80, blank=True, default="")
    """Who released it."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "digest"], name="mail_once")]
        indexes = [
            models.Index(fields=["state", "-id"], name="mail_by_state"),
            models.Index(fields=["-id", "mailbox"], name="mail_newest"),
            models.Index(fields=["identifier", "sender"], name="mail_identifier"),
            models.Index(fields=["sender", "received_at"], name="mail_of_sender"),
            models.Index(fields=["message"], name="mail_of_message"),
            models.Index(fields=["conversation"], name="mail_of_conversation"),
        ]


class Outgoing(models.Model):
    """A message of a conversation on its way out as a mail."""

    class State(models.TextChoices):
        WAITING = "waiting"
        TAKEN = "taken"
        """Being given to the server; its end was not sent yet, so breaking off here is harmless."""
        HANDING = "handing"
        """Its end is being sent: from here on the server may have it."""
        SENT = "sent"
        FAILED = "failed"
        UNKNOWN = "unknown"
        """The server may have it or not: a person decides."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="outgoing")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="outgoing", db_index=False)
    to = models.CharField(max_length=190)
    identifier = models.CharField(max_length=250, unique=True)
    """The Message-ID we gave it (tokens.py)."""
    is_auto = models.BooleanField(default=False)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    made_at = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    """Not before; in the machine's time."""
    fault = models.CharField(max_length=300, blank=True, default="")
    raw_digest = models.CharField(max_length=64, blank=True, default="")
    """What was sent, as it was sent."""
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["mailbox", "next_at"], condition=models.Q(state="waiting"), name="mail_waiting"),
            models.Index(fields=["state", "-id"], name="mail_out_by_state"),
            models.Index(fields=["to", "made_at"], condition=models.Q(is_auto=True), name="mail_auto_answers"),
        ]
