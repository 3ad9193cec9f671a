"""A gateway, templates and a customer for tests of short messages. All of it is made up (示例)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from procrastinate.contrib.django.models import ProcrastinateJob

from zhike.channels.sms.accounts import GatewayWish, save_gateway
from zhike.channels.sms.models import SmsGateway, SmsTemplate
from zhike.channels.sms.sending import deliver
from zhike.channels.sms.templates import TemplateWish, approve_template, save_template, submit_template
from zhike.conversations.tests.ground import DESK, at, installed
from zhike.customers.actions import find_or_add_customer
from zhike.customers.consents import give_consent
from zhike.customers.models import Customer

NUMBER = "+8613800000101"
NOW = at("03-03 10:00")
QUIET: dict[str, Any] = {
    "kind": "gate",
    "id": "SMS-01",
    "title": {"zh": "示例夜间不发", "en": "Sample quiet hours"},
    "cites": "1",
    "quote": "示例",
    "on": ["sms.sending"],
    "when": {"sms.purpose": "marketing"},
    "requires": {"facts": {"hour": {"gte": 8, "lt": 22}}},
    "refuse": {"zh": "示例：夜间不发营销短信。", "en": "Sample: no marketing at night."},
    "otherwise": "wait",
}
DAILY: dict[str, Any] = {
    **QUIET,
    "id": "SMS-02",
    "title": {"zh": "示例每日一条", "en": "Sample one a day"},
    "requires": {"facts": {"sms.sent_today": {"lt": 1}}},
    "refuse": {"zh": "示例：每天最多一条营销短信。", "en": "Sample: one marketing message a day."},
    "otherwise": "refuse",
}


def ground(*clauses: dict[str, Any]) -> None:
    """The handbook `talk`, whose queue takes short messages."""
    installed(*clauses, queues=[{**DESK, "media": ["sms", "wechat", "webchat"]}])


def gateway(provider: str = "local", endpoint: str = "", **more: Any) -> SmsGateway:
    wish = GatewayWish(
        "示例网关", provider, "talk", access_id="AKIDEXAMPLE", secret="sample-secret", app_id="1400006666", endpoint=endpoint,
        price="0.045", **more,
    )  # fmt: skip
    return save_gateway(None, wish, by="staff:1", now=NOW)


def template(
    row: SmsGateway, purpose: str = "service", words: str = "您好{name}，工单{number}已受理。", **more: Any
) -> SmsTemplate:
    """Written by one, approved by another."""
    code = more.pop("code", f"sample.{purpose}")
    wish = TemplateWish(code, "示例模板", row, purpose, words, "示例商城", more.pop("provider_code", "SMS_71390007"))
    made = save_template(None, wish, by="staff:1", now=NOW)
    submit_template(made, by="staff:1", now=NOW)
    approve_template(made, by="staff:2", now=NOW)
    return made


def marketing(row: SmsGateway) -> SmsTemplate:
    return template(row, "marketing", "示例节日快乐，{name}。拒收请回复TD")


def customer(consents: bool = False, when: dt.datetime = NOW) -> Customer:
    found = find_or_add_customer(phone=NUMBER, name="示例顾客", now=when - dt.timedelta(days=1))
    if consents:
        give_consent(found, "marketing", version="v1", channel="portal", by="system", now=when - dt.timedelta(hours=1))
    return found


def jobs(name: str) -> list[ProcrastinateJob]:
    return list(ProcrastinateJob.objects.filter(task_name=name, status="todo").order_by("id"))


def work(now: dt.datetime = NOW) -> int:
    """What the worker would do with the messages that wait."""
    found = jobs("channels.sms_send")
    return sum(deliver(number, now) is not None for number in sorted({job.args["number"] for job in found}))
