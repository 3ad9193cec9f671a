"""Shared reads of short messages."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum

from zhike.channels.sms.models import DoNotContact, OutgoingMessage, SmsGateway, SmsTemplate

PAGE = 50
CHINA = ZoneInfo("Asia/Shanghai")


def messages_out(state: str, before: int | None) -> list[OutgoingMessage]:
    """One more than a page, the newest first."""
    found = OutgoingMessage.objects.select_related("gateway", "template")
    found = found.filter(state=state) if state else found
    found = found.filter(pk__lt=before) if before is not None else found
    return list(found.order_by("-id")[: PAGE + 1])


def totals(now: dt.datetime) -> tuple[int, int, int]:
    """(messages, segments, thousandths of a yuan) the providers took in this month."""
    begins = now.astimezone(CHINA).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    taken = OutgoingMessage.objects.filter(at__gte=begins, state__in=("sent", "delivered"))
    found = taken.aggregate(count=Count("pk"), segments=Sum("segments"), price=Sum("price"))
    return found["count"], found["segments"] or 0, found["price"] or 0


def active_gateways() -> list[SmsGateway]:
    return list(SmsGateway.objects.select_related("inbox").filter(is_active=True).order_by("pk"))


def templates_listed() -> list[SmsTemplate]:
    """What waits for a second person first; the retired last."""
    rows = SmsTemplate.objects.select_related("gateway")[:500]
    order = ["waiting", "draft", "refused", "approved", "retired"]
    return sorted(rows, key=lambda row: (order.index(row.state), row.code))


def unwanted(before: int | None) -> list[DoNotContact]:
    """Numbers not to be contacted, the newest first; one more than a page."""
    found = DoNotContact.objects.filter(ended_at=None)
    found = found.filter(pk__lt=before) if before is not None else found
    return list(found.order_by("-id")[: PAGE + 1])
