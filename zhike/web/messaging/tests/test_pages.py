"""Short messages and WeChat on the pages of administration, and the composer's choice of a template."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from zhike.channels.sms.accounts import GatewayWish, save_gateway
from zhike.channels.sms.gateways import Uplink
from zhike.channels.sms.incoming import take_replies
from zhike.channels.sms.models import DoNotContact, OutgoingMessage, SmsGateway, SmsTemplate
from zhike.channels.sms.sending import deliver, send_sms
from zhike.channels.wechat.models import WechatAccount
from zhike.conversations.models import Conversation, Message
from zhike.customers.consents import give_consent
from zhike.notices.models import Notice
from zhike.web.tests.world import World

PAGE = "/administration/messages"
NUMBER = "+8613800000101"
HANDBOOK = "retail-hotline"
WORDS = {
    "code": "case.opened", "title": "示例受理通知", "purpose": "service", "signature": "示例商城",
    "words": "您好{name}，工单{number}已受理。",
}  # fmt: skip


@pytest.fixture
def boss(world: World) -> Client:
    return world.signed_in("boss")


@pytest.fixture
def local(world: World) -> SmsGateway:
    wish = GatewayWish("示例网关", "local", HANDBOOK, price="0.045")
    return save_gateway(None, wish, by="staff:1", now=world.now)


def approved(world: World, local: SmsGateway, **more: str) -> SmsTemplate:
    """Written by the administrator, approved by somebody who leads."""
    boss, lead = world.signed_in("boss"), world.signed_in("supervisor")
    boss.post(f"{PAGE}/templates/new", {**WORDS, "gateway": local.pk, **more})
    row = SmsTemplate.objects.get()
    boss.post(f"{PAGE}/templates/{row.pk}/decide", {"what": "submit"})
    lead.post(f"{PAGE}/templates/{row.pk}/decide", {"what": "approve"})
    row.refresh_from_db()
    return row


def conversation(world: World, local: SmsGateway) -> Conversation:
    """Somebody wrote, and an agent has taken it."""
    take_replies(local, [Uplink("u1", NUMBER, "请问到哪了")], world.now)
    found, agent = Conversation.objects.get(), world.staff["agent"]
    found.owner, found.state, found.audience = agent, Conversation.State.OPEN, [f"staff:{agent.pk}"]
    found.save(update_fields=["owner", "state", "audience"])
    return found


def test_the_outbox_masks_phones_and_says_how_each_stands(world: World, boss: Client) -> None:
    send_sms("+8613800001234", "您的查询验证码是 123456", world.now)
    page = boss.get(PAGE).content.decode()
    for part in ("123456", "留存，未接网关", "还没有接短信网关"):
        assert part in page
    assert "13800001234" not in page
    assert "123456" not in boss.get(f"{PAGE}?state=failed").content.decode()
    row = OutgoingMessage.objects.get()
    assert "13800001234" not in boss.get(f"{PAGE}/{row.pk}").content.decode()


def test_the_outbox_costs_the_same_however_many_went_out(world: World, boss: Client, local: SmsGateway) -> None:
    counts = []
    boss.get(PAGE)  # what a process reads once
    for number in (3, 60):
        for index in range(number):
            send_sms(NUMBER, f"示例 {index}", world.now)
        with CaptureQueriesContext(connection) as asked:
            boss.get(PAGE)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 12
    first = boss.get(PAGE).content.decode()
    assert "下一页" in first
    last = OutgoingMessage.objects.order_by("-id")[49]
    assert boss.get(f"{PAGE}?before={last.pk}").content.decode().count("data-row") == 13


def test_only_administrators_see_gateways_and_what_went_out(world: World, local: SmsGateway) -> None:
    send_sms(NUMBER, "示例", world.now)
    row = OutgoingMessage.objects.get()
    pages = (PAGE, f"{PAGE}/{row.pk}", f"{PAGE}/gateways", f"{PAGE}/gateways/{local.pk}", f"{PAGE}/wechat/new")
    for who in ("agent", "supervisor", "manager1"):
        there = world.signed_in(who)
        assert [there.get(page).status_code for page in pages] == [403] * len(pages)
    assert world.signed_in("supervisor").get(f"{PAGE}/templates").status_code == 200
    assert world.signed_in("agent").get(f"{PAGE}/templates").status_code == 403


def test_a_template_needs_a_second_person(world: World, boss: Client, local: SmsGateway) -> None:
    assert (
        "编码用小写字母开头"
        in boss.post(f"{PAGE}/templates/new", {**WORDS, "code": "X", "gateway": local.pk}).content.decode()
    )
    boss.post(f"{PAGE}/templates/new", {**WORDS, "gateway": local.pk})
    row = SmsTemplate.objects.get()
    decide = f"{PAGE}/templates/{row.pk}/decide"
    boss.post(decide, {"what": "submit"})
    refused = boss.post(decide, {"what": "approve"})
    assert (refused.status_code, "不能自己批准" in refused.content.decode()) == (422, True)
    lead = world.signed_in("supervisor")
    assert lead.post(decide, {"what": "refuse", "why": ""}).status_code == 422
    lead.post(decide, {"what": "approve"})
    row.refresh_from_db()
    assert row.state == "approved"
    assert lead.post(decide, {"what": "explode"}).status_code == 404


def test_a_template_is_tried_out_through_the_gate(world: World, local: SmsGateway) -> None:
    row = approved(world, local)
    boss = world.signed_in("boss")
    there = f"{PAGE}/templates/{row.pk}/test"
    assert "请填写手机号码" in boss.post(there, {"number": "1", "name": "李", "number_": ""}).content.decode()
    DoNotContact.objects.create(number=NUMBER, scope="all", at=world.now, by="staff:1")
    page = boss.post(there, {"number": "13800000101", "name": "李"}, follow=True).content.decode()
    assert "没有放行" in page
    DoNotContact.objects.all().delete()
    lead = world.signed_in("supervisor").post(there, {"number": "13800000101", "name": "李"})
    assert lead["Location"] == f"{PAGE}/templates/{row.pk}"  # what went out is not for him
    assert boss.post(there, {"number": "13800000101", "name": "李"})["Location"].startswith(f"{PAGE}/")


def test_the_local_gateway_plays_receipts_and_replies(world: World, boss: Client, local: SmsGateway) -> None:
    row = send_sms(NUMBER, "您的查询验证码是 123456", world.now)
    deliver(row.pk, world.now)
    page = boss.get(f"{PAGE}/{row.pk}").content.decode()
    assert "回执：已送达" in page
    boss.post(f"{PAGE}/{row.pk}/play", {"what": "reply", "words": "在吗"})
    boss.post(f"{PAGE}/{row.pk}/play", {"what": "failed"})
    row.refresh_from_db()
    assert (row.state, Conversation.objects.get().last_words) == ("failed", "在吗")
    again = boss.post(f"{PAGE}/{row.pk}/again", follow=True)
    assert "这是新的一条" in again.content.decode()
    assert OutgoingMessage.objects.count() == 2


def test_a_gateway_shows_its_addresses_and_never_its_secret(world: World, boss: Client) -> None:
    typed = {
        "name": "示例阿里云", "provider": "aliyun", "handbook": HANDBOOK, "access_id": "AKIDEXAMPLE",
        "secret": "very-secret-1", "price": "0.045",
    }  # fmt: skip
    assert boss.post(f"{PAGE}/gateways/new", {**typed, "secret": ""}).status_code == 422
    page = boss.post(f"{PAGE}/gateways/new", typed, follow=True).content.decode()
    row = SmsGateway.objects.get()
    assert f"/callbacks/sms/{row.callback}/receipts" in page
    assert "very-secret-1" not in page
    boss.post(f"{PAGE}/gateways/{row.pk}/switch")
    row.refresh_from_db()
    assert not row.is_active
    assert "已保存" in boss.post(f"{PAGE}/gateways/{row.pk}/reply", {"template": ""}, follow=True).content.decode()


def test_a_wechat_account_is_entered_and_shows_its_callback(world: World, boss: Client) -> None:
    typed = {
        "name": "示例公众号", "kind": "official", "handbook": HANDBOOK, "app_id": "wxb11529c136998cb6", "secret": "very-secret-2",
        "token": "pamtest", "aes_key": "short",
    }  # fmt: skip
    wrong = boss.post(f"{PAGE}/wechat/new", typed)
    assert (wrong.status_code, "43 个字母和数字" in wrong.content.decode()) == (422, True)
    page = boss.post(
        f"{PAGE}/wechat/new", {**typed, "aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"}, follow=True
    ).content.decode()
    row = WechatAccount.objects.get()
    assert f"/callbacks/wechat/{row.callback}" in page
    assert "very-secret-2" not in page
    boss.post(f"{PAGE}/wechat/{row.pk}/switch")
    row.refresh_from_db()
    assert not row.is_active


def test_numbers_that_want_no_more_are_listed_masked_and_ended_with_a_reason(world: World, local: SmsGateway) -> None:
    take_replies(local, [Uplink("u1", NUMBER, "TD")], world.now)
    lead = world.signed_in("supervisor")
    page = lead.get(f"{PAGE}/unwanted").content.decode()
    assert "138****0101" in page
    assert "13800000101" not in page
    assert lead.post(f"{PAGE}/unwanted", {"number": "1", "scope": "x", "why": ""}).status_code == 422
    lead.post(f"{PAGE}/unwanted", {"number": "13900000011", "scope": "all", "why": "来电要求"})
    assert DoNotContact.objects.filter(scope="all", ended_at=None).count() == 1
    row = DoNotContact.objects.get(scope="marketing")
    lead.post(f"{PAGE}/unwanted/{row.pk}/end", {"why": ""})
    row.refresh_from_db()
    assert row.ended_at is None
    lead.post(f"{PAGE}/unwanted/{row.pk}/end", {"why": "本人来电恢复"})
    row.refresh_from_db()
    assert row.ended_at is not None


def test_the_composer_picks_a_template_shows_what_it_costs_and_sends_it_once(world: World, local: SmsGateway) -> None:
    template = approved(world, local)
    talk = conversation(world, local)
    agent = world.signed_in("agent")
    there = f"{PAGE}/picker/{talk.number}"
    assert template.title in agent.get(there).content.decode()
    page = agent.get(there, {"template": template.code, "v_name": "李"}).content.decode()
    assert f"【示例商城】您好李，工单{talk.number}已受理。" in page
    assert "计费 1 条，约 ¥0.045" in page
    sent = {"template": template.code, "v_name": "李", "key": "abcdefgh12"}
    for _ in range(2):
        answer = agent.post(there, sent)
        assert answer.status_code == 204, answer.content.decode()
        assert answer.headers["HX-Trigger"] == "template-sent"
    said = Message.objects.get(side="staff")
    assert said.words == f"您好李，工单{talk.number}已受理。"
    assert OutgoingMessage.objects.get().template == template
    empty = agent.post(there, {**sent, "key": "abcdefgh13", "v_number": ""})
    assert empty.status_code == 204
    assert agent.post(there, {**sent, "key": "x"}).status_code == 422
    assert world.signed_in("manager2").get(there).status_code == 404


def test_what_the_gate_forbids_is_said_in_the_composer(world: World, local: SmsGateway) -> None:
    template = approved(world, local)
    talk = conversation(world, local)
    DoNotContact.objects.create(number=NUMBER, scope="all", at=world.now, by="staff:1")
    answer = world.signed_in("agent").post(
        f"{PAGE}/picker/{talk.number}", {"template": template.code, "v_name": "李", "key": "abcdefgh12"}
    )
    assert (answer.status_code, "不愿再收到" in answer.content.decode()) == (422, True)
    assert not Message.objects.filter(side="staff").exists()


@pytest.mark.parametrize("attack", ["<script>alert(1)</script>", '" onmouseover="alert(1)'])
def test_markup_in_words_of_strangers_shows_as_text(world: World, boss: Client, local: SmsGateway, attack: str) -> None:
    send_sms(NUMBER, attack, world.now)
    take_replies(local, [Uplink("u1", NUMBER, attack)], world.now)
    row = OutgoingMessage.objects.get()
    for page in (PAGE, f"{PAGE}/{row.pk}", f"{PAGE}/unwanted"):
        text = boss.get(page).content.decode()
        assert "<script>alert" not in text
        assert '" onmouseover="alert' not in text


def test_consent_opens_marketing_from_the_page_too(world: World, local: SmsGateway) -> None:
    row = approved(world, local, purpose="marketing", words="示例节日快乐，{name}。拒收请回复TD", code="festival")
    boss = world.signed_in("boss")
    there = f"{PAGE}/templates/{row.pk}/test"
    typed: dict[str, Any] = {"number": "13800000101", "name": "李"}
    assert "没有同意" in boss.post(there, typed, follow=True).content.decode()
    case = world.ticket()
    assert case.customer is not None
    give_consent(case.customer, "marketing", version="v1", channel="phone", by="staff:1", now=world.now)
    assert "已排队发送" in boss.post(there, typed, follow=True).content.decode()


def test_whoever_may_approve_a_template_is_told_that_it_waits_and_finds_it(
    world: World, boss: Client, local: SmsGateway
) -> None:
    boss.post(f"{PAGE}/templates/new", {**WORDS, "gateway": local.pk})
    row = SmsTemplate.objects.get()
    assert Notice.objects.count() == 0
    boss.post(f"{PAGE}/templates/{row.pk}/decide", {"what": "submit"})
    notice = Notice.objects.get()
    leads = {f"staff:{world.staff[who].pk}" for who in world.staff if "board" in world.viewer(who).screens}
    assert (set(notice.to), notice.words["zh"]) == (leads, "短信模板“示例受理通知”等您批准。")
    assert f"staff:{world.staff['boss'].pk}" not in notice.to
    lead = world.signed_in("supervisor")
    page = lead.get("/notices").content.decode()
    assert f"{PAGE}/templates/{row.pk}" in page
    assert f'href="{PAGE}/templates"' in page
    assert f'href="{PAGE}/templates"' not in world.signed_in("agent").get("/notices").content.decode()
    lead.post(f"{PAGE}/templates/{row.pk}/decide", {"what": "refuse", "why": "示例"})
    boss.post(f"{PAGE}/templates/{row.pk}/decide", {"what": "submit"})
    assert Notice.objects.count() == 2


def test_a_switched_off_gateway_offers_no_templates(world: World, local: SmsGateway) -> None:
    approved(world, local)
    talk = conversation(world, local)
    agent = world.signed_in("agent")
    assert "示例受理通知" in agent.get(f"{PAGE}/picker/{talk.number}").content.decode()
    SmsGateway.objects.update(is_active=False)
    assert "示例受理通知" not in agent.get(f"{PAGE}/picker/{talk.number}").content.decode()
