"""Tables of the room, by medium."""

from __future__ import annotations

from django.db import models

from zhike.channels.sms.models import (
    DoNotContact,
    IncomingSms,
    OutgoingMessage,
    Purpose,
    SmsGateway,
    SmsTemplate,
)
from zhike.channels.wechat.models import WechatAccount, WechatEvent, WechatToken

__all__ = [
    "DoNotContact",
    "IncomingSms",
    "OutgoingMessage",
    "Purpose",
    "SmsGateway",
    "SmsTemplate",
    "VisitorToken",
    "WechatAccount",
    "WechatEvent",
    "WechatToken",
]


class VisitorToken(models.Model):
    """An identity token of a web chat that was shown: it works for the browser that showed it first, and for no other."""

    digest = models.CharField(max_length=64, primary_key=True)
    holder = models.CharField(max_length=64)
    """The digest of that browser's secret."""
    ends_at = models.DateTimeField(db_index=True)
