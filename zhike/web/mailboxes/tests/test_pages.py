"""Mailboxes are kept by administrators; mails kept aside are looked at by those who answer them."""

# ruff: noqa: E501 - a form a line
from __future__ import annotations

import datetime as dt
import socket
from typing import Any

import pytest
from django.test import Client

from zhike.channels.email import resting
from zhike.channels.email.models import Mail, Mailbox, Outgoing
from zhike.channels.email.receiving import take
from zhike.channels.email.sealed import imap_password, smtp_password
from zhike.channels.email.tests.ground import mail
from zhike.conversations.models import Conversation
from zhike.conversations.tests.ground import installed
from zhike.journal.models import Fact
from zhike.lib import clock
from zhike.org.models import Assignment
from zhike.web.tests.world import World

BOXES = "/mail/boxes"


def typed(**more: Any) -> dict[str, Any]:
    return {
        "address": "Desk@Zhike.Example", "sender_name": "示例客服", "handbook": "talk", "imap_host": "imap.zhike.example",
        "imap_port": "993", "imap_security": "tls", "imap_user": "desk", "imap_password": "sample-secret-1", "smtp_host": "smtp.zhike.example",
        "smtp_port": "465", "smtp_security": "tls", "smtp_user": "desk", "smtp_password": "", "folder": "INBOX", **more,
    }  # fmt: skip


@pytest.fixture
def boss(world: World) -> Client:
    installed()
    Assignment.objects.create(staff=world.staff["agent"], handbook="talk", role="agent")
    return world.signed_in("boss")


@pytest.fixture
def box(boss: Client) -> Mailbox:
    boss.post(f"{BOXES}/new", typed())
    return Mailbox.objects.select_related("inbox").get()


def held(world: World, box: Mailbox, **more: Any) -> Mail:
    return take(box, mail(headers="X-Spam-Flag: YES", **more), now=world.now).row


def test_a_mailbox_is_added_with_its_passwords_sealed(box: Mailbox) -> None:
    assert (box.address, box.inbox.medium, box.inbox.handbook) == ("desk@zhike.example", "email", "talk")
    assert (imap_password(box), smtp_password(box)) == ("sample-secret-1", "sample-secret-1")
    assert b"sample-secret-1" not in bytes(box.imap_sealed)
    assert "sample-secret-1" not in str(Fact.objects.get(type="mailbox.added").payload)


def test_no_page_shows_a_password(boss: Client, box: Mailbox) -> None:
    for page in ("", "/edit"):
        assert "sample-secret-1" not in boss.get(f"{BOXES}/{box.pk}{page}").content.decode()


