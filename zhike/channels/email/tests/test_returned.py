"""Reports as the big providers write them: each is known as one, leads to the mail it is about, and says why. All of it is made up (示例)."""

# ruff: noqa: E501 - a mail a line
from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from zhike.channels.email.headers import decoded
from zhike.channels.email.models import Mail, Outgoing
from zhike.channels.email.tests.ground import DESK, GUEST, answered, came, head, mail, mailbox_of, opened_by, sent
from zhike.channels.email.tests.letters import headed, part, parts, word
from zhike.conversations.failures import in_words
from zhike.conversations.models import Conversation, Message
from zhike.conversations.tests.ground import installed, person
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Viewer:
    installed()
    return person("jia")


def named(subject: str, *more: str) -> list[str]:
    """The headers all of them have, and more."""
    return [f"To: {DESK}", f"Subject: {subject}", "Message-ID: <back@mx.example>", *more]


def in_name_of(sender: str, subject: str, raw: bytes) -> bytes:
    """A mail of parts with another sender and subject."""
    lines = "\r\n".join([f"From: {sender}", *named(subject)])
    return raw.replace(b"From: guke@example.com", lines.encode(), 1)


def qq(ours: bytes) -> bytes:
    """One page of HTML in base64; no return path, no Message-ID of ours, nothing a program could read."""
    page = (
        "<html><body><p>抱歉，您的邮件被退回来了……</p><table><tr><td>主　题：</td><td>"
        f"{decoded(head(ours, 'Subject'))}</td></tr><tr><td>收件人：</td><td>{GUEST}</td></tr></table>"
        "<p>退信原因：收件人邮件地址不存在</p><p>host mx3.example said: 550 Mailbox not found. (in reply to RCPT)</p>"
    )
    kind = ('Content-Type: text/html; charset="gb18030"', "Content-Transfer-Encoding: base64")
    lines = named(word("来自qq.example的退信", "gb18030"), *kind)
    return headed(
        *lines, sender='From: "PostMaster" <PostMaster@qq.example>', body=base64.encodebytes(page.encode("gb18030"))
    )


def netease(ours: bytes) -> bytes:
    """A page, then a status in base64 and the headers of ours."""
    status = f"Reporting-MTA: dns; m12.example\r\n\r\nFinal-Recipient: RFC822; {GUEST}\r\nAction: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: SMTP; 552 用户邮箱已满\r\n"
    raw = parts(
        part("text/html; charset=UTF-8", "<p>您的邮件没有送达</p>".encode(), how="base64"),
        part("message/delivery-status", status.encode("gbk"), how="base64"),
        part("text/rfc822-headers", f"Message-ID: {head(ours, 'Message-ID')}\r\nSubject: x\r\n".encode()),
        kind="report", more="; report-type=delivery-status",
    )  # fmt: skip
    return in_name_of("Postmaster@163.example", word("系统退信/Systems bounce"), raw)


def exchange(ours: bytes) -> bytes:
    """Two pages that say the same, the status, and the whole mail inside; in the name of a mailbox nobody has."""
    page = part("text/html; charset=utf-8", "<p>您的邮件无法送达</p>".encode(), how="base64")
    boxed = b'Content-Type: multipart/alternative; boundary="in"\r\n\r\n--in\r\n' + page + b"\r\n--in--"
    status = f"Reporting-MTA: dns;mail.example\r\n\r\nFinal-Recipient: rfc822;{GUEST}\r\nAction: failed\r\nStatus: 5.1.10\r\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found\r\n"
    raw = parts(
        boxed, part("message/delivery-status", status.encode()), part("message/rfc822", ours),
        kind="report", more="; report-type=delivery-status",
    )  # fmt: skip
    return in_name_of('"Microsoft Outlook" <MicrosoftExchange329e71ec@mail.example>', word("未送达: Re: 咨询"), raw)


def coremail(ours: bytes) -> bytes:
    """Words only; ours is repeated below them."""
    words = f"您的邮件无法投递到以下地址：\r\n{GUEST}\r\n550 5.1.1 mailbox unavailable\r\n\r\n--- 原邮件 ---\r\nMessage-ID: {head(ours, 'Message-ID')}\r\n"
    lines = named(word("退信：Re: 咨询", "gbk"), "Content-Type: text/plain; charset=gbk")
    return headed(*lines, sender="From: MAILER-DAEMON@core.example", body=words.encode("gbk"))


SAID = {
    qq: "Mailbox not found",
    netease: "用户邮箱已满",
    exchange: "RecipientNotFound",
    coremail: "mailbox unavailable",
}


@pytest.mark.parametrize("provider", SAID, ids=lambda provider: provider.__name__)
def test_a_returned_mail_is_seen_at_the_message_whichever_provider_returned_it(
    desk: Viewer, provider: Callable[[bytes], bytes]
) -> None:
    mailbox = mailbox_of()
    message = answered(opened_by(mailbox, mail()), desk)
    row = came(mailbox, provider(sent(message))).row
    message.refresh_from_db()
    assert (row.state, row.reasons, row.about) == ("report", ["not_delivered"], Outgoing.objects.get())
    assert message.state == "failed"
    assert SAID[provider] in in_words(message)
    assert (Conversation.objects.count(), Message.objects.count()) == (1, 2)


def test_a_person_who_writes_about_a_returned_mail_is_no_report(desk: Viewer) -> None:
    row = came(mailbox_of(), mail("我的邮件怎么退信了", subject="退信是怎么回事")).row
    assert row.state == Mail.State.ACCEPTED


def test_a_subject_with_a_number_nobody_signed_leads_to_no_mail(desk: Viewer) -> None:
    mailbox = mailbox_of()
    message = answered(opened_by(mailbox, mail()), desk)
    sent(message)
    forged = mail(
        "您的邮件被退回",
        sender="postmaster@qq.example",
        subject=f"退信 Re: 咨询 [{message.conversation.number}-{'a' * 10}]",
    )
    row = came(mailbox, forged).row
    message.refresh_from_db()
    assert (row.state, row.about, message.state) == ("report", None, "sent")
