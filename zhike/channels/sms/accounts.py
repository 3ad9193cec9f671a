"""Gateways as rows: made, changed, switched off; their secrets sealed."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.db import transaction

from zhike.channels import ways
from zhike.channels.calling import house_line
from zhike.channels.events import GatewayChanged
from zhike.channels.refusals import Refused
from zhike.channels.sms.aliyun import Aliyun
from zhike.channels.sms.gateways import Account, Gateway
from zhike.channels.sms.local import Local
from zhike.channels.sms.models import SmsGateway, SmsTemplate
from zhike.channels.sms.tencent import Tencent
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.lib.text import clean_line
from zhike.org.keys import keyring, rotates, sealed_of

CONTEXT = "sms gateway secret"
MOST_PRICE = 10_000
PRICE = re.compile(r"[0-9]{1,2}(?:\.[0-9]{0,3})?")
rotates(SmsGateway, context_of=lambda _: CONTEXT)


@dataclass(frozen=True, slots=True)
class GatewayWish:
    """What somebody wants of a gateway; an empty secret keeps the one there is."""

    name: str
    provider: str
    handbook: str
    access_id: str = ""
    secret: str = ""
    region: str = ""
    app_id: str = ""
    endpoint: str = ""
    price: str = "0"
    """Yuan for one segment, as written: 0.045."""


def gateway_of(row: SmsGateway) -> Gateway:
    """The adapter of a row. Raises lib.sealed.CannotOpen."""
    if row.provider == SmsGateway.Provider.LOCAL:
        return Local()
    secret = keyring().open(sealed_of(row), CONTEXT) if row.sealed else ""
    account = Account(row.access_id, secret, row.region, row.app_id, row.endpoint)
    adapter = Aliyun if row.provider == SmsGateway.Provider.ALIYUN else Tencent
    return adapter(account, house_line())


def save_gateway(row: SmsGateway | None, wish: GatewayWish, *, by: str, now: dt.datetime) -> SmsGateway:
    """Make or change one. Its inbox is made with it, so that replies have somewhere to go. Raises Refused."""
    price, secret = _checked(row, wish, now), wish.secret.strip()
    with transaction.atomic():
        row = row or ways.made(SmsGateway, "sms", sort={"provider": wish.provider}, by=by, now=now)
        fields = {
            "name": clean_line(wish.name)[:80], "price": price, "access_id": wish.access_id.strip()[:128],
            "region": wish.region.strip()[:32], "app_id": wish.app_id.strip()[:32], "endpoint": wish.endpoint.strip(),
        }  # fmt: skip
        ways.keep(row, fields, handbook=wish.handbook, secret=secret or None, context=CONTEXT)
        _tell(row, "saved", by, now)
    return row


def switch_gateway(row: SmsGateway, *, active: bool, by: str, now: dt.datetime) -> None:
    with transaction.atomic():
        ways.switch(row, active=active)
        _tell(row, "on" if active else "off", by, now)


def choose_reply_template(row: SmsGateway, template: SmsTemplate | None, *, by: str, now: dt.datetime) -> None:
    """Free words of agents travel in this template. Raises Refused unless it is approved, for service, and has one variable."""
    if template is not None:
        fits = template.gateway_id == row.pk and template.state == SmsTemplate.State.APPROVED
        if not fits or template.purpose != "service" or len(template.variables) != 1:
            raise Refused(
                {
                    "template": Text(
                        zh="请选择本网关一个已批准、只有一个变量的服务类模板。",
                        en="Choose an approved service template of this gateway with one variable.",
                    )
                }
            )
    with transaction.atomic():
        SmsGateway.objects.filter(pk=row.pk).update(reply_template=template)
        _tell(row, "reply_template", by, now)


def _checked(row: SmsGateway | None, wish: GatewayWish, now: dt.datetime) -> int:
    """The price in thousandths. Raises Refused, all problems at once."""
    wrong = ways.wrong_with(wish.name, wish.handbook, wish.endpoint, now)
    if wish.provider not in SmsGateway.Provider.values or (row is not None and row.provider != wish.provider):
        wrong["provider"] = Text(
            zh="请选择服务商；已有的网关不能换服务商。", en="Choose a provider; an existing gateway keeps its own."
        )
    if wish.provider in (SmsGateway.Provider.ALIYUN, SmsGateway.Provider.TENCENT):
        if not wish.access_id.strip():
            wrong["access_id"] = Text(
                zh="请填写服务商给的账号标识。", en="Write the id of the account the provider gave you."
            )
        if not wish.secret.strip() and row is None:
            wrong["secret"] = Text(zh="请填写服务商给的密钥。", en="Write the secret the provider gave you.")
        if wish.provider == SmsGateway.Provider.TENCENT and not wish.app_id.strip().isdigit():
            wrong["app_id"] = Text(
                zh="请填写短信应用的 SDK AppID（数字）。", en="Write the SDK AppID of the SMS application (digits)."
            )
    price = _thousandths(wish.price)
    if price is None:
        wrong["price"] = Text(zh="请填写每条单价，例如 0.045。", en="Write the price of one message, such as 0.045.")
    if wrong or price is None:
        raise Refused(wrong)
    return price


def _thousandths(text: str) -> int | None:
    """0.045 is 45; None for what is no price below ten yuan.

    >>> _thousandths("0.045"), _thousandths("1"), _thousandths(""), _thousandths("-1"), _thousandths("x")
    (45, 1000, 0, None, None)
    """
    whole, _, part = (text.strip() or "0").partition(".")
    if not PRICE.fullmatch(text.strip() or "0"):
        return None
    found = int(whole) * 1000 + int((part or "0").ljust(3, "0"))
    return found if found < MOST_PRICE else None


def _tell(row: SmsGateway, how: str, by: str, now: dt.datetime) -> None:
    record([NewFact(GatewayChanged(row.name, how), at=now, subject=("sms_gateway", row.pk), actor=by)])
