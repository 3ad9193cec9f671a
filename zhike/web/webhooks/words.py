"""States, reasons and faults as a person reads them."""

from __future__ import annotations

from django.utils.translation import get_language, gettext

from zhike.webhooks.kinds import KINDS, PING
from zhike.webhooks.models import Attempt, Delivery, Subscription


def kind_words(kind: str) -> str:
    if kind == PING:
        return gettext("测试")
    return KINDS[kind].words.say(get_language() or "zh") if kind in KINDS else kind


def state_words(row: Subscription) -> str:
    if row.state == Subscription.State.ACTIVE:
        return gettext("推送中")
    why = {
        "by_hand": gettext("已暂停"),
        "failing": gettext("多次失败，已暂停"),
        "gone": gettext("接收方不再接收，已暂停"),
        "owner": gettext("员工已停用，已暂停"),
    }
    return why.get(row.why, gettext("已暂停"))


def delivery_words(row: Delivery) -> str:
    if row.state == Delivery.State.WAITING:
        return gettext("等待重试") if row.attempts else gettext("等待")
    return {
        "delivered": gettext("已送达"),
        "withheld": gettext("员工已无权查看，未发"),
        "skipped": gettext("已放弃"),
        "failed": gettext("测试失败"),
    }[row.state]


def outcome_words(row: Attempt) -> str:
    """What came of an attempt."""
    if 300 <= row.status < 400:
        return gettext("答复 %(status)d：不跟随跳转") % {"status": row.status}
    if row.status:
        return gettext("答复 %(status)d") % {"status": row.status}
    return {
        "name": gettext("主机名查不到"),
        "refused": gettext("地址指向内部，未连接"),
        "connect": gettext("连接不上"),
        "tls": gettext("证书不可信"),
        "timeout": gettext("超过 10 秒没有答完"),
        "dropped": gettext("连接中断"),
        "garbage": gettext("答复不是 HTTP"),
    }.get(row.fault, row.fault)
