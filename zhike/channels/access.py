"""The only way a view gets a gateway, a template, a message on its way or an account."""

from __future__ import annotations

from typing import TypeVar

from zhike.channels.refusals import NotFound
from zhike.channels.sms.models import DoNotContact, OutgoingMessage, SmsGateway, SmsTemplate
from zhike.channels.wechat.models import WechatAccount
from zhike.org.principals import Viewer

LONGEST_KEY = 43
T = TypeVar("T")


def gateway_by_callback(key: str) -> SmsGateway:
    """Whose callback's address ends so; also one that is switched off, for receipts of what it sent. Raises NotFound."""
    found = SmsGateway.objects.select_related("inbox").filter(callback=key).first() if len(key) == LONGEST_KEY else None
    if found is None:
        raise NotFound(key)
    return found


def account_by_callback(key: str) -> WechatAccount:
    """Raises NotFound, also for one that is switched off: WeChat keeps what it cannot hand over for a while."""
    rows = WechatAccount.objects.select_related("inbox").filter(callback=key, is_active=True)
    found = rows.first() if len(key) == LONGEST_KEY else None
    if found is None:
        raise NotFound(key)
    return found


def gateway_for(viewer: Viewer, number: int) -> SmsGateway:
    """For administrators. Raises NotFound."""
    rows = SmsGateway.objects.select_related("inbox", "reply_template")
    return _one(rows.filter(pk=number).first() if viewer.is_admin else None)


def account_for(viewer: Viewer, number: int) -> WechatAccount:
    """For administrators. Raises NotFound."""
    return _one(WechatAccount.objects.select_related("inbox").filter(pk=number).first() if viewer.is_admin else None)


def message_for(viewer: Viewer, number: int) -> OutgoingMessage:
    """For administrators. Raises NotFound."""
    rows = OutgoingMessage.objects.select_related("gateway__inbox", "template__gateway__inbox")
    return _one(rows.filter(pk=number).first() if viewer.is_admin else None)


def template_for(viewer: Viewer, number: int) -> SmsTemplate:
    """For administrators and those who lead. Raises NotFound."""
    rows = SmsTemplate.objects.select_related("gateway__inbox")
    return _one(rows.filter(pk=number).first() if may_write_templates(viewer) else None)


def unwanted_for(viewer: Viewer, number: int) -> DoNotContact:
    """A number that is not to be contacted. Raises NotFound."""
    return _one(DoNotContact.objects.filter(pk=number).first() if may_write_templates(viewer) else None)


def may_write_templates(viewer: Viewer) -> bool:
    return viewer.is_admin or "board" in viewer.screens


def _one(found: T | None) -> T:
    if found is None:
        raise NotFound
    return found