def test_every_mistake_is_said_at_once_and_what_was_typed_stays(boss: Client, world: World) -> None:
    wrong = typed(
        address="nobody",
        imap_host="a b",
        smtp_port="99999",
        handbook="none",
        smtp_security="none",
        imap_password="",
        blocked="@@",
    )
    answer = boss.post(f"{BOXES}/new", wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    for words in (
        "请填写邮箱地址",
        "请填写服务器地址",
        "端口是 1 到 65535",
        "请选择按哪个制度",
        "不加密只能用于本机",
        "请填写密码",
        "@@",
    ):
        assert words in page
    assert "示例客服" in page
    assert Mailbox.objects.count() == 0


def test_the_same_address_is_taken_once(boss: Client, box: Mailbox) -> None:
    assert boss.post(f"{BOXES}/new", typed()).status_code == 422
    assert Mailbox.objects.count() == 1


def test_an_edit_without_a_password_keeps_it_and_tells_what_changed(boss: Client, box: Mailbox) -> None:
    boss.post(f"{BOXES}/{box.pk}/edit", typed(imap_password="", smtp_host="other.zhike.example"))
    box.refresh_from_db()
    assert (imap_password(box), box.smtp_host, box.revision) == ("sample-secret-1", "other.zhike.example", 2)
    assert Fact.objects.get(type="mailbox.edited").payload["changed"] == ["smtp_host"]


def test_the_connection_test_says_what_went_wrong(boss: Client, box: Mailbox) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        Mailbox.objects.update(
            imap_host="127.0.0.1",
            imap_port=port,
            imap_security="none",
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_security="none",
        )
        page = boss.post(f"{BOXES}/{box.pk}/try").content.decode()
    assert page.count("Connection refused") == 2


def test_a_mailbox_is_switched_off_and_on(boss: Client, box: Mailbox) -> None:
    for on in ("", "1"):
        boss.post(f"{BOXES}/{box.pk}/switch", {"on": on})
        box.inbox.refresh_from_db()
        assert box.inbox.is_active == bool(on)


def test_a_mailbox_that_cannot_be_read_says_when_it_is_tried_and_begins_again_when_somebody_asks(
    boss: Client, box: Mailbox
) -> None:
    wall = clock.wall()
    for _ in range(3):
        resting.note_fault(box.pk, "Connection refused", now=wall, wall=wall)
    page = boss.get(f"{BOXES}/{box.pk}").content.decode()
    assert "已失败 3 次，约 1 分钟后再试。连续 72 小时收不到信就停止尝试。" in page
    resting.note_fault(box.pk, "Connection refused", now=wall, wall=wall + dt.timedelta(hours=72))
    page = boss.get(f"{BOXES}/{box.pk}").content.decode()
    assert "连续 72 小时收不到信，已停止尝试。请检查后重新开始。" in page
    assert "已停止尝试" in boss.get(BOXES).content.decode()
    boss.post(f"{BOXES}/{box.pk}/again")
    box.refresh_from_db()
    assert (box.gave_up_at, box.failures) == (None, 0)


@pytest.mark.parametrize("page", ["", "/new", "/1", "/1/edit"])
def test_mailboxes_are_not_for_agents(world: World, page: str) -> None:
    assert world.signed_in("agent").get(f"{BOXES}{page}").status_code == 403


def test_a_mail_kept_aside_says_why_and_is_released(world: World, box: Mailbox) -> None:
    row, agent = held(world, box), world.signed_in("agent")
    assert "邮件服务器已标为垃圾邮件" in agent.get("/mail").content.decode()
    assert "请问几点开门" in agent.get(f"/mail/{row.pk}").content.decode()
    answer = agent.post(f"/mail/{row.pk}/release", {"allow": "1"}, follow=True).content.decode()
    assert f"属于会话 {Conversation.objects.get().number}" in answer
    box.refresh_from_db()
    assert box.allowed == ["guke@example.com"]


def test_a_mail_is_for_nobody_else(world: World, box: Mailbox) -> None:
    row = held(world, box)
    for username in ("outsider", "manager1"):
        client = world.signed_in(username)
        for page in ("", "/look", "/source", f"/file/{'a' * 43}"):
            assert client.get(f"/mail/{row.pk}{page}").status_code in (403, 404)
        assert client.post(f"/mail/{row.pk}/release").status_code in (403, 404)
    assert Conversation.objects.count() == 0


def test_an_administrator_sees_what_was_kept_aside_but_not_the_mails_of_conversations(
    world: World, boss: Client, box: Mailbox
) -> None:
    aside, taken = held(world, box), take(box, mail(identifier="n@example.com"), now=world.now).row
    assert (boss.get(f"/mail/{aside.pk}").status_code, boss.get(f"/mail/{taken.pk}").status_code) == (200, 404)


def looking(world: World, box: Mailbox) -> Mail:
    data = mail(
        '<img src="https://t.example.com/x.gif"><script>alert(1)</script><b>fett</b>',
        subject="<script>alert(2)</script>",
        headers="X-Spam-Flag: YES",
    )
    return take(box, data.replace(b"text/plain", b"text/html"), now=world.now).row


def test_nothing_in_a_mail_is_executed_and_nothing_is_fetched(world: World, box: Mailbox) -> None:
    row, agent = looking(world, box), world.signed_in("agent")
    for address in ("", "?as=sent", "/look"):
        page = agent.get(f"/mail/{row.pk}{address}").content.decode()
        assert "alert(1)" not in page
        assert "<script>alert(2)" not in page
        assert "t.example" not in page
    source = agent.get(f"/mail/{row.pk}/source").content.decode()
    assert "&lt;script&gt;alert(1)" in source


def test_a_mail_is_read_as_text_first_and_as_it_was_sent_in_a_frame_of_its_own(world: World, box: Mailbox) -> None:
    row, agent = looking(world, box), world.signed_in("agent")
    text, sent = (agent.get(f"/mail/{row.pk}{more}") for more in ("", "?as=sent"))
    assert "<iframe" not in text.content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in sent.content.decode()
    assert "1 张外部图片没有加载" in sent.content.decode()
    assert sent.headers["Content-Security-Policy"].endswith("; frame-src 'self'")
    frame = agent.get(f"/mail/{row.pk}/look")
    assert "<b>fett</b>" in frame.content.decode()
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert (frame.headers["X-Frame-Options"], frame.headers["Referrer-Policy"]) == ("SAMEORIGIN", "no-referrer")


def test_pictures_elsewhere_are_fetched_once_somebody_asks(world: World, box: Mailbox) -> None:
    row, agent = looking(world, box), world.signed_in("agent")
    assert f'src="/mail/{row.pk}/look?pictures"' in agent.get(f"/mail/{row.pk}?as=sent&pictures").content.decode()
    frame = agent.get(f"/mail/{row.pk}/look?pictures")
    assert '<img src="https://t.example.com/x.gif">' in frame.content.decode()
    assert "img-src data: https:;" in frame.headers["Content-Security-Policy"]


def test_the_raw_mail_is_saved_and_never_shown_as_a_page(world: World, box: Mailbox) -> None:
    answer = world.signed_in("agent").get(f"/mail/{held(world, box).pk}/source?save")
    assert answer.content == mail(headers="X-Spam-Flag: YES")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_sender_is_blocked(world: World, box: Mailbox) -> None:
    world.signed_in("agent").post(f"/mail/{held(world, box).pk}/block")
    box.refresh_from_db()
    assert box.blocked == ["guke@example.com"]


def test_a_mail_nobody_knows_of_is_decided_about(world: World, box: Mailbox) -> None:
    agent = world.signed_in("agent")
    assert "都发出去了" in agent.get("/mail/out").content.decode()
    Mailbox.objects.update(auto_answer="我们已收到")
    box.refresh_from_db()
    take(box, mail(), now=world.now)
    Outgoing.objects.update(state="unknown", fault="timed out")
    assert "不知是否发出" in agent.get("/mail/out").content.decode()
    row = Outgoing.objects.get()
    assert world.signed_in("manager1").post(f"/mail/out/{row.pk}", {"how": "sent"}).status_code in (403, 404)
    agent.post(f"/mail/out/{row.pk}", {"how": "sent"})
    row.refresh_from_db()
    assert row.state == "sent"


def test_the_door_to_mails_not_sent_is_for_those_who_may_open_it(world: World, boss: Client) -> None:
    assert 'href="/mail/out"' not in boss.get("/mail").content.decode()
    assert 'href="/mail/out"' in world.signed_in("agent").get("/mail").content.decode()
