"""Short messages in conversations: a reply opens one, an answer goes out, its fate comes back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import override_settings

from zhike.channels.sms.accounts import choose_reply_template
from zhike.channels.sms.gateways import Receipt, Uplink
from zhike.channels.sms.incoming import take_receipts, take_replies
from zhike.channels.sms.models import DoNotContact, OutgoingMessage
from zhike.channels.tests.short import NOW, NUMBER, QUIET, customer, gateway, ground, template, work
from zhike.channels.tests.stand_in import stand_in
from zhike.conversations.actions import edit_message, recall_message, say
from zhike.conversations.failures import in_words
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Message
from zhike.conversations.outgoing import mark_delivery
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.retrying import send_again
from zhike.conversations.tests.ground import at, person

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def test_a_reply_opens_a_conversation_of_whoever_has_the_number_once() -> None:
    ground()
    known = customer()
    local = gateway()
    replies = [Uplink("u1", NUMBER, "请问几时到货"), Uplink("u1", NUMBER, "请问几时到货"), Uplink("u2", NUMBER, "急")]
    assert take_replies(local, replies, NOW) == 2
    assert take_replies(local, replies, NOW) == 0
    conversation = Conversation.objects.get()
    assert (conversation.medium, conversation.customer, conversation.queue) == ("sms", known, "desk")
    assert list(conversation.messages.order_by("seq").values_list("seq", "words")) == [(1, "请问几时到货"), (2, "急")]


def test_an_answer_goes_out_and_its_receipt_shows_in_the_conversation() -> None:
    ground()
    local = gateway()
    take_replies(local, [Uplink("u1", NUMBER, "请问几时到货")], NOW)
    viewer = person("li")
    conversation = accept(Conversation.objects.get(), viewer, now=NOW)
    said = say(conversation, viewer, words="今天下午", key="a1", now=NOW)
    say(conversation, viewer, words="内部备注", key="a2", now=NOW, internal=True)
    assert said.state == Message.State.SENDING
    work()
    said.refresh_from_db()
    assert said.state == Message.State.SENT
    row = OutgoingMessage.objects.get()
    assert (row.to, row.words, row.by, row.message) == (NUMBER, "今天下午", viewer.principal, said.pk)
    take_receipts(local, [Receipt("", f"zk{row.pk}", NUMBER, False, "MK:0001", "空号")], NOW)
    said.refresh_from_db()
    assert (said.state, in_words(said)) == ("failed", "服务商说：空号")


def test_a_gateway_that_sends_templates_carries_free_words_in_its_reply_template() -> None:
    ground()
    with (
        stand_in(lambda asked: {"Code": "OK", "BizId": "b-1"}) as provider,
        override_settings(WEBHOOK_HOSTS={"127.0.0.1"}),
    ):
        remote = gateway("aliyun", provider.address)
        take_replies(remote, [Uplink("u1", NUMBER, "请问几时到货")], NOW)
        viewer = person("li")
        conversation = accept(Conversation.objects.get(), viewer, now=NOW)
        with pytest.raises(ConversationRefused, match="请选择模板"):
            say(conversation, viewer, words="今天下午", key="a1", now=NOW)
        choose_reply_template(remote, template(remote, words="客服回复：{words}", code="reply"), by="staff:1", now=NOW)
        say(conversation, viewer, words="今天下午", key="a1", now=NOW)
        chosen = template(remote)
        with pytest.raises(ConversationRefused, match="number"):
            say(
                conversation,
                viewer,
                words="x",
                key="a2",
                now=NOW,
                extra={"template": chosen.code, "values": {"name": "李"}},
            )
        extra = {"template": chosen.code, "values": {"name": "李", "number": "A-1"}}
        say(conversation, viewer, words="您好李，工单A-1已受理。", key="a2", now=NOW, extra=extra)
        work()
        assert [asked.query["TemplateParam"] for asked in provider.asked] == [
            '{"words": "今天下午"}', '{"name": "李", "number": "A-1"}',
        ]  # fmt: skip
    assert OutgoingMessage.objects.filter(state="sent").count() == 2


def test_a_person_sends_one_again_that_failed_and_the_first_receipt_does_not_speak_for_the_second() -> None:
    ground()
    local = gateway()
    take_replies(local, [Uplink("u1", NUMBER, "请问几时到货")], NOW)
    viewer = person("li")
    conversation = accept(Conversation.objects.get(), viewer, now=NOW)
    said = say(conversation, viewer, words="今天下午", key="a1", now=NOW)
    work()
    first = OutgoingMessage.objects.get()
    mark_delivery(said.pk, "unknown", now=NOW)
    OutgoingMessage.objects.update(state="unknown")
    send_again(said, viewer, now=NOW)
    work()
    second = OutgoingMessage.objects.latest("pk")
    said.refresh_from_db()
    assert (second.state, said.state, OutgoingMessage.objects.count()) == ("sent", "sent", 2)
    take_receipts(local, [Receipt("", f"zk{first.pk}", NUMBER, False, "MK:0001", "停机")], NOW)
    said.refresh_from_db()
    assert said.state == "sent"
    take_receipts(local, [Receipt("", f"zk{second.pk}", NUMBER, True, "DELIVERED", "")], NOW)
    said.refresh_from_db()
    assert said.state == "delivered"


def test_what_went_out_is_neither_corrected_nor_recalled() -> None:
    ground()
    take_replies(gateway(), [Uplink("u1", NUMBER, "请问几时到货")], NOW)
    viewer = person("li")
    said = say(accept(Conversation.objects.get(), viewer, now=NOW), viewer, words="今天下午", key="a1", now=NOW)
    for change in (
        lambda: edit_message(said, viewer, "明天", now=NOW, within=HOUR),
        lambda: recall_message(said, viewer, now=NOW, within=HOUR),
    ):
        with pytest.raises(ConversationRefused, match="不能修改或撤回"):
            change()


def test_what_the_gate_forbids_is_refused_before_it_is_written() -> None:
    clause = {**QUIET, "when": {"sms.purpose": "service"}, "otherwise": "refuse"}
    ground(clause)
    local = gateway()
    take_replies(local, [Uplink("u1", NUMBER, "请问几时到货")], NOW)
    viewer = person("li")
    conversation = accept(Conversation.objects.get(), viewer, now=NOW)
    with pytest.raises(ConversationRefused) as refused:
        say(conversation, viewer, words="您好", key="a1", now=at("03-03 23:00"))
    assert refused.value.clause == "SMS-01"
    with pytest.raises(ConversationRefused, match="不能带附件"):
        say(conversation, viewer, words="您好", key="a1", now=NOW, files=["x" * 43])
    DoNotContact.objects.create(number=NUMBER, scope="all", at=NOW, by="staff:1")
    with pytest.raises(ConversationRefused, match="不愿再收到"):
        say(conversation, viewer, words="您好", key="a1", now=NOW)
    assert Message.objects.filter(side="staff").count() == 0
