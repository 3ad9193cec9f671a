"""Tables of WeChat."""

from __future__ import annotations

from django.db import models

from zhike.conversations.models import Inbox


class WechatAccount(models.Model):
    """An Official Account, or one account of WeCom customer service."""

    class Kind(models.TextChoices):
        OFFICIAL = "official"
        WECOM = "wecom"

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    inbox = models.OneToOneField(Inbox, on_delete=models.PROTECT, related_name="wechat_account")
    app_id = models.CharField(max_length=64)
    """The AppID, or the CorpID: callbacks are sealed for it."""
    open_kfid = models.CharField(max_length=64, blank=True, default="")
    """WeCom: the customer-service account."""
    endpoint = models.CharField(max_length=200, blank=True, default="")
    """Another address of the interface than WeChat's own."""
    key_id = models.CharField(max_length=16)
    sealed = models.BinaryField()
    """JSON {"secret", "token", "aes_key"}, encrypted."""
    callback = models.CharField(max_length=43, unique=True)
    cursor = models.CharField(max_length=64, blank=True, default="")
    """WeCom: up to where messages were fetched."""
    trouble = models.CharField(max_length=200, blank=True, default="")
    """What last went wrong, until it works again."""
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=80)

    class Meta:
        app_label = "channels"

    def __str__(self) -> str:
        return self.name


class WechatToken(models.Model):
    """The access token of an account, shared by all processes: whoever holds the row fetches a new one, the others wait and read it."""

    account = models.OneToOneField(WechatAccount, on_delete=models.CASCADE, related_name="access", primary_key=True)
    key_id = models.CharField(max_length=16, blank=True, default="")
    sealed = models.BinaryField(default=b"")
    ends_at = models.DateTimeField(null=True)
    """In the machine's time."""

    class Meta:
        app_label = "channels"

    def __str__(self) -> str:
        return str(self.ends_at)


class WechatEvent(models.Model):
    """What came in, kept before it was answered; then it becomes a message, in the order it came."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        IGNORED = "ignored"
        """An event that says nothing to us."""

    account = models.ForeignKey(WechatAccount, on_delete=models.CASCADE, related_name="events", db_index=False)
    key = models.CharField(max_length=80)
    """WeChat's own id of it: delivered again it is kept once."""
    payload = models.JSONField()
    at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    attempts = models.IntegerField(default=0)
    why = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        app_label = "channels"
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="channels_wechat_once")]
        indexes = [
            models.Index(fields=["account", "id"], condition=models.Q(state="waiting"), name="channels_wechat_waiting"),
            models.Index(fields=["at"], name="channels_wechat_at"),
        ]

    def __str__(self) -> str:
        return self.key
