"""States, purposes and providers as a person reads them."""

from __future__ import annotations

from django.utils.translation import gettext

from zhike.channels.sms.models import OutgoingMessage, SmsTemplate


def state_words(state: str) -> str:
    return {
        "held": gettext("留存，未接网关"),
        "waiting": gettext("待发"),
        "sending": gettext("发送中"),
        "sent": gettext("已提交"),
        "delivered": gettext("已送达"),
        "failed": gettext("发送失败"),
        "refused": gettext("未放行"),
        "unknown": gettext("结果不明"),
    }[state]


def tone_of(row: OutgoingMessage) -> str:
    """A colour's class, always beside the word."""
    return {"failed": "danger", "refused": "warning", "unknown": "warning", "delivered": "success"}.get(row.state, "")


def purpose_words(purpose: str) -> str:
    return {
        "service": gettext("服务"),
        "marketing": gettext("营销"),
        "verification": gettext("验证码"),
    }[purpose]


def template_words(row: SmsTemplate) -> str:
    return {
        "draft": gettext("草稿"),
        "waiting": gettext("待批准"),
        "approved": gettext("已批准"),
        "refused": gettext("已退回"),
        "retired": gettext("已停用"),
    }[row.state]


def provider_words(provider: str) -> str:
    return {
        "local": gettext("本地试用"),
        "aliyun": gettext("阿里云"),
        "tencent": gettext("腾讯云"),
        "official": gettext("公众号"),
        "wecom": gettext("企业微信客服"),
    }[provider]


def yuan(thousandths: int) -> str:
    """45 is ¥0.045."""
    return f"¥{thousandths // 1000}.{thousandths % 1000:03d}"
