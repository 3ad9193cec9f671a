"""Gateways, accounts, templates, mailboxes and web chats: the gate of each gives it to whom it is for, and to nobody else."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from zhike.channels.access import account_for, gateway_for, message_for, template_for, unwanted_for
from zhike.channels.email.access import NotFound as NoMailbox
from zhike.channels.email.access import mailbox_for
from zhike.channels.email.models import Mailbox
from zhike.channels.refusals import NotFound
from zhike.channels.sms.models import DoNotContact
from zhike.channels.sms.sending import send_sms
from zhike.channels.tests.short import NOW, NUMBER, gateway, ground, template
from zhike.channels.webchat.inboxes import NoSuchInbox, inbox_for
from zhike.channels.wechat.models import WechatAccount
from zhike.conversations.tests.ground import inbox_of, person
from zhike.org.handbooks import viewer
from zhike.org.principals import ANONYMOUS_VIEWER, Viewer

pytestmark = pytest.mark.django_db
Gate = Callable[[Viewer, int], Any]


def account() -> WechatAccount:
    return WechatAccount.objects.create(
        name="示例公众号", kind="official", inbox=inbox_of("wechat", "sample-account"), app_id="sample", key_id="k", sealed=b"",
        callback=secrets.token_urlsafe(32), created_at=NOW, created_by="staff:1",
    )  # fmt: skip


def mailbox() -> Mailbox:
    return Mailbox.objects.create(
        inbox=inbox_of("email", "desk@zhike.example"), sender_name="示例客服", imap_host="imap.zhike.example", imap_user="desk",
        imap_key="k", imap_sealed=b"", smtp_host="smtp.zhike.example", since=NOW,
    )  # fmt: skip


def cast() -> dict[str, Viewer]:
    boss = person("boss", "nothing")
    assert boss.staff is not None
    boss.staff.is_admin = True
    return {
        "visitor": ANONYMOUS_VIEWER,
        "agent": person("anna"),
        "lead": person("chief", "lead"),
        "administrator": viewer(boss.staff),
    }


def given(gate: Gate, number: int, people: dict[str, Viewer]) -> set[str]:
    """Whom the gate gives the object of that number."""
    found = set()
    for who, one in people.items():
        try:
            found.add(who if gate(one, number).pk == number else f"{who} got another")
        except (NotFound, NoMailbox, NoSuchInbox):
            continue
    return found


def test_each_gate_gives_to_whom_it_is_for_and_knows_nothing_of_it_to_others() -> None:
    ground()
    people, sms = cast(), gateway()
    ours, above = {"administrator"}, {"administrator", "lead"}
    unwanted = DoNotContact.objects.create(number=NUMBER, scope="all", at=NOW, by="staff:1")
    things: list[tuple[Gate, int, set[str]]] = [
        (gateway_for, sms.pk, ours),
        (account_for, account().pk, ours),
        (message_for, send_sms("+8613800000102", "示例：您的验证码是 123456", NOW).pk, ours),
        (mailbox_for, mailbox().pk, ours),
        (inbox_for, inbox_of().pk, ours),
        (template_for, template(sms).pk, above),
        (unwanted_for, unwanted.pk, above),
    ]
    for gate, number, whom in things:
        assert (gate, given(gate, number, people)) == (gate, whom)
        assert given(gate, number + 1000, people) == set()
