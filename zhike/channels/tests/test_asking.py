"""After the end a customer is asked how it was in the medium he came by: once, reminded once where a clause says so."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from zhike.channels import asking
from zhike.channels.email.models import Outgoing
from zhike.channels.email.tests.ground import answered, mail, mailbox_of, opened_by
from zhike.channels.sms.accounts import switch_gateway
from zhike.channels.sms.gateways import Uplink
from zhike.channels.sms.incoming import take_replies
from zhike.channels.sms.models import OutgoingMessage
from zhike.channels.tests.platform import Platform, account, talking
from zhike.channels.tests.short import NOW, NUMBER, gateway, ground, work
from zhike.channels.tests.stand_in import StandIn
from zhike.channels.wechat.sending import deliver
from zhike.clocks.actions import fire_due
from zhike.conversations.actions import close, say
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Inbox, Message, Survey
from zhike.conversations.tests.ground import DESK, at, installed, person
from zhike.conversations.visiting import answer_survey
from zhike.handbook.common import Text

pytestmark = pytest.mark.django_db
REMIND: dict[str, Any] = {
    "kind": "deadline", "id": "TALK-30", "title": "示例提醒评价", "cites": "1", "quote": "示例", "starts": "conversation.survey_asked",
    "until": "conversation.rated", "holder": "system", "within": "1d", "survives_close": True, "warn": [],
    "breach": [{"remind": "survey"}],
}  # fmt: skip
QUESTION = Text(zh="您对这次服务满意吗？", en="How was it?")
MAILS = [{**DESK, "media": ["email"]}]
DAY = dt.timedelta(days=1, microseconds=1)


def switched_on(inbox: Inbox) -> None:
    asking.set_question(
        inbox.pk, asked=True, question=QUESTION, address="https://desk.example", by="staff:1", now=at("03-01 09:00")
    )


def mailed(*clauses: dict[str, Any], on: bool = True, language: str = "") -> Conversation:
    """A mail that was answered, and ended at half past nine."""
    installed(*clauses, queues=MAILS)
    box = mailbox_of()
    if on:
        switched_on(box.inbox)
    talk = opened_by(box, mail())
    if language:
        talk.address.language = language  # type: ignore[union-attr]
        talk.address.save(update_fields=["language"])  # type: ignore[union-attr]
    anna = person("anna")
    answered(talk, anna)
    return close(talk, by=anna.principal, now=at("03-03 09:30"))


def asked_in(talk: Conversation) -> list[str]:
    return list(talk.messages.filter(side="system").order_by("seq").values_list("words", flat=True))


def link() -> str:
    return f"https://desk.example/chat/survey/{Survey.objects.get().token}"


def test_who_wrote_a_mail_gets_a_mail_with_the_link_once() -> None:
    talk = mailed()
    assert asked_in(talk) == [f"您对这次服务满意吗？请点开评价：{link()}"]
    assert Outgoing.objects.filter(message__side="system", message__conversation=talk).count() == 1
    talk.refresh_from_db()
    assert talk.state == Conversation.State.CLOSED
    assert asking.ask(Conversation.objects.select_related("inbox").get(), at("03-03 09:31")) is None
    assert len(asked_in(talk)) == 1


def test_who_writes_english_is_asked_in_english() -> None:
    assert asked_in(mailed(language="en")) == [f"How was it? Please rate it here: {link()}"]


def test_nothing_is_asked_where_nobody_switched_it_on_or_nobody_answered() -> None:
    assert asked_in(mailed(on=False)) == []
    box = mailbox_of("other@zhike.example")
    switched_on(box.inbox)
    silent = opened_by(box, mail(to="other@zhike.example", identifier="q9@example.com"))
    close(silent, by="system", now=at("03-03 09:40"))
    assert asked_in(silent) == []
    assert Survey.objects.count() == 0


def test_a_clause_reminds_once_in_the_same_medium_and_not_whoever_has_rated() -> None:
    talk = mailed(REMIND)
    fire_due(at("03-03 09:30") + DAY)
    assert asked_in(talk) == [f"您对这次服务满意吗？请点开评价：{link()}"] * 2
    fire_due(at("03-03 09:30") + 3 * DAY)
    assert len(asked_in(talk)) == 2


def test_who_has_rated_is_not_reminded() -> None:
    talk = mailed(REMIND)
    answer_survey(Survey.objects.get(), 5, "", now=at("03-03 10:00"))
    fire_due(at("03-03 09:30") + DAY)
    assert len(asked_in(talk)) == 1


def texted() -> Conversation:
    ground()
    local = gateway()
    switched_on(local.inbox)
    take_replies(local, [Uplink("u1", NUMBER, "请问几时到货")], NOW)
    li = person("li")
    talk = accept(Conversation.objects.get(), li, now=NOW)
    say(talk, li, words="今天下午", key="a1", now=NOW)
    return talk


def test_who_wrote_a_short_message_gets_a_short_message() -> None:
    talk = texted()
    close(talk, by="system", now=NOW)
    work()
    sent = OutgoingMessage.objects.order_by("-pk")[0]
    assert (sent.to, sent.words) == (NUMBER, f"您对这次服务满意吗？请点开评价：{link()}")
    assert talk.messages.get(side="system").state == Message.State.SENT


def test_what_the_medium_does_not_carry_is_not_asked() -> None:
    talk = texted()
    switch_gateway(talk.inbox.sms_gateway, active=False, by="staff:1", now=NOW)
    close(Conversation.objects.get(), by="system", now=NOW)
    assert asked_in(talk) == []
    assert Survey.objects.count() == 0


def test_who_wrote_in_wechat_is_asked_there_and_not_after_its_48_hours(platform: tuple[Platform, StandIn]) -> None:
    _, there = platform
    row = account(there)
    switched_on(row.inbox)
    talk, viewer = talking(row)
    say(talk, viewer, words="九点开门", key="a1", now=NOW)
    close(talk, by=viewer.principal, now=NOW)
    message = talk.messages.get(side="system")
    deliver(message.pk, NOW)
    sent = [each.json()["text"]["content"] for each in there.asked if each.path == "/cgi-bin/message/custom/send"]
    assert sent == [f"您对这次服务满意吗？请点开评价：{link()}"]


def test_after_the_48_hours_of_wechat_nothing_is_asked(platform: tuple[Platform, StandIn]) -> None:
    row = account(platform[1])
    switched_on(row.inbox)
    talk, viewer = talking(row)
    say(talk, viewer, words="九点开门", key="a1", now=NOW)
    close(talk, by=viewer.principal, now=NOW + dt.timedelta(hours=49))
    assert asked_in(talk) == []
