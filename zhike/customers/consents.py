"""The ledger of consents: what may be done with a customer's data, by his own word.

A purpose needs a consent of its own (PIPL articles 14 and 23 to 29); taking it back works from that instant. Carrying
out what the customer himself asked for needs none (article 13, no. 2).
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q, QuerySet

from zhike.customers.actions import tell_of
from zhike.customers.events import ConsentGiven, ConsentWithdrawn
from zhike.customers.models import Consent, Customer
from zhike.customers.profile import CustomerRefused
from zhike.handbook.common import Text
from zhike.lib.text import clean_line

SERVICE = "service"
PURPOSES: dict[str, Text] = {
    "marketing": Text(zh="营销信息", en="Marketing"),
    "survey": Text(zh="满意度回访", en="Satisfaction survey"),
    "sensitive": Text(zh="处理敏感个人信息", en="Processing sensitive data"),
    "webchat": Text(zh="在线咨询与浏览记录", en="Web chat and the pages visited"),
    "sharing": Text(zh="向第三方提供", en="Sharing with third parties"),
}
CHANNELS: dict[str, Text] = {
    "phone": Text(zh="电话", en="Phone"),
    "portal": Text(zh="网页", en="Web page"),
    "webchat": Text(zh="在线咨询", en="Web chat"),
    "paper": Text(zh="纸质", en="Paper"),
    "sms": Text(zh="短信", en="SMS"),
    "store": Text(zh="门店", en="Store"),
    "import": Text(zh="导入", en="Import"),
}


def may_contact(customer: Customer, purpose: str, now: dt.datetime) -> bool:
    """Whether the customer may be contacted for this purpose at `now`: the latest word he gave decides.

    `service` (carrying out his own request) is always allowed; a purpose nobody declared never is.
    """
    if purpose == SERVICE:
        return True
    if purpose not in PURPOSES:
        return False
    return in_force(customer, now).filter(purpose=purpose).exists()


def in_force(customer: Customer, now: dt.datetime) -> QuerySet[Consent]:
    """Consents that hold at `now`."""
    holding = Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=now)
    return Consent.objects.filter(holding, customer=customer, given_at__lte=now)


def holds(consent: Consent, now: dt.datetime) -> bool:
    """The same of one that was read already."""
    return consent.given_at <= now and (consent.withdrawn_at is None or consent.withdrawn_at > now)


def give_consent(customer: Customer, purpose: str, *, version: str, channel: str, by: str, now: dt.datetime) -> Consent:
    """Note a consent to the words called `version`. Raises CustomerRefused."""
    version = clean_line(version)[:40]
    problems = {}
    if purpose not in PURPOSES:
        problems["purpose"] = Text(zh="请选择用途。", en="Choose a purpose.")
    if channel not in CHANNELS:
        problems["channel"] = Text(zh="请选择渠道。", en="Choose a channel.")
    if not version:
        problems["version"] = Text(
            zh="请填写客户看到的告知书版本。", en="Write which version of the notice the customer was shown."
        )
    if problems:
        raise CustomerRefused(problems)
    with transaction.atomic():
        consent = Consent.objects.create(
            customer=customer, purpose=purpose, version=version, channel=channel, given_at=now, noted_by=by
        )
        tell_of(customer, [ConsentGiven(purpose=purpose, version=version, channel=channel)], now, by)
    return consent


def withdraw_consent(customer: Customer, purpose: str, *, channel: str, by: str, now: dt.datetime) -> bool:
    """Take back every consent to this purpose, at once; True when there was one."""
    with transaction.atomic():
        ended = Consent.objects.filter(customer=customer, purpose=purpose, withdrawn_at=None).update(
            withdrawn_at=now, withdrawn_channel=channel if channel in CHANNELS else ""
        )
        if ended:
            tell_of(customer, [ConsentWithdrawn(purpose=purpose, channel=channel)], now, by)
    return bool(ended)
