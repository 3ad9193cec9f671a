"""What happened around somebody's signing in, from the journal, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from zhike.journal.models import Fact
from zhike.org.models import Staff
from zhike.web.account.devices import device_words

MOST = 20
TYPES = (
    "staff.signed_in", "staff.locked_out", "staff.lock_lifted", "staff.sessions_ended", "staff.password_set",
    "staff.password_link_made", "staff.password_link_revoked", "staff.second_factor_set", "staff.second_factor_removed",
    "staff.recovery_codes_made", "staff.recovery_code_used", "api_token.created", "api_token.revoked",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happened:
    """One line: when, what, by whom (a principal)."""

    at: dt.datetime
    words: str
    by: str


def recent(staff: Staff) -> list[Happened]:
    """The newest lines first. One query."""
    facts = Fact.objects.filter(subject_kind="staff", subject_id=staff.pk, type__in=TYPES).order_by("-id")[:MOST]
    return [Happened(fact.at, words_of(fact.type, fact.payload), fact.actor) for fact in facts]


def words_of(kind: str, payload: Mapping[str, Any]) -> str:
    """A fact in one line, for the person himself and for administrators."""
    if kind == "staff.signed_in":
        known = {"device": device_words(payload.get("device", "")), "address": payload.get("address", "")}
        return gettext("登录：%(device)s，%(address)s") % known
    if kind == "staff.sessions_ended":
        return gettext("结束了 %(count)d 处登录") % {"count": payload.get("count", 0)}
    if kind == "staff.locked_out":
        return gettext("多次登录失败，暂停尝试；最后一次来自 %(address)s") % {"address": payload.get("address", "")}
    if kind == "staff.recovery_code_used":
        return gettext("用了一个恢复码，还剩 %(left)d 个") % {"left": payload.get("left", 0)}
    return {
        "staff.lock_lifted": gettext("解除了登录暂停"),
        "staff.password_set": gettext("用链接设置了密码") if payload.get("by_link") else gettext("换了密码"),
        "staff.password_link_made": gettext("生成了设置密码的链接"),
        "staff.password_link_revoked": gettext("撤销了设置密码的链接"),
        "staff.second_factor_set": gettext("打开了二次验证"),
        "staff.second_factor_removed": gettext("关闭了二次验证"),
        "staff.recovery_codes_made": gettext("生成了新的恢复码"),
        "api_token.created": gettext("生成了代表他的接口令牌"),
        "api_token.revoked": gettext("吊销了代表他的接口令牌"),
    }[kind]
