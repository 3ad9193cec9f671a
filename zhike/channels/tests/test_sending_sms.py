"""A short message on its way: gate, claim, provider, receipt; never twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from zhike.channels.refusals import Refused
from zhike.channels.sms.accounts import GatewayWish, save_gateway, switch_gateway
from zhike.channels.sms.gateways import Outcome, Receipt, Uplink
from zhike.channels.sms.incoming import end_unsubscription, take_receipts, take_replies
from zhike.channels.sms.models import DoNotContact, IncomingSms, OutgoingMessage, SmsTemplate
from zhike.channels.sms.sending import (
    LOST_AFTER,
    Order,
    ask_again,
    deliver,
    find_lost,
    note_outcome,
    queue,
    send_again,
    send_sms,
)
from zhike.channels.sms.templates import TemplateWish, approve_template, retire_template, save_template, submit_template
from zhike.channels.sms.words import asks_for_no_more, filled, segments_of, variables_of
from zhike.channels.tests.short import (
    DAILY,
    NOW,
    NUMBER,
    QUIET,
    customer,
    gateway,
    ground,
    jobs,
    marketing,
    template,
    work,
)
from zhike.channels.tests.stand_in import HANGS, StandIn, stand_in
from zhike.conversations.failures import in_words
from zhike.conversations.models import Conversation
from zhike.conversations.tests.ground import at
from zhike.customers.consents import give_consent, may_contact
from zhike.journal.models import ClauseUse, Fact
from zhike.notices.models import Notice
from zhike.org.actions import add_staff
from zhike.org.keys import rotate_keys

pytestmark = pytest.mark.django_db
TAKEN = {"Code": "OK", "Message": "OK", "BizId": "b-1"}


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in(lambda asked: TAKEN) as made, override_settings(WEBHOOK_HOSTS=frozenset({"127.0.0.1"})):
        yield made


def test_words_their_variables_and_what_they_are_billed_as() -> None:
    assert variables_of("您好{name}，{number}已受理，{name}") == ["name", "number"]
    assert filled("{a}和{b}", {"a": "{b}", "b": "x"}) == "{b}和x"
    assert [segments_of("字" * n) for n in (0, 70, 71, 134, 135)] == [1, 1, 2, 2, 3]
    assert segments_of("😀" * 36) == 2
    assert [asks_for_no_more(text) for text in ("TD", " ｔｄ。", "退订", "t", "我想退订单", "T恤有货吗", "")] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip


def test_a_message_goes_out_once_and_its_receipt_settles_it(provider: StandIn) -> None:
    ground()
    service = template(gateway("aliyun", provider.address))
    order = Order(NUMBER, template=service, values={"name": "李", "number": "A-1"}, key="case:1")
    first = queue(order, NOW)
    assert queue(order, NOW).pk == first.pk
    assert (first.state, first.words, first.segments) == ("waiting", "【示例商城】您好李，工单A-1已受理。", 1)
    assert work() == 1
    assert work() == 0
    assert len(provider.asked) == 1
    first.refresh_from_db()
    assert (first.state, first.provider_id, first.price) == ("sent", "b-1", 45)
    receipt = Receipt("b-1", "", NUMBER, True, "DELIVERED", "", segments=2)
    assert take_receipts(service.gateway, [receipt, receipt], NOW) == 1
    first.refresh_from_db()
    assert (first.state, first.segments, first.price) == ("delivered", 2, 90)


def test_a_receipt_for_another_number_or_gateway_changes_nothing(provider: StandIn) -> None:
    ground()
    service = template(gateway("aliyun", provider.address))
    row = queue(Order(NUMBER, template=service, values={"name": "李", "number": "A-1"}), NOW)
    work()
    other = gateway("local")
    forged = Receipt("b-1", f"zk{row.pk}", "+8613900000000", False, "x", "x")
    assert take_receipts(service.gateway, [forged], NOW) == 0
    assert take_receipts(other, [Receipt("b-1", f"zk{row.pk}", NUMBER, False, "x", "x")], NOW) == 0
    assert take_receipts(service.gateway, [Receipt("", "zk" + "9" * 30, NUMBER, False, "x", "x")], NOW) == 0
    row.refresh_from_db()
    assert row.state == "sent"


def test_a_receipt_before_the_answer_to_the_sending_counts_once_the_answer_tells_which_one_it_is_about(
    provider: StandIn,
) -> None:
    ground()
    service = template(gateway("tencent", provider.address))
    orders = [Order(NUMBER, template=service, values={"name": "李", "number": n}, key=n) for n in ("1", "2")]
    first, second = (queue(order, NOW) for order in orders)
    OutgoingMessage.objects.update(state="sending", claimed_at=NOW)
    early = [
        Receipt("s-1", "", NUMBER, True, "DELIVRD", "用户短信送达成功"),
        Receipt("s-9", "", NUMBER, False, "x", "x"),
    ]
    assert take_receipts(service.gateway, early, NOW) == 0
    for row, name in ((first, "s-1"), (second, "s-2")):
        note_outcome(row.pk, Outcome("taken", name, "Ok"), NOW)
        row.refresh_from_db()
    assert [(row.state, row.provider_id, row.price) for row in (first, second)] == [
        ("delivered", "s-1", 45),
        ("sent", "s-2", 45),
    ]
    assert take_receipts(service.gateway, [Receipt("s-2", "", NUMBER, True, "DELIVRD", "")], NOW) == 1


def test_a_receipt_by_our_own_reference_may_come_before_the_answer_and_the_answer_changes_nothing(
    provider: StandIn,
) -> None:
    ground()
    row = queue(
        Order(NUMBER, template=template(gateway("aliyun", provider.address)), values={"name": "李", "number": "1"}), NOW
    )
    OutgoingMessage.objects.update(state="sending", claimed_at=NOW)
    assert row.gateway is not None
    assert take_receipts(row.gateway, [Receipt("b-1", f"zk{row.pk}", NUMBER, True, "DELIVERED", "")], NOW) == 1
    note_outcome(row.pk, Outcome("taken", "b-1", "OK"), NOW)
    row.refresh_from_db()
    assert (row.state, row.provider_id) == ("delivered", "b-1")


def test_a_receipt_of_the_next_day_still_counts_and_settles_what_was_unknown(provider: StandIn) -> None:
    ground()
    row = queue(
        Order(NUMBER, template=template(gateway("aliyun", provider.address)), values={"name": "李", "number": "1"}), NOW
    )
    OutgoingMessage.objects.update(state="unknown", claimed_at=NOW)
    tomorrow = NOW + dt.timedelta(days=1)
    assert row.gateway is not None
    late = Receipt("b-1", f"zk{row.pk}", NUMBER, False, "MK:0001", "空号")
    assert take_receipts(row.gateway, [late], tomorrow) == 1
    row.refresh_from_db()
    assert (row.state, in_words(row), row.settled_at) == ("failed", "服务商说：空号", tomorrow)


def test_a_provider_that_does_not_answer_is_asked_and_nothing_is_sent_twice(
    provider: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhike.channels.sms.accounts.house_line", lambda: _impatient())
    ground()
    provider.answers = lambda asked: HANGS
    row = queue(
        Order(NUMBER, template=template(gateway("aliyun", provider.address)), values={"name": "李", "number": "1"}), NOW
    )
    work()
    row.refresh_from_db()
    assert (row.state, row.code) == ("unknown", "timeout")
    assert "不会自动重发" in in_words(row)
    assert work() == 0
    provider.answers = lambda asked: {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": []}}
    ask_again(row.pk, 0, NOW)
    row.refresh_from_db()
    assert row.state == "unknown"
    assert [job.args["turn"] for job in jobs("channels.sms_ask")] == [0, 1]
    found = [{"OutId": f"zk{row.pk}", "SendStatus": 3, "ErrCode": "DELIVERED"}]
    provider.answers = lambda asked: {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": found}}
    ask_again(row.pk, 1, NOW)
    row.refresh_from_db()
    assert row.state == "delivered"
    assert [asked.headers["x-acs-action"] for asked in provider.asked].count("SendSms") == 1


def _impatient() -> Any:
    from zhike.channels.http import Line

    return Line(frozenset({"127.0.0.1"}), 2.0, 0.3)


def test_a_provider_that_has_enough_is_tried_later_and_at_last_given_up(provider: StandIn) -> None:
    ground()
    provider.answers = lambda asked: {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发流控"}
    row = queue(
        Order(NUMBER, template=template(gateway("aliyun", provider.address)), values={"name": "李", "number": "1"}), NOW
    )
    moment, waits = NOW, []
    for _ in range(5):
        deliver(row.pk, moment)
        row.refresh_from_db()
        if row.state == "waiting":
            assert deliver(row.pk, moment) is None
            assert row.not_before is not None
            waits.append((row.not_before - moment).total_seconds())
            moment = row.not_before
    assert waits == [30, 120, 480, 1920]
    assert (row.state, in_words(row), len(provider.asked)) == ("failed", "服务商说：触发流控", 5)


def test_one_whose_worker_died_is_unknown_and_a_person_may_send_it_again(provider: StandIn) -> None:
    ground()
    row = queue(
        Order(NUMBER, template=template(gateway("aliyun", provider.address)), values={"name": "李", "number": "1"}), NOW
    )
    OutgoingMessage.objects.filter(pk=row.pk).update(state="sending", claimed_at=NOW)
    assert find_lost(NOW + LOST_AFTER) == 0
    assert find_lost(NOW + LOST_AFTER + dt.timedelta(seconds=1)) == 1
    row.refresh_from_db()
    assert row.state == "unknown"
    again = send_again(row, by="staff:1", now=NOW)
    assert send_again(row, by="staff:2", now=NOW).pk == again.pk
    assert (again.words, again.state) == (row.words, "waiting")
    with pytest.raises(Refused, match="只有发送失败"):
        send_again(again, by="staff:1", now=NOW)


def test_marketing_needs_a_consent_and_service_does_not() -> None:
    ground()
    local = gateway()
    refused = queue(Order(NUMBER, purpose="marketing", template=marketing(local), values={"name": "李"}), NOW)
    assert (refused.state, in_words(refused)) == (
        "refused",
        "对方没有同意接收营销信息，或已退订。请先取得同意，记在客户页上，再发。",
    )
    assert Fact.objects.filter(type="sms.refused", subject_id=refused.pk).count() == 1
    customer(consents=True)
    template_ = SmsTemplate.objects.get(purpose="marketing")
    assert queue(Order(NUMBER, purpose="marketing", template=template_, values={"name": "李"}), NOW).state == "waiting"
    assert queue(Order(NUMBER, template=template(local), values={"name": "李", "number": "1"}), NOW).state == "waiting"


@pytest.mark.parametrize("words", ["TD", "T", "退订", " td 。"])
def test_a_reply_stops_the_next_marketing_message_at_once(words: str) -> None:
    ground()
    local = gateway()
    person = customer(consents=True)
    waiting = queue(Order(NUMBER, purpose="marketing", template=marketing(local), values={"name": "李"}), NOW)
    assert take_replies(local, [Uplink("u1", NUMBER, words), Uplink("u1", NUMBER, words)], NOW) == 1
    assert not may_contact(person, "marketing", NOW)
    work()
    waiting.refresh_from_db()
    assert waiting.state == "refused"
    assert Conversation.objects.count() == 0
    assert IncomingSms.objects.get().became == "unsubscribed"
    assert Fact.objects.filter(type__in=["sms.unsubscribed", "customer.consent_withdrawn"]).count() >= 1


def test_whoever_is_in_no_archive_is_remembered_and_only_a_later_consent_counts() -> None:
    ground()
    local = gateway()
    take_replies(local, [Uplink("u1", NUMBER, "TD")], NOW)
    person = customer(consents=True)
    news = marketing(local)
    assert queue(Order(NUMBER, purpose="marketing", template=news, values={"name": "李"}), NOW).state == "refused"
    give_consent(person, "marketing", version="v2", channel="store", by="staff:1", now=NOW + dt.timedelta(hours=1))
    later = NOW + dt.timedelta(hours=2)
    assert queue(Order(NUMBER, purpose="marketing", template=news, values={"name": "李"}), later).state == "waiting"


def test_a_number_that_wants_nothing_gets_nothing_but_a_code_it_asked_for() -> None:
    ground()
    local = gateway()
    DoNotContact.objects.create(number=NUMBER, scope="all", at=NOW, by="staff:1")
    assert queue(Order(NUMBER, template=template(local), values={"name": "李", "number": "1"}), NOW).state == "refused"
    assert send_sms(NUMBER, "您的查询验证码是 123456", NOW).state == "waiting"
    row = DoNotContact.objects.get()
    with pytest.raises(Refused, match="理由"):
        end_unsubscription(row, " ", by="staff:1", now=NOW)
    end_unsubscription(row, "本人来电要求恢复", by="staff:1", now=NOW)
    again = SmsTemplate.objects.get(purpose="service")
    assert queue(Order(NUMBER, template=again, values={"name": "李", "number": "1"}), NOW).state == "waiting"


def test_quiet_hours_of_the_handbook_put_marketing_off_to_the_morning() -> None:
    ground(QUIET)
    customer(consents=True)
    news = marketing(gateway())
    night = at("03-03 23:40")
    row = queue(Order(NUMBER, purpose="marketing", template=news, values={"name": "李"}), night)
    assert (row.state, row.not_before, row.clause) == ("waiting", at("03-04 08:00"), "SMS-01")
    assert [(line.clause, line.outcome) for line in ClauseUse.objects.all()] == [("SMS-01", "applied")]
    assert deliver(row.pk, night) is None
    sent = deliver(row.pk, at("03-04 08:00"))
    assert sent is not None
    assert sent.state == "sent"


def test_a_limit_a_day_is_the_handbooks_and_names_its_clause() -> None:
    ground(DAILY)
    customer(consents=True)
    news = marketing(gateway())
    assert queue(Order(NUMBER, purpose="marketing", template=news, values={"name": "李"}), NOW).state == "waiting"
    second = queue(
        Order(NUMBER, purpose="marketing", template=news, values={"name": "李"}), NOW + dt.timedelta(hours=3)
    )
    assert (second.state, second.clause, in_words(second)) == ("refused", "SMS-02", "示例：每天最多一条营销短信。")
    assert Fact.objects.get(type="sms.refused").clauses == ["SMS-02"]
    line = ClauseUse.objects.get(clause="SMS-02")
    assert (line.outcome, line.subject_kind, line.subject_id, line.handbook) == ("refused", "sms", second.pk, "talk")
    work()
    assert OutgoingMessage.objects.filter(state="sent").count() == 1
    tomorrow = queue(
        Order(NUMBER, purpose="marketing", template=news, values={"name": "李"}), NOW + dt.timedelta(days=1)
    )
    assert tomorrow.state == "waiting"


CONSENT: dict[str, Any] = {
    **QUIET, "id": "SMS-03", "requires": {"facts": {"sms.consented": True}}, "otherwise": "refuse",
    "refuse": {"zh": "示例：先取得同意。", "en": "Sample: ask first."},
}  # fmt: skip


def test_a_clause_about_consent_speaks_before_the_products_own_rule_and_a_refusal_goes_before_a_delay() -> None:
    ground(QUIET, CONSENT)
    customer()
    night = at("03-03 23:40")
    row = queue(Order(NUMBER, purpose="marketing", template=marketing(gateway()), values={"name": "李"}), night)
    assert (row.state, row.clause, in_words(row), row.not_before) == ("refused", "SMS-03", "示例：先取得同意。", None)


def test_who_sent_it_hears_when_the_gate_refuses_it_at_the_last_moment() -> None:
    ground({**DAILY, "when": {}, "requires": {"facts": {"hour": {"lt": 18}}}})
    local = gateway()
    sender = add_staff(username="sample", name="示例客服", by="system", now=NOW)
    order = Order(NUMBER, template=template(local), values={"name": "李", "number": "1"}, by=f"staff:{sender.pk}")
    row = queue(order, NOW)
    assert row.state == "waiting"
    assert deliver(row.pk, at("03-03 19:00")) is None
    notice = Notice.objects.get()
    assert (notice.to, notice.clause, notice.subject_kind) == ([f"staff:{sender.pk}"], "SMS-02", "sms")
    assert notice.words["zh"] == "发给 138****0101 的短信没有发出：示例：每天最多一条营销短信。"
    assert ClauseUse.objects.get().outcome == "refused"


def test_only_an_approved_template_of_the_right_purpose_is_sent() -> None:
    ground()
    local = gateway()
    service = template(local)
    assert (
        queue(Order(NUMBER, purpose="marketing", template=service, values={"name": "a", "number": "b"}), NOW).state
        == "refused"
    )
    row = queue(Order(NUMBER, template=service, values={"name": "a", "number": "b"}), NOW)
    retire_template(service, by="staff:3", now=NOW)
    work()
    row.refresh_from_db()
    assert (row.state, in_words(row)) == ("refused", "模板已不再批准使用。")
    with pytest.raises(Refused, match="请填写“number”"):
        queue(Order(NUMBER, template=template(local, code="other"), values={"name": "a", "number": " "}), NOW)


def test_who_writes_a_template_does_not_approve_it_and_changing_it_asks_anew() -> None:
    ground()
    remote = gateway("aliyun")
    wish = TemplateWish("sample", "示例", remote, "service", "您好{name}", "示例商城")
    row = save_template(None, wish, by="staff:1", now=NOW)
    submit_template(row, by="staff:1", now=NOW)
    with pytest.raises(Refused, match="不能自己批准"):
        approve_template(row, by="staff:1", now=NOW)
    with pytest.raises(Refused, match="模板编号"):
        approve_template(row, by="staff:2", now=NOW)
    again = save_template(row, TemplateWish(*(*_fields(wish)[:6], "SMS_1")), by="staff:1", now=NOW)
    submit_template(again, by="staff:1", now=NOW)
    stale = SmsTemplate.objects.get(pk=again.pk)
    approve_template(again, by="staff:2", now=NOW)
    assert again.state == "approved"
    save_template(again, TemplateWish(*(*_fields(wish)[:6], "SMS_2")), by="staff:2", now=NOW)
    assert again.state == "draft"
    with pytest.raises(Refused, match="刷新"):
        approve_template(stale, by="staff:3", now=NOW)
    with pytest.raises(Refused, match="怎样退订"):
        save_template(
            None, TemplateWish("news", "示例", remote, "marketing", "节日快乐", "示例商城"), by="staff:1", now=NOW
        )


def _fields(wish: TemplateWish) -> tuple[Any, ...]:
    return (wish.code, wish.title, wish.gateway, wish.purpose, wish.words, wish.signature, wish.provider_code)


def test_a_gateway_that_was_switched_off_sends_nothing() -> None:
    ground()
    local = gateway()
    row = queue(Order(NUMBER, template=template(local), values={"name": "a", "number": "b"}), NOW)
    switch_gateway(local, active=False, by="staff:1", now=NOW)
    work()
    row.refresh_from_db()
    assert (row.state, in_words(row)) == ("refused", "网关已停用。")
    assert send_sms(NUMBER, "您的查询验证码是 123456", NOW).state == "held"


def test_the_secret_is_sealed_kept_when_none_is_typed_and_sealed_again(provider: StandIn) -> None:
    ground()
    row = gateway("aliyun", provider.address)
    assert b"sample-secret" not in bytes(row.sealed)
    before = row.key_id
    save_gateway(
        row, GatewayWish("改名", "aliyun", "talk", access_id="AK2", endpoint=provider.address), by="staff:1", now=NOW
    )
    rotate_keys(now=NOW)
    row.refresh_from_db()
    assert row.key_id != before
    queued = queue(Order(NUMBER, template=template(row), values={"name": "a", "number": "b"}), NOW)
    work()
    queued.refresh_from_db()
    assert queued.state == "sent"
    assert "Credential=AK2," in provider.asked[0].headers["authorization"]


def test_what_a_gateway_needs_is_asked_all_at_once() -> None:
    ground()
    with pytest.raises(Refused) as refused:
        save_gateway(
            None, GatewayWish("", "tencent", "none", endpoint="http://10.0.0.1", price="-1"), by="staff:1", now=NOW
        )
    assert set(refused.value.problems) == {"name", "handbook", "access_id", "secret", "app_id", "price"}
    with pytest.raises(Refused, match="http"):
        save_gateway(None, GatewayWish("示例", "local", "talk", endpoint="ftp://x"), by="staff:1", now=NOW)
